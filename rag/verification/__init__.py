"""Is what was written so? Each sentence held against the documents' own words."""

from rag.verification.checking import pieces, problems, verify
from rag.verification.facts import Number, numbers
from rag.verification.names import names, negated

__all__ = ["Number", "names", "negated", "numbers", "pieces", "problems", "verify"]
