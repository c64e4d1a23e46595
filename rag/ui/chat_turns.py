"""The turns of a chat: input, saved answers, and answers while they are generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag.answering.background_runs import AnswerRun
from rag.core.errors import ModelLanguage
from rag.core.formats import ENDINGS
from rag.core.types import Answer, Chat, Collection, GenerationProgress, Rating, Right, Turn
from rag.services import NO_MODEL
from rag.ui import actions, answer_rating
from rag.ui.answer_exports import draw_exports
from rag.ui.answer_view import draw_answer
from rag.ui.chat_list import collection_name
from rag.ui.first_model import draw_first_model
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, draw_passage, draw_question, label
from rag.ui.save_check import draw_keep
from rag.ui.suggestions import draw_suggestions
from rag.ui.texts import Texts
from rag.ui.widget_values import from_address, uploaded
from rag.viewing.answer_notices import cut_off

# Redrawn at most four times a second while an answer grows, and twice while nothing changes.
REFRESH_SECONDS = 0.25
WAIT_SECONDS = 0.5
# Turns that are drawn of a long chat at first, and each time that earlier ones are asked for.
TURNS, MORE_TURNS = 5, 10
_STAGES = ("search", "quotes", "computing", "first_word", "writing", "checking", "rechecking", "total")


@dataclass(frozen=True, slots=True)
class Entry:
    """The input of the chat box."""

    question: str = ""
    files: Sequence[UploadedFile] = ()


def draw_welcome(page: Frame, collection: Collection, documents: int, *, reading: bool) -> None:
    """The start screen of a new chat, with example questions; `reading`: whether documents are being read into it."""
    st.title(page.texts("chat.title"))
    draw_muted(page.texts("chat.welcome"))
    if documents:
        draw_suggestions(page, collection, reading=reading)
    else:
        draw_muted(page.texts("chat.welcome_reading" if reading else "chat.welcome_empty"))
    if documents:
        _draw_wait(page)
    draw_first_model(page)


def draw_input(page: Frame, collection: Collection, documents: int) -> Entry:
    """The chat box; files dropped into it are added to the current collection."""
    name = collection_name(collection, page.texts)
    hint = page.texts("chat.placeholder", collection=name) if documents else page.texts("chat.placeholder_empty")
    withdrawn = not collection.owner
    if withdrawn:
        hint = page.texts("chat.withdrawn")
    # With a key the text being typed survives a change of the placeholder.
    entry = st.chat_input(
        hint, accept_file="multiple", file_type=list(ENDINGS), max_chars=4000, key="ask", disabled=withdrawn
    )
    if example := st.session_state.pop("example", ""):
        return Entry(example)
    return Entry(entry.text.strip(), uploaded(entry.files)) if entry else Entry()


def _draw_wait(page: Frame) -> None:
    """The expected waiting time, where the model is slow on this machine."""
    entry = page.services.writing_entry()
    if entry is not None and entry.fit.mark == "slow":
        draw_muted(page.texts("chat.wait", seconds=entry.fit.seconds, model=entry.name))


def hold(question: str) -> None:
    """Keep a question until the collection has documents."""
    if question:
        st.session_state["held"] = question


def due(page: Frame, documents: int, entry: Entry, *, reading: bool) -> str:
    """The question to ask now, or ""; one that came with files waits until they are ingested."""
    if entry.question and documents:
        return entry.question
    hold(entry.question)
    pending: str = st.session_state.get("held", "")
    if pending and documents and not reading:
        del st.session_state["held"]
        return pending
    if pending:
        st.info(label(page.texts("chat.held", question=pending)))
    return ""


def draw_turns(page: Frame, chat: Chat, known: Sequence[str], right: Right | None) -> None:
    """The last turns of a chat, of which the ids of all are known; earlier ones on demand, and where the page's address
    names one of them."""
    key, named = f"turns-{chat.id}", from_address("turn")
    count: int = st.session_state.get(key, TURNS)
    if named in known:
        count = max(count, len(known) - known.index(named))
    # A place of its own: what comes and goes is not to move what stands under it, which the browser would draw anew.
    with st.container():
        if count < len(known):
            said = page.texts("chats.earlier", count=len(known) - count)
            if st.button(said, key="earlier", icon=":material/expand_less:", type="tertiary"):
                st.session_state[key] = count + MORE_TURNS
                st.rerun()
    turns = page.services.store.chats.turns(page.owner, chat.id, last=count)
    rated = answer_rating.ratings_of(page, turns)
    for turn in turns:
        draw_turn(page, chat, turn, rated[turn.id], right, last=turn.id == known[-1])


def draw_turn(page: Frame, chat: Chat, turn: Turn, rating: Rating, right: Right | None, *, last: bool) -> None:
    """A question and its answer, saved or running; `right` is the person's right in its collection."""
    with st.chat_message("user", avatar=":material/person:"):
        draw_question(turn.question)
    with st.chat_message("assistant", avatar=":material/format_quote:"):
        if page.services.runs.get(turn.id) is not None:
            _draw_run(page, turn)
            return
        turn = _as_saved(page, chat, turn)
        if turn.answer is None:
            draw_muted(page.texts("answer.interrupted"))
        else:
            _draw_finished(page, chat, turn, turn.answer, right)
        with st.container(horizontal=True, vertical_alignment="center"):
            if turn.answer is not None:
                answer_rating.draw_thumbs(page, turn, rating)
                _draw_details(page, chat, turn, turn.answer, right)
                draw_keep(page, turn, turn.answer, chat.collection, right)
            if last and right:
                _draw_again(page, chat, turn)
        if turn.answer is not None:
            answer_rating.draw_reasons(page, chat, turn, turn.answer, rating, right)


def _as_saved(page: Frame, chat: Chat, turn: Turn) -> Turn:
    """A turn without a run, reloaded: its run may have ended since the page read the chat."""
    if turn.answer is not None:
        return turn
    return next((each for each in page.services.store.chats.turns(page.owner, chat.id) if each.id == turn.id), turn)


@st.fragment(run_every=REFRESH_SECONDS)
def _draw_run(page: Frame, turn: Turn) -> None:
    page.owner  # noqa: B018 - checks access at every redraw
    run = page.services.runs.get(turn.id)
    if run is not None:
        # Redraw on changes only, since drawing takes processor time from the answer. Mostly the quotes arrive during
        # the first wait.
        seen = st.session_state.get(f"seen-{turn.id}", 0)
        st.session_state[f"seen-{turn.id}"] = run.wait(seen, WAIT_SECONDS)
        run = page.services.runs.get(turn.id)
    if run is None:
        st.rerun()
        return
    draw_answer(run.draft, page.texts, turn=turn.id, status=_status(run, page.texts))
    if st.button(page.texts("chat.stop"), key=f"stop-{turn.id}", icon=":material/stop_circle:"):
        run.stop()


def _status(run: AnswerRun, texts: Texts) -> str:
    if run.draft.text:
        return texts("answer.rechecking" if run.draft.sentences else "answer.writing")
    match run.progress:
        case GenerationProgress("waiting", place):
            return texts("answer.waiting", place=place)
        case GenerationProgress(at=at, of=of) if at and of:
            return texts("answer.prompt", percent=round(100 * at / of))
        case GenerationProgress():
            return texts("answer.loading")
    return texts("answer.searching")


def _draw_finished(page: Frame, chat: Chat, turn: Turn, answer: Answer, right: Right | None) -> None:
    changes = actions.changed_sources(page, chat, answer, right)
    notes = {document: page.texts(f"answer.{change}") for document, change in changes.items()}
    draw_answer(answer, page.texts, turn=turn.id, changes=notes)


def _draw_details(page: Frame, chat: Chat, turn: Turn, answer: Answer, right: Right | None) -> None:
    """Passages, export and timing of an answer; no passages where the collection is no longer shared."""
    texts = page.texts
    passages = answer.passages if right else ()
    title = texts("answer.passages", count=len(passages)) if passages else texts("answer.seconds")
    with st.popover(title, type="tertiary"):
        if passages:
            if answer.generated_question != answer.question:
                draw_muted(texts("answer.searched_as", question=answer.generated_question))
            for passage in answer.passages:
                draw_passage(passage, texts)
                st.divider()
        draw_muted(_seconds(answer, texts))
    draw_exports(turn, chat, texts)


def _seconds(answer: Answer, texts: Texts) -> str:
    known = (stage for stage in _STAGES if stage in answer.seconds)
    return " · ".join(
        f"{texts(f'answer.stage_{stage}')} {texts('answer.seconds_value', value=f'{answer.seconds[stage]:.2f}')}"
        for stage in known
    )


def _draw_again(page: Frame, chat: Chat, turn: Turn) -> None:
    if st.button(page.texts("chat.again"), key=f"again-{turn.id}", icon=":material/refresh:", type="tertiary"):
        with show_errors(page):
            actions.answer_again(page, chat, turn)
            st.rerun()
    answer = turn.answer
    if answer and cut_off(answer) and st.button(page.texts("chat.go_on"), key=f"go-on-{turn.id}", type="primary"):
        with show_errors(page):
            actions.go_on(page, chat, turn, answer)
            st.rerun()
    wrong_language = answer and answer.error and answer.error.key == ModelLanguage.key()
    refused = answer and (answer.outcome == "refused" or wrong_language)
    if (
        refused
        and page.services.model_name != NO_MODEL
        and st.button(page.texts("chat.anyway"), key=f"anyway-{turn.id}")
    ):
        with show_errors(page):
            actions.answer_again(page, chat, turn, anyway=True)
            st.rerun()
