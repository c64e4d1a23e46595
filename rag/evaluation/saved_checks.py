"""Regression checks: a user's questions with their right sources, run again and compared with the last run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Literal

from rag.core.types import Answer, Check, CheckResult, CheckRun, Passage, Quote

Change = Literal["better", "worse", "same", "new"]

# The measures of `shares`.
CHECK_MEASURES = ("recall@1", "recall@4", "answer_in_quotes@1", "answer_in_quotes@3", "right")


def run_checks(
    checks: Sequence[Check],
    ask: Callable[[str], Answer],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[CheckResult, ...]:
    """Run all checks. `on_progress` is called with (done, total) after each, and may raise to stop."""
    results: list[CheckResult] = []
    for check in checks:
        results.append(judge(check, ask(check.question)))
        on_progress(len(results), len(checks))
    return tuple(results)


def judge(check: Check, answer: Answer) -> CheckResult:
    """The ranks of the right page among the pages found, and of the right quote."""
    pages = list(dict.fromkeys((passage.name, passage.page) for passage in answer.passages))
    wanted = _plain(check.quote)
    right = next(((p.name, p.page) for p in answer.passages if _is_right(p, check, wanted)), None)
    quoted = (place for place, quote in enumerate(answer.quotes, 1) if _quotes(quote, check, wanted))
    return CheckResult(
        check.id,
        check.question,
        answerable=bool(check.document),
        page=None if right is None else pages.index(right) + 1,
        quote=next(quoted, None),
        refused=answer.outcome == "refused",
    )


def _quotes(quote: Quote, check: Check, wanted: str) -> bool:
    """Whether a quote holds a check's words, or is in them; where it names a whole page, whether it is from there."""
    if quote.name != check.document:
        return False
    return wanted in _plain(quote.text) or _plain(quote.text) in wanted if wanted else quote.page == check.page


def _is_right(passage: Passage, check: Check, wanted: str) -> bool:
    """Whether a passage is on a check's page. Parts of a document without pages may change when it is ingested again,
    so there a passage with the quote counts too."""
    on_page = passage.page == check.page or (
        bool(wanted) and passage.place.page is None and wanted in _plain(passage.text)
    )
    return bool(check.document) and passage.name == check.document and on_page


def shares(run: CheckRun) -> dict[str, float | None]:
    """CHECK_MEASURES of a run, 0 to 1; None where it has no checks for one."""
    answerable = [result for result in run.results if result.answerable]

    def share(places: Sequence[int | None], depth: int) -> float | None:
        return fmean(place is not None and place <= depth for place in places) if places else None

    pages, quotes = [result.page for result in answerable], [result.quote for result in answerable]
    return {
        "recall@1": share(pages, 1),
        "recall@4": share(pages, 4),
        "answer_in_quotes@1": share(quotes, 1),
        "answer_in_quotes@3": share(quotes, 3),
        "right": fmean(result.right for result in run.results) if run.results else None,
    }


def change(result: CheckResult, before: CheckRun | None) -> Change:
    """How a result compares with the same check's in the run before."""
    earlier = next((one for one in before.results if one.check == result.check), None) if before else None
    if earlier is None:
        return "new"
    now, then = _rank(result), _rank(earlier)
    return "same" if now == then else "better" if now > then else "worse"


def _rank(result: CheckResult) -> tuple[bool, float, float]:
    """Sort key; larger is better."""
    if not result.answerable:
        return result.right, 0.0, 0.0
    return result.right, -(result.quote or float("inf")), -(result.page or float("inf"))


def _plain(text: str) -> str:
    return " ".join(text.split())
