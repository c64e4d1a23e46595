"""How good is it? A question set asked through the whole house, and the measures of what came back."""

from rag.evaluation.running import RATES, evaluate, library, measure
from rag.evaluation.sets import Case, QuestionSet, read_set

__all__ = ["RATES", "Case", "QuestionSet", "evaluate", "library", "measure", "read_set"]
