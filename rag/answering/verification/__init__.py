"""Is what was written so? Each sentence held against the documents' own words."""

from rag.answering.verification.claims import pieces
from rag.answering.verification.verdicts import verify

__all__ = ["pieces", "verify"]
