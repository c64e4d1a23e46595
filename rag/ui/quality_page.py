"""Parts of the quality page: run of all checks, measures, chart, list of checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from rag.core.types import Check, CheckResult, CheckRun, Collection, Right
from rag.evaluation import CHECK_MEASURES, change, shares
from rag.models.catalogue.transfers import Progress
from rag.operations.background_tasks import Task
from rag.ui import actions
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, draw_question, label
from rag.ui.texts import Texts, moment

REFRESH_SECONDS: Final = 0.5
_ORDER: Final = ("worse", "better", "new", "same")
_SIGNS: Final = {"better": "▲", "worse": "▼", "same": "·", "new": "＋"}


def draw_start(page: Frame, collection: Collection, checks: Sequence[Check]) -> None:
    """The button that runs all checks, or its progress."""
    name = f"checks-{collection.id}"
    task = page.services.tasks.get(name)
    if task and not task.done:
        _watch(page, name)
        return
    if task and task.error:
        st.error(label(page.texts.failure(task.error)))
    if page.right(collection) == "reader":
        return
    if st.button(page.texts("quality.run", count=len(checks)), icon=":material/play_arrow:", type="primary"):
        page.services.tasks.start(name, lambda task: _run(page, collection, checks, task))
        st.rerun()


def _run(page: Frame, collection: Collection, checks: Sequence[Check], task: Task) -> None:
    def on_progress(done: int, total: int) -> None:
        task.look()
        task.tell(Progress(done, total))

    actions.run_checks(page, collection, checks, on_progress)


@st.fragment(run_every=REFRESH_SECONDS)
def _watch(page: Frame, name: str) -> None:
    task = page.services.tasks.get(name)
    if task is None or task.done:
        st.rerun()
        return
    done, total = (task.progress.done, task.progress.total) if task.progress else (0, 1)
    st.progress(done / total, page.texts("quality.running", done=done, total=total))
    if st.button(page.texts("quality.stop"), type="tertiary"):
        task.stop()


def choose_runs(texts: Texts, runs: Sequence[CheckRun]) -> tuple[CheckRun | None, CheckRun | None]:
    """Which two runs are compared: the last one and the one before it, until others are chosen."""
    count = len(runs)
    if count < 3:
        return (runs[-1] if runs else None), (runs[0] if count == 2 else None)

    def named(place: int) -> str:
        return texts("quality.numbered", number=place + 1, when=moment(runs[place].created))

    key = runs[-1].id
    with st.container(horizontal=True):
        now: int = st.selectbox(
            texts("quality.compare"), range(count - 1, 0, -1), format_func=named, key=f"compare-{key}"
        )
        before: int = st.selectbox(
            texts("quality.compare_with"), range(now - 1, -1, -1), format_func=named, key=f"compare-{now}-with-{key}"
        )
    return runs[now], runs[before]


def draw_measures(texts: Texts, now: CheckRun, before: CheckRun | None) -> None:
    """The measures of a run, each with its change since the one it is compared with, and what changed between them."""
    measured = shares(now)
    then = shares(before) if before else dict.fromkeys(CHECK_MEASURES)
    for column, name in zip(st.columns(len(CHECK_MEASURES)), CHECK_MEASURES, strict=True):
        value, earlier = measured[name], then[name]
        delta = None if value is None or earlier is None else f"{100 * (value - earlier):+.0f}"
        shown = "–" if value is None else f"{100 * value:.0f} %"
        column.metric(texts(f"quality.{_key(name)}"), shown, delta if delta not in ("+0", "-0") else None)
    draw_muted(_what_changed(texts, now, before))


def _what_changed(texts: Texts, now: CheckRun, before: CheckRun | None) -> str:
    """The time of a run, how many of its questions changed since another one, and whether documents or embedder did."""
    parts = [texts("quality.ran", when=moment(now.created))]
    if before:
        counts = Counter(change(result, before) for result in now.results)
        fields = {how: counts[how] for how in ("better", "worse", "new")}
        parts.append(texts("quality.changed", **fields) if any(fields.values()) else texts("quality.unchanged"))
        if now.embedder != before.embedder:
            parts.append(texts("quality.embedder_changed", now=now.embedder, before=before.embedder))
        elif now.generation != before.generation:
            parts.append(texts("quality.documents_changed"))
    return " · ".join(parts)


def draw_picture(texts: Texts, runs: Sequence[CheckRun]) -> None:
    """The measures over the runs; a vertical rule where documents or embedder changed."""
    if len(runs) < 2:
        return
    rows = [
        {"run": i, "when": moment(run.created), "measure": texts(f"quality.{_key(name)}"), "share": value}
        for i, run in enumerate(runs, 1)
        for name, value in shares(run).items()
        if value is not None
    ]
    states = [(run.embedder, run.generation) for run in runs]
    changed = [{"run": i + 1} for i in range(1, len(runs)) if states[i] != states[i - 1]]
    st.vega_lite_chart(_chart(texts("quality.runs"), rows, changed), width="stretch")
    if changed:
        draw_muted(texts("quality.rule"))


def _chart(title: str, rows: list[dict[str, Any]], changed: list[dict[str, Any]]) -> dict[str, Any]:
    """The Vega-Lite specification of lines and rules."""
    run = {"field": "run", "type": "ordinal", "title": title, "axis": {"labelAngle": 0}}
    share = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [0, 1]},
        "axis": {"format": "%"},
    }
    colour = {
        "field": "measure",
        "type": "nominal",
        "title": None,
        "sort": None,
        "legend": {"orient": "bottom", "columns": 5, "labelLimit": 320},
    }
    shown = [{"field": "when"}, {"field": "measure"}, {"field": "share", "type": "quantitative", "format": ".0%"}]
    lines = {
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {"x": run, "y": share, "color": colour, "tooltip": shown},
    }
    rules = {
        "data": {"values": changed},
        "mark": {"type": "rule", "strokeDash": [4, 4], "opacity": 0.6},
        "encoding": {"x": run},
    }
    return {"height": 300, "layer": [lines, rules]}


def draw_checks(
    page: Frame, checks: Sequence[Check], now: CheckRun | None, before: CheckRun | None, right: Right
) -> None:
    """Each check with its right source, its result, and its change; what changed first."""
    texts = page.texts
    if not checks:
        draw_muted(texts("quality.none"))
        return
    documents = page.services.store.documents.list(page.owner, checks[0].collection)
    unpaged = {document.name for document in documents if not document.format.paged}
    last = {result.check: result for result in now.results} if now else {}

    def order(check: Check) -> int:
        result = last.get(check.id)
        return _ORDER.index(change(result, before)) if result and before else len(_ORDER)

    for check in sorted(checks, key=order):
        with st.container(border=True, gap="xxsmall"):
            draw_question(check.question)
            draw_muted(_source(check, unpaged, texts))
            if check.quote:
                draw_muted(f"“{' '.join(check.quote.split())}”")
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                result = last.get(check.id)
                draw_muted(_became(result, before, texts) if result else texts("quality.not_asked"))
                if right != "reader" and st.button(texts("quality.remove"), key=f"remove-{check.id}", type="tertiary"):
                    with show_errors(page):
                        page.services.store.checks.remove(page.owner, check.id)
                        st.rerun()


def _source(check: Check, unpaged: set[str], texts: Texts) -> str:
    if not check.document:
        return texts("quality.to_be_refused")
    if check.document in unpaged:
        return check.document
    return texts("quality.source", document=check.document, page=check.page)


def _became(result: CheckResult, before: CheckRun | None, texts: Texts) -> str:
    how = change(result, before)
    sign = f"{_SIGNS[how]} " if before else ""
    return sign + " · ".join(
        [texts("quality.right_yes" if result.right else "quality.right_no"), *_places(result, texts)]
    )


def _places(result: CheckResult, texts: Texts) -> list[str]:
    parts = [texts("quality.refused" if result.refused else "quality.answered")]
    if result.answerable:
        parts.append(texts("quality.page_at", place=result.page) if result.page else texts("quality.page_missing"))
        parts.append(texts("quality.quote_at", place=result.quote) if result.quote else texts("quality.quote_missing"))
    return parts


def _key(measure: str) -> str:
    return measure.replace("@", "_at_")
