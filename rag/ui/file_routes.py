"""The files that are handed out: originals, pictures of pages, answers to take along. Each has an address that names it
by its id, and every request asks anew who sends it and what they may see. To everybody else it is not there.

/files/documents/{id}/original                     as it was added
/files/documents/{id}/pages/{number}?marked=12-40  a picture of a page, with a stretch of its text marked
/files/answers/{id}?lang=en                        an answer as a page of its own, in a language
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from streamlit import config
from streamlit.url_util import make_url_path

from rag.core import settings
from rag.core.errors import NotFound, PageNotDrawn, RagError, SignInError
from rag.core.types import Document, Turn
from rag.ui import actions
from rag.ui.file_responses import HEADERS, file_name, send
from rag.ui.page_frame import Frame, services_for
from rag.ui.request_identity import caller
from rag.ui.texts import LANGUAGES, Language, Texts
from rag.ui.widget_values import ID

# Finds out who asks. Raises NotFound or SignInError where it is a stranger.
Find = Callable[[Request], Frame]

_NUMBER: Final = re.compile(r"[1-9]\d{0,8}")
_MARKED: Final = re.compile(r"(\d{1,9})-(\d{1,9})")


def original_address(document: Document) -> str:
    """Where the file of a document is fetched."""
    return _address(f"documents/{document.id}/original")


def picture_address(document: Document, number: int, spans: Sequence[tuple[int, int]]) -> str:
    """Where the picture of a page is fetched, with the first of these stretches of its text marked."""
    marked = "".join(f"?marked={start}-{end}" for start, end in spans[:1])
    return _address(f"documents/{document.id}/pages/{number}{marked}")


def answer_address(turn: Turn, texts: Texts) -> str:
    """Where the answer of a turn is fetched as a page."""
    return _address(f"answers/{turn.id}?lang={texts.language}")


def _address(path: str) -> str:
    return make_url_path(config.get_option("server.baseUrlPath") or "", f"files/{path}")


def _asks(request: Request) -> Frame:
    current = settings.load()
    return caller(request, current, lambda: services_for(current), Texts(_language(request)))


def routes(find: Find = _asks) -> list[BaseRoute]:
    """The routes of all that is handed out. Whatever else is asked for under `/files` is not there either."""

    def route(path: str, hand_out: Callable[[Request, Frame], Response]) -> Route:
        # Not a coroutine: it waits for the library, in a thread of its own.
        def answered(request: Request) -> Response:
            try:
                return hand_out(request, find(request))
            except (NotFound, PageNotDrawn, SignInError):
                return _not_there()
            except RagError as error:
                failure = error.failure()
                return _text(_sentences(lambda texts: texts.failure(failure)), 503)

        return Route(_address(path), answered)

    return [
        route("documents/{document}/original", _original),
        route("documents/{document}/pages/{number}", _picture),
        route("answers/{turn}", _answer),
        Route(_address("{path:path}"), lambda _request: _not_there()),
    ]


def _original(request: Request, page: Frame) -> Response:
    key = _given(request, "document", ID)
    document, size, pieces = page.services.store.documents.stream(page.owner, key)
    return send(request, size, pieces, type=document.format.media_type, name=file_name(document), tag=document.sha256)


def _picture(request: Request, page: Frame) -> Response:
    document = page.services.store.documents.get(page.owner, _given(request, "document", ID))
    marked = _MARKED.fullmatch(request.query_params.get("marked", ""))
    spans = [(int(marked[1]), int(marked[2]))] if marked else []
    if not document.format.drawn:
        raise NotFound(what="page")
    picture = actions.page_picture(page, document, int(_given(request, "number", _NUMBER)), spans)
    return _bytes(request, picture.data, type="image/png", name="")


def _answer(request: Request, page: Frame) -> Response:
    turn = page.services.store.chats.turn(page.owner, _given(request, "turn", ID))
    if turn.answer is None:
        raise NotFound(what="turn")
    data = actions.exported(page, turn, turn.answer).encode()
    return _bytes(request, data, type="text/html; charset=utf-8", name=page.texts("answer.export_file"))


def _bytes(request: Request, data: bytes, *, type: str, name: str) -> Response:
    tag = hashlib.sha256(data).hexdigest()
    return send(request, len(data), lambda start, stop: iter([data[start:stop]]), type=type, name=name, tag=tag)


def _given(request: Request, name: str, form: re.Pattern[str]) -> str:
    """A part of the address, if it has the form that it has in every address of ours."""
    value: str = request.path_params[name]
    if not form.fullmatch(value):
        raise NotFound(what="page")
    return value


def _language(request: Request) -> Language:
    wanted = request.query_params.get("lang")
    return next((language for language in LANGUAGES if language == wanted), LANGUAGES[0])


def _not_there() -> Response:
    return _text(_sentences(lambda texts: texts("files.not_there")), 404)


def _sentences(said: Callable[[Texts], str]) -> str:
    # In every language: who asks, and what they read, is not looked at for it.
    return "\n\n".join(said(Texts(language)) for language in LANGUAGES) + "\n"


def _text(words: str, status: int) -> Response:
    return PlainTextResponse(words, status, HEADERS)
