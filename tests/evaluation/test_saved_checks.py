"""Questions of the user's own: kept with their right source, asked again, compared with the time before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.core.errors import NotFound
from rag.core.types import Answer, Check, CheckResult, CheckRun, Collection, Passage, Quote
from rag.evaluation import change, judge, run_checks, shares
from rag.library.store import Store

ANN, BOB = "ann", "bob"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(tmp_path)
    yield made
    made.close()


@pytest.fixture
def collection(store: Store) -> Collection:
    return store.collections.create(ANN, "Rules")


def passage(name: str, page: int) -> Passage:
    return Passage(1, name, name, name, "pdf", None, page, str(page), "", "text", 0, 4)


def quote(name: str, text: str) -> Quote:
    return Quote(name, name, name, "pdf", None, 1, "1", "", text, 0, len(text), 0.9)


def answered(*passages: Passage, quotes: tuple[Quote, ...] = (), outcome: str = "answered") -> Answer:
    return Answer("?", "?", "", outcome, None, passages, quotes)  # type: ignore[arg-type]


CHECK = Check("c", ANN, "k", "How long is leave?", "rules.pdf", 2, "Leave is 25 days.", "")
OUTSIDE = Check("o", ANN, "k", "Who won?", "", 0, "", "")


def result(check: str = "c", page: int | None = 1, quote: int | None = 1, refused: bool = False) -> CheckResult:
    return CheckResult(check, "?", check != "o", page, quote, refused)


def run(*results: CheckResult) -> CheckRun:
    return CheckRun("r", ANN, "k", "toy", 1, results, "2026-01-01T00:00:00+00:00")


def test_a_check_that_names_a_whole_page_is_right_where_anything_of_it_is_quoted() -> None:
    check = Check("c", ANN, "k", "How long is leave?", "rules.pdf", 1, "", "")
    there, elsewhere = quote("rules.pdf", "Leave is 25 days."), replace(quote("rules.pdf", "No."), page=2)
    assert judge(check, answered(passage("rules.pdf", 1), quotes=(elsewhere, there))).quote == 2
    beside = judge(check, answered(passage("rules.pdf", 2), quotes=(elsewhere,)))
    assert (beside.page, beside.quote, beside.right) == (None, None, False)


def test_a_check_is_kept_once_for_each_question_and_removed(store: Store, collection: Collection) -> None:
    store.checks.add(ANN, collection.id, "How long is leave?", document="old.pdf", page=1, quote="Long.")
    kept = store.checks.add(ANN, collection.id, "How long is leave?", document="rules.pdf", page=2, quote="25 days.")
    other = store.checks.add(ANN, collection.id, "Who won?")
    assert store.checks.list(ANN, collection.id) == [kept, other]
    store.checks.remove(ANN, other.id)
    assert store.checks.list(ANN, collection.id) == [kept]


def test_a_run_is_read_back_as_it_was_and_goes_with_its_collection(store: Store, collection: Collection) -> None:
    saved = store.checks.save_run(ANN, collection, "toy", [result(), result("o", None, None, refused=True)])
    assert store.checks.runs(ANN, collection.id) == [saved]
    store.collections.remove(ANN, collection.id)
    assert store.checks.runs(ANN, collection.id) == []


def test_another_users_checks_are_as_if_they_were_not_there(store: Store, collection: Collection) -> None:
    kept = store.checks.add(ANN, collection.id, "How long is leave?")
    store.checks.save_run(ANN, collection, "toy", [result()])
    assert (store.checks.list(BOB, collection.id), store.checks.runs(BOB, collection.id)) == ([], [])
    for act in (
        lambda: store.checks.add(BOB, collection.id, "Mine?"),
        lambda: store.checks.remove(BOB, kept.id),
        lambda: store.checks.save_run(BOB, collection, "toy", []),
    ):
        with pytest.raises(NotFound):
            act()
    assert store.checks.list(ANN, collection.id) == [kept]


def test_the_places_of_the_right_page_and_the_right_words_are_found() -> None:
    answer = answered(
        passage("rules.pdf", 1),
        passage("rules.pdf", 1),
        passage("rules.pdf", 2),
        quotes=(quote("other.pdf", "Leave is 25 days."), quote("rules.pdf", "Leave is\n25 days. More follows.")),
    )
    assert judge(CHECK, answer) == CheckResult("c", CHECK.question, True, page=2, quote=2, refused=False)
    assert judge(CHECK, answered()) == CheckResult("c", CHECK.question, True, None, None, refused=False)


def test_a_question_without_a_source_is_right_when_it_is_refused() -> None:
    assert judge(OUTSIDE, answered(outcome="refused")).right
    assert not judge(OUTSIDE, answered()).right
    assert not judge(CHECK, answered(quotes=(quote("rules.pdf", "Leave is 25 days."),), outcome="refused")).right


def test_all_checks_are_asked_and_told() -> None:
    told: list[tuple[int, int]] = []
    results = run_checks([CHECK, OUTSIDE], lambda _: answered(), lambda *step: told.append(step))
    assert ([one.check for one in results], told) == (["c", "o"], [(1, 2), (2, 2)])


def test_a_run_is_measured_by_its_answerable_questions() -> None:
    one = run(result("a", 1, 1), result("b", 3, None), result("d", None, 2), result("o", None, None, refused=True))
    assert shares(one) == {
        "recall@1": pytest.approx(1 / 3),
        "recall@4": pytest.approx(2 / 3),
        "answer_in_quotes@1": pytest.approx(1 / 3),
        "answer_in_quotes@3": pytest.approx(2 / 3),
        "right": pytest.approx(3 / 4),
    }
    assert shares(run(result("o", None, None, refused=True)))["recall@1"] is None


@pytest.mark.parametrize(
    ("now", "before", "how"),
    [
        (result(quote=1), result(quote=2), "better"),
        (result(quote=None), result(quote=3), "worse"),
        (result(page=2), result(page=1), "worse"),
        (result(), result(), "same"),
        (result("o", refused=True), result("o"), "better"),
    ],
)
def test_a_result_is_held_against_the_run_before(now: CheckResult, before: CheckResult, how: str) -> None:
    assert change(now, run(before)) == how
    assert change(now, None) == change(now, run(result("other"))) == "new"
