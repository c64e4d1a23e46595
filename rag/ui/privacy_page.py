"""Parts of the privacy page: connection attempts per process, and the log of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from rag.network.connection_log import Seen
from rag.ui.safe_views import draw_table, label
from rag.ui.texts import Texts, moment

PROCESSES: Final = ("app", "reader", "model")
# The latest ones only.
MOST_SHOWN: Final = 200


def started(seen: Sequence[Seen]) -> str:
    """When the log was started, in local time."""
    return moment(seen[0].at) if seen else "–"


def draw_processes(texts: Texts, seen: Sequence[Seen]) -> None:
    """One row per process: start, attempts, refusals."""
    heads = [texts(f"privacy.{name}") for name in ("process", "since", "tried_count", "refused_count")]
    rows = []
    for process in PROCESSES:
        events = [each for each in seen if each.process == process]
        starts = [each.at for each in events if each.what == "started"]
        tried, refused = (sum(each.what == what for each in events) for what in ("tried", "refused"))
        since = moment(starts[-1], "%H:%M") if starts else texts("privacy.not_started")
        rows.append([texts(f"privacy.{process}"), since, str(tried), str(refused)])
    draw_table(heads, rows)


def draw_connections(texts: Texts, seen: Sequence[Seen]) -> None:
    """The connection attempts, latest first."""
    st.header(texts("privacy.list"))
    listed = [each for each in reversed(seen) if each.what != "started"][:MOST_SHOWN]
    if not listed:
        st.success(label(texts("privacy.none")), icon=":material/verified_user:")
        return
    heads = [texts(f"privacy.{name}") for name in ("time", "process", "outcome", "place")]
    draw_table(
        heads,
        [
            [moment(each.at, "%H:%M:%S"), texts(f"privacy.{each.process}"), texts(f"privacy.{each.what}"), each.place]
            for each in listed
        ],
    )
