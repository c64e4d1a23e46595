"""The questions of one's own that were not answered, or answered badly: on the quality page, and as a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import streamlit as st

from rag.core.types import Check, Collection, Miss, Right
from rag.ui import answer_rating, file_addresses
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, draw_question
from rag.ui.texts import Texts, moment

_SHOWN: Final = 50


def draw_misses(page: Frame, collection: Collection, missed: Sequence[Miss], checks: Sequence[Check]) -> None:
    """The misses, newest first, each with what was said of it and what can be done."""
    texts = page.texts
    if not missed:
        draw_muted(texts("rating.no_misses"))
        return
    draw_muted(texts("rating.misses_help"))
    kept, right = {check.question for check in checks}, page.right(collection)
    for miss in missed[:_SHOWN]:
        with st.container(border=True, gap="xxsmall", key=f"miss-{miss.turn.id}"):
            draw_question(miss.turn.question)
            draw_muted(_said(miss, texts))
            if miss.rating.document:
                draw_muted(texts("rating.place", place=answer_rating.place_of(miss.rating, texts)))
            with st.container(horizontal=True, vertical_alignment="center"):
                _draw_ways(page, collection, miss, right, kept=miss.question in kept)
    if len(missed) > _SHOWN:
        draw_muted(texts("rating.more", count=_SHOWN))
    link = file_addresses.misses_address(collection, texts)
    st.link_button(texts("rating.export"), link, icon=":material/download:")


def _said(miss: Miss, texts: Texts) -> str:
    rating = miss.rating
    reason = texts(f"rating.reason_{rating.reason}") if rating.reason else ""
    became = [texts("rating.missed_refused")] if miss.refused else []
    became += [texts("rating.missed_down")] if rating.thumb == "down" else []
    return " · ".join(filter(None, (moment(miss.turn.created), *became, reason, rating.note)))


def _draw_ways(page: Frame, collection: Collection, miss: Miss, right: Right, *, kept: bool) -> None:
    texts, turn = page.texts, miss.turn.id
    if st.button(texts("rating.open"), key=f"open-{turn}", type="tertiary", icon=":material/forum:"):
        st.switch_page("chat.py", query_params={"chat": miss.chat, "turn": turn})
    if kept:
        draw_muted(texts("rating.kept"))
    elif (
        miss.rating.placed
        and right != "reader"
        and st.button(texts("quality.keep"), key=f"keep-{turn}", type="tertiary")
    ):
        with show_errors(page):
            answer_rating.keep_rated(page, collection.id, miss.question, miss.rating)
            st.rerun()
    if miss.refused and st.button(texts("rating.right_refusal"), key=f"rightly-{turn}", type="tertiary"):
        answer_rating.change(page, turn, thumb="up")
        st.rerun()


def as_lines(missed: Sequence[Miss]) -> bytes:
    """The misses as JSON lines, in the form of the questions that `python -m rag evaluate` reads."""
    return "".join(json.dumps(_record(miss), ensure_ascii=False) + "\n" for miss in missed).encode()


def _record(miss: Miss) -> dict[str, Any]:
    rating = miss.rating
    place = {"file": rating.document, "gold_pages": [rating.page]} if rating.document else {}
    if rating.quote:
        place["answers"] = [rating.quote]
    return {
        "question": miss.question,
        "asked": miss.turn.created,
        "refused": miss.refused,
        "thumb": rating.thumb,
        "reason": rating.reason,
        "note": rating.note,
        "answerable": False if rating.reason == "not_said" else True if rating.document else None,
        **place,
    }
