"""Choosing documents by folder, tag, kind and date: to look at them, and to ask them alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import streamlit as st

from rag.core.formats import format_of
from rag.core.types import Selection
from rag.library.store.listing import Facets
from rag.ui.texts import Texts

_FIRST, _LAST = date(1900, 1, 1), date(2100, 12, 31)
_FETCHED: Final = "web"


def kind_name(kind: str, texts: Texts) -> str:
    """What a kind of file is called."""
    return texts("table.web") if kind == _FETCHED else format_of(kind).name


def choose_selection(texts: Texts, facets: Facets, key: str, chosen: Selection) -> Selection:
    """The fields for folders, tags, kinds and dates; those that have nothing to choose from are left out."""
    folders = _several(texts("scope.folders"), facets.folders, chosen.folders, f"{key}-folders", texts)
    tags = _several(texts("scope.tags"), facets.tags, chosen.tags, f"{key}-tags", texts)
    kinds: tuple[str, ...] = ()
    if len(facets.kinds) > 1 or chosen.kinds:
        kinds = tuple(
            st.multiselect(
                texts("scope.kinds"),
                sorted({*facets.kinds, *chosen.kinds}),
                default=chosen.kinds,
                format_func=lambda kind: kind_name(kind, texts),
                placeholder=texts("scope.any"),
                key=f"{key}-kinds",
            )
        )
    days = st.columns(2)
    since = _day(days[0], texts("scope.since"), chosen.since, f"{key}-since")
    until = _day(days[1], texts("scope.until"), chosen.until, f"{key}-until")
    return Selection(folders, tags, kinds, since, until)


def said(selection: Selection, texts: Texts) -> str:
    """A selection in words, for a line below a button."""
    parts: list[str] = [*selection.folders, *(f"#{tag}" for tag in selection.tags)]
    parts += [kind_name(kind, texts) for kind in selection.kinds]
    if selection.since or selection.until:
        parts.append(f"{selection.since or '…'} – {selection.until or '…'}")
    return " · ".join(parts)


def _several(name: str, offered: Iterable[str], chosen: tuple[str, ...], key: str, texts: Texts) -> tuple[str, ...]:
    # What was chosen may be gone since, and is still what limits the chat.
    options = sorted({*offered, *chosen})
    if not options:
        return ()
    return tuple(st.multiselect(name, options, default=chosen, placeholder=texts("scope.any"), key=key))


def _day(where: st.delta_generator.DeltaGenerator, name: str, chosen: str, key: str) -> str:
    value = where.date_input(
        name,
        date.fromisoformat(chosen) if chosen else None,
        min_value=_FIRST,
        max_value=_LAST,
        format="YYYY-MM-DD",
        key=key,
    )
    return value.isoformat() if isinstance(value, date) else ""
