"""Is what was written so? Each sentence held against the documents' own words."""

from rag.answering.verification.names import names
from rag.answering.verification.negations import negated
from rag.answering.verification.verdicts import pieces, verify
from rag.core.text import Number, numbers

__all__ = ["Number", "names", "negated", "numbers", "pieces", "verify"]
