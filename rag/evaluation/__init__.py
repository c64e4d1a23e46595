"""How good is it? A question set asked through the whole house, and the measures of what came back."""

from rag.evaluation.question_sets import Case, QuestionSet, read_set
from rag.evaluation.running import RATES, evaluate, library, measure
from rag.evaluation.saved_checks import CHECK_MEASURES, Change, change, judge, run_checks, shares

__all__ = [
    "CHECK_MEASURES",
    "RATES",
    "Case",
    "Change",
    "QuestionSet",
    "change",
    "evaluate",
    "judge",
    "library",
    "measure",
    "read_set",
    "run_checks",
    "shares",
]
