"""Is what was written so? Each sentence held against the documents' own words."""

from rag.text import Number, numbers
from rag.verification.checking import pieces, verify
from rag.verification.names import names
from rag.verification.negations import negated

__all__ = ["Number", "names", "negated", "numbers", "pieces", "verify"]
