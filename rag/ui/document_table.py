"""The table on the documents page: a page of it at a time from the database, and what is done with many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, get_args

import streamlit as st

from rag.core.types import EVERYTHING, Collection, Right, Selection, shown_name
from rag.library.store.listing import Listed, Sort
from rag.library.store.wanted import State, Wanted
from rag.ui.components import component
from rag.ui.document_filters import choose_selection, kind_name, said
from rag.ui.file_addresses import address
from rag.ui.page_frame import Frame
from rag.ui.safe_views import draw_muted
from rag.ui.texts import Texts, moment
from rag.ui.widget_values import ID, clean, event

ROWS: Final = 50
REFRESH_SECONDS: Final = 2.0
_MOST_TICKED: Final = 1_000
_WORDS_CHARACTERS: Final = 200
_STATES: Final[tuple[State, ...]] = get_args(State)
_SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
_ACTS: Final = ("tag", "move", "again", "ocr", "delete")
# What it is sorted by and headed with, and how it is laid out.
_COLUMNS: Final = (
    *(("name", "main"), ("folder", "folder"), ("kind", "kind")),
    *(("date", "day first"), ("added", "day"), ("size", "size")),
)
_SAID: Final = (
    *("search", "sort", "up", "down", "table", "tick", "tick_page", "tick_all", "chosen", "clear", "acts"),
    *(*_ACTS, "details", "loading", "gone", "pages", "previous", "next"),
)
_table = component("documents", "document_table", '<div class="documents"></div>')


@dataclass(frozen=True, slots=True)
class View:
    """Which page of the table is shown, and how it is sorted and filtered."""

    words: str = ""
    sort: Sort = "name"
    descending: bool = False
    start: int = 0
    states: tuple[State, ...] = ()
    selection: Selection = EVERYTHING

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.words, self.states, self.selection)


@dataclass(frozen=True, slots=True)
class Act:
    """What is to be done with which documents: those that were ticked, or all that the view finds."""

    name: str
    documents: tuple[str, ...]


def draw_table(page: Frame, collection: Collection, right: Right, *, growing: bool) -> None:
    """The table with its filter; while documents are being read it is drawn anew by itself."""
    st.fragment(_draw, run_every=REFRESH_SECONDS if growing else None)(page, collection, right)


def view_of(collection: Collection) -> View:
    """What the person looks at in this collection."""
    view: View = st.session_state.get(_key(collection), View())
    return view


def take_act() -> Act | None:
    """What was just asked for; once."""
    act: Act | None = st.session_state.pop("table-act", None)
    return act


def clear_ticks() -> None:
    """Nothing is ticked any more."""
    st.session_state["table-cleared"] = st.session_state.get("table-cleared", 0) + 1


def _key(collection: Collection) -> str:
    return f"table-{collection.id}"


def _draw(page: Frame, collection: Collection, right: Right) -> None:
    owner, listing = page.owner, page.services.store.listing
    _draw_filter(page, collection)
    view = view_of(collection)
    look = partial(
        listing.page, owner, collection.id, view.wanted, sort=view.sort, descending=view.descending, count=ROWS
    )
    rows, total = look(start=view.start)
    if not rows and total:
        # Documents were removed: the last page that there is.
        view = replace(view, start=(total - 1) // ROWS * ROWS)
        rows, total = look(start=view.start)
    key = f"documents-{collection.id}"
    sent = _table(
        key=key,
        data=_data(page.texts, collection, view, rows, total, may=right != "reader"),
        # Before the run that draws the table, so that one run is enough.
        on_view_change=partial(_keep_view, key, collection),
        on_act_change=lambda: None,
    )
    if right != "reader" and (act := acted(page, collection, sent.act, view)):
        st.session_state["table-act"] = act
        st.rerun()


def _keep_view(key: str, collection: Collection) -> None:
    st.session_state[_key(collection)] = viewed(event(key, "view"), view_of(collection))


def _draw_filter(page: Frame, collection: Collection) -> None:
    texts, view = page.texts, view_of(collection)
    narrowed = bool(view.states) + sum(map(bool, (view.selection.folders, view.selection.tags, view.selection.kinds)))
    narrowed += bool(view.selection.since or view.selection.until)
    name = texts("table.filter_some", count=narrowed) if narrowed else texts("table.filter")
    with st.popover(name, icon=":material/filter_list:", key=f"filter-{collection.id}"):
        facets = page.services.store.listing.facets(page.owner, collection.id)
        states = st.multiselect(
            texts("table.states"),
            _STATES,
            default=view.states,
            format_func=lambda state: texts(f"table.state_{state}"),
            placeholder=texts("scope.any"),
            key=f"states-{collection.id}",
        )
        selection = choose_selection(texts, facets, f"show-{collection.id}", view.selection)
    chosen = replace(view, states=tuple(states), selection=selection)
    if chosen != view:
        st.session_state[_key(collection)] = replace(chosen, start=0)
    if selection:
        draw_muted(said(selection, texts))


def _data(
    texts: Texts, collection: Collection, view: View, rows: list[Listed], total: int, *, may: bool
) -> dict[str, object]:
    filtered = bool(view.words or view.states or view.selection)
    counted = texts.count("table.found" if filtered else "table.count", total)
    columns = [(sort, texts(f"table.column_{sort}"), kind) for sort, kind in _COLUMNS]
    return {
        "files": address(""),
        "language": texts.language,
        "collection": collection.id,
        "cleared": st.session_state.get("table-cleared", 0),
        "may": may,
        "searched": view.words,
        "sort": view.sort,
        "descending": view.descending,
        "start": view.start,
        "count": ROWS,
        "total": total,
        "said": counted if total or filtered else texts("documents.empty"),
        "columns": columns,
        "rows": [_row(each, texts) for each in rows],
        "words": {name: texts(f"table.{name}") for name in _SAID},
    }


def _row(listed: Listed, texts: Texts) -> dict[str, object]:
    document = listed.document
    name = shown_name(document)
    mark = "outdated" if document.outdated else "gaps" if listed.gaps else ""
    cells = [
        (document.folder, "folder"),
        (kind_name(document.kind, texts), "kind"),
        (document.date, "day first"),
        (moment(document.added, "%Y-%m-%d"), "day"),
        (_size(document.size), "size"),
    ]
    return {
        "id": document.id,
        "name": name if document.format.titled else name.rpartition("/")[2],
        "folder": document.folder,
        "meta": " · ".join(filter(None, (kind_name(document.kind, texts), document.date))),
        "full": document.address or document.name,
        "cells": cells,
        "tags": listed.tags,
        "mark": mark,
        "state": texts(f"table.state_{mark}") if mark else "",
    }


def _size(count: int) -> str:
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB"


def viewed(sent: object, view: View) -> View:
    """The view that the table asks for; the one there is where a browser asks for no such one."""
    given: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    words, sort, start = given.get("words"), given.get("sort"), given.get("start")
    if not isinstance(words, str) or sort not in _SORTS or not isinstance(start, int):
        return view
    words = clean(words)[:_WORDS_CHARACTERS]
    at = min(max(0, start), 10**9) // ROWS * ROWS
    return replace(view, words=words, sort=sort, descending=given.get("descending") is True, start=at)


def acted(page: Frame, collection: Collection, sent: object, view: View) -> Act | None:
    """What the table asks to have done with which documents; None where a browser asks for no such thing."""
    given: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    name, ids = given.get("act"), given.get("ids")
    if name not in _ACTS or not isinstance(ids, str):
        return None
    if given.get("all") is True:
        documents = page.services.store.listing.ids(page.owner, collection.id, view.wanted)
    else:
        documents = [each for each in ids.split() if ID.fullmatch(each)][:_MOST_TICKED]
    return Act(name, tuple(documents)) if documents else None
