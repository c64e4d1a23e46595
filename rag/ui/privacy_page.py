"""The privacy page's parts: what each process tried, in numbers and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import streamlit as st

from rag.network.connection_log import Seen
from rag.ui.safe_views import draw_table, label
from rag.ui.texts import Texts

PROCESSES: Final = ("app", "reader", "model")
# The latest ones: a list of hundreds is read by nobody.
MOST_SHOWN: Final = 200


def started(seen: Sequence[Seen]) -> str:
    """When the record was begun, in this machine's time."""
    return _moment(seen[0].at, "%Y-%m-%d %H:%M") if seen else "–"


def draw_processes(texts: Texts, seen: Sequence[Seen]) -> None:
    """One row for each process: since when it runs, how much it tried, how much was refused."""
    heads = [texts(f"privacy.{name}") for name in ("process", "since", "tried_count", "refused_count")]
    rows = []
    for process in PROCESSES:
        mine = [each for each in seen if each.process == process]
        begun = [each.at for each in mine if each.what == "started"]
        tried, refused = (sum(each.what == what for each in mine) for what in ("tried", "refused"))
        since = _moment(begun[-1], "%H:%M") if begun else texts("privacy.not_started")
        rows.append([texts(f"privacy.{process}"), since, str(tried), str(refused)])
    draw_table(heads, rows)


def draw_connections(texts: Texts, seen: Sequence[Seen]) -> None:
    """Each connection, the latest first; or that there was none."""
    st.subheader(texts("privacy.list"))
    listed = [each for each in reversed(seen) if each.what != "started"][:MOST_SHOWN]
    if not listed:
        st.success(label(texts("privacy.none")), icon=":material/verified_user:")
        return
    heads = [texts(f"privacy.{name}") for name in ("time", "process", "outcome", "place")]
    draw_table(
        heads,
        [
            [_moment(each.at, "%H:%M:%S"), texts(f"privacy.{each.process}"), texts(f"privacy.{each.what}"), each.place]
            for each in listed
        ],
    )


def _moment(at: str, form: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime(form)
