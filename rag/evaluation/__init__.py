"""Evaluation: question sets asked end to end, their measures, and a user's saved checks."""

from rag.evaluation.corpus import open_corpus
from rag.evaluation.question_sets import Case, QuestionSet, read_set
from rag.evaluation.report import RATES, measure
from rag.evaluation.running import evaluate
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
    "measure",
    "open_corpus",
    "read_set",
    "run_checks",
    "shares",
]
