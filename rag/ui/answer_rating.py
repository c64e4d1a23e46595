"""What a person says of an answer: a thumb under it, why it is no good, and the right place, shown in the viewer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, get_args

import streamlit as st

from rag.core.errors import NotFound
from rag.core.formats import Kind
from rag.core.text import find_letters
from rag.core.types import Answer, Chat, Page, Rating, Reason, Right, Thumb, Turn, shown_name
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted
from rag.ui.texts import Texts
from rag.ui.widget_values import ID, clean
from rag.viewing.document_search import find_words

_THUMBS: Final[tuple[Thumb, ...]] = ("down", "up")
_NOTE_CHARACTERS: Final = 1000
_WORDS_CHARACTERS: Final = 2000
# Ids of the turn whose right place is looked for, and of the document to be opened for it.
_PICKING, _OPENING = "picking", "panel-open"


def draw_thumbs(page: Frame, turn: Turn, rating: Rating) -> None:
    """Thumb up or down; kept at once."""
    key = f"thumb-{turn.id}"
    given = _THUMBS.index(rating.thumb) if rating.thumb in _THUMBS else None
    st.feedback("thumbs", key=key, default=given, on_change=_thumb, args=(page, turn.id, key))


def _thumb(page: Frame, turn: str, key: str) -> None:
    chosen = st.session_state.get(key)
    thumb = _THUMBS[chosen] if chosen in (0, 1) else ""
    change(page, turn, thumb=thumb)
    st.session_state[_PICKING] = turn if thumb == "down" else None


def draw_reasons(page: Frame, chat: Chat, turn: Turn, answer: Answer, rating: Rating, right: Right | None) -> None:
    """Of an answer with a thumb down: why, and what would be right."""
    if rating.thumb != "down":
        return
    texts = page.texts
    said: Reason = "not_said" if answer.outcome == "refused" else "said"
    with st.container(border=True, key=f"rating-{turn.id}"):
        st.pills(
            texts("rating.why"),
            [reason for reason in get_args(Reason) if reason and reason != said],
            default=rating.reason or None,
            format_func=lambda reason: texts(f"rating.reason_{reason}"),
            key=f"reason-{turn.id}",
            on_change=_reason,
            args=(page, turn.id),
        )
        st.text_input(
            texts("rating.note"), rating.note, max_chars=_NOTE_CHARACTERS, key=f"note-{turn.id}",
            on_change=_note, args=(page, turn.id),
        )  # fmt: skip
        _draw_place(page, chat, turn, rating, right)
        _draw_keep(page, chat, answer, rating, right)


def _reason(page: Frame, turn: str) -> None:
    chosen = st.session_state.get(f"reason-{turn}")
    change(page, turn, reason=chosen if chosen in get_args(Reason) else "")


def _note(page: Frame, turn: str) -> None:
    change(page, turn, note=clean(str(st.session_state.get(f"note-{turn}", "")))[:_NOTE_CHARACTERS])


def _draw_place(page: Frame, chat: Chat, turn: Turn, rating: Rating, right: Right | None) -> None:
    """The right place, or how to show it."""
    texts = page.texts
    if rating.document:
        draw_muted(texts("rating.place", place=place_of(rating, texts)))
    if rating.reason == "not_said" or right is None:
        return
    if st.session_state.get(_PICKING) != turn.id:
        if st.button(texts("rating.other_place" if rating.document else "rating.show_place"), key=f"pick-{turn.id}"):
            st.session_state[_PICKING] = turn.id
            st.rerun()
        return
    draw_muted(texts("rating.picking", button=texts("source.right_place")))
    names = {item.id: shown_name(item) for item in page.services.store.documents.list(page.owner, chat.collection)}
    key = f"place-in-{turn.id}"
    st.selectbox(
        texts("rating.document"), list(names), index=None, format_func=names.__getitem__,
        placeholder=texts("rating.choose_document"), key=key, on_change=_open, args=(key,),
    )  # fmt: skip


def _open(key: str) -> None:
    if document := st.session_state.get(key):
        st.session_state[_OPENING] = document


def _draw_keep(page: Frame, chat: Chat, answer: Answer, rating: Rating, right: Right | None) -> None:
    """One click makes it a test question, where it is known what would be right."""
    texts = page.texts
    if not rating.placed or right in (None, "reader"):
        return
    if st.button(texts("quality.keep"), key=f"keep-rated-{rating.turn}", type="primary"):
        with show_errors(page):
            keep_rated(page, chat.collection, answer.generated_question, rating)
            st.success(texts("quality.kept"))


def keep_rated(page: Frame, collection: str, question: str, rating: Rating) -> None:
    """Save a question with the right place that was shown for it, or as one to be refused."""
    at = {} if rating.reason == "not_said" else {"document": rating.document, "quote": rating.quote}
    number = 0 if rating.reason == "not_said" else rating.page
    page.services.store.checks.add(page.owner, collection, question, page=number, **at)


def place_of(rating: Rating, texts: Texts) -> str:
    """The right place in words: "rules.pdf, page 3: “…”"."""
    where = texts("quality.source", document=rating.document, page=rating.page)
    return f"{where}: “{' '.join(rating.quote.split())}”" if rating.quote else where


def panel_data(page: Frame) -> dict[str, object]:
    """What the source panel is told: for which turn a place is looked for, and which document to open now."""
    opening = st.session_state.pop(_OPENING, None)
    opened = {"document": opening, "at": time.time_ns() // 1000} if opening else None
    return {"pick": st.session_state.get(_PICKING) or "", "open": opened}


def take_place(page: Frame, sent: object) -> None:
    """Keep the place that was shown in the viewer, for the turn that it was looked for; what fits no turn or document
    of the person is not heeded."""
    given: Mapping[str, Any] = sent if isinstance(sent, dict) else {}
    turn, document, number, words = (given.get(name) for name in ("turn", "document", "page", "words"))
    ids = [each for each in (turn, document) if isinstance(each, str) and ID.fullmatch(each)]
    if len(ids) != 2 or turn != st.session_state.get(_PICKING) or not isinstance(number, int) or number < 1:
        return
    store, owner = page.services.store, page.owner
    try:
        collection = store.chats.collection_of(owner, ids[0])
        known, read = store.documents.get(owner, ids[1]), store.documents.page(owner, ids[1], number)
    except NotFound:
        return
    if known.collection == collection:
        quote = _words_on(read, known.kind, clean(words) if isinstance(words, str) else "", given.get("marked"))
        change(page, ids[0], document=known.name, page=read.number, quote=quote)
        st.session_state[_PICKING] = None


def _words_on(read: Page, kind: Kind, words: str, marked: object) -> str:
    """The words that were chosen, as they stand on the page; else those that are marked there; else none."""
    if words.strip() and (found := find_letters(read.text, words[:_WORDS_CHARACTERS], 0)):
        return read.text[slice(*found)]
    # Across a link of Markdown, whose target is not drawn.
    if hit := next(iter(find_words([read], words[:_WORDS_CHARACTERS], kind)), None):
        return read.text[hit.start : hit.end]
    span = marked.split("-") if isinstance(marked, str) else []
    if len(span) == 2 and all(part.isdecimal() and len(part) < 10 for part in span):
        return read.text[int(span[0]) : int(span[1])][:_WORDS_CHARACTERS]
    return ""


def change(page: Frame, turn: str, /, **values: Any) -> None:
    """Keep what is said of a turn now, beside what was said of it before."""
    ratings = page.services.store.ratings
    known = ratings.of(page.owner, [turn]).get(turn, Rating(turn))
    with show_errors(page):
        ratings.save(page.owner, replace(known, **values))


def ratings_of(page: Frame, turns: Sequence[Turn]) -> dict[str, Rating]:
    """What was said of these turns; of each there is something."""
    known = page.services.store.ratings.of(page.owner, [turn.id for turn in turns])
    return {turn.id: known.get(turn.id, Rating(turn.id)) for turn in turns}
