"""HTTP routes of files: originals, page images, exported answers.

Every request is authenticated and authorized; without access the response is 404.

/files/documents/{id}/original                     the file as uploaded
/files/documents/{id}/pages/{number}?marked=12-40  a page as PNG, with a text span marked
/files/answers/{id}?lang=en                        an answer as HTML, in a language
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

# Authenticates a request. Raises NotFound or SignInError.
Find = Callable[[Request], Frame]

_NUMBER: Final = re.compile(r"[1-9]\d{0,8}")
_MARKED: Final = re.compile(r"(\d{1,9})-(\d{1,9})")


def original_address(document: Document) -> str:
    """URL path of a document's file."""
    return _address(f"documents/{document.id}/original")


def picture_address(document: Document, number: int, spans: Sequence[tuple[int, int]]) -> str:
    """URL path of a page image, with the first of the spans marked."""
    marked = "".join(f"?marked={start}-{end}" for start, end in spans[:1])
    return _address(f"documents/{document.id}/pages/{number}{marked}")


def answer_address(turn: Turn, texts: Texts) -> str:
    """URL path of a turn's exported answer."""
    return _address(f"answers/{turn.id}?lang={texts.language}")


def _address(path: str) -> str:
    return make_url_path(config.get_option("server.baseUrlPath") or "", f"files/{path}")


def _authenticate(request: Request) -> Frame:
    current = settings.load()
    return caller(request, current, lambda: services_for(current), Texts(_language(request)))


def routes(find: Find = _authenticate) -> list[BaseRoute]:
    """All routes under `/files`; 404 for any other path."""

    def route(path: str, hand_out: Callable[[Request, Frame], Response]) -> Route:
        # Not a coroutine, so that Starlette runs it in a thread: it blocks on the library.
        def endpoint(request: Request) -> Response:
            try:
                return hand_out(request, find(request))
            except (NotFound, PageNotDrawn, SignInError):
                return _not_there()
            except RagError as error:
                failure = error.failure()
                return _text(_sentences(lambda texts: texts.failure(failure)), 503)

        return Route(_address(path), endpoint)

    return [
        route("documents/{document}/original", _original),
        route("documents/{document}/pages/{number}", _picture),
        route("answers/{turn}", _answer),
        Route(_address("{path:path}"), lambda _request: _not_there()),
    ]


def _original(request: Request, page: Frame) -> Response:
    key = _parameter(request, "document", ID)
    document, size, pieces = page.services.store.documents.stream(page.owner, key)
    return send(request, size, pieces, type=document.format.media_type, name=file_name(document), tag=document.sha256)


def _picture(request: Request, page: Frame) -> Response:
    document = page.services.store.documents.get(page.owner, _parameter(request, "document", ID))
    marked = _MARKED.fullmatch(request.query_params.get("marked", ""))
    spans = [(int(marked[1]), int(marked[2]))] if marked else []
    if not document.format.drawn:
        raise NotFound(what="page")
    picture = actions.page_picture(page, document, int(_parameter(request, "number", _NUMBER)), spans)
    return _bytes(request, picture.data, type="image/png", name="")


def _answer(request: Request, page: Frame) -> Response:
    turn = page.services.store.chats.turn(page.owner, _parameter(request, "turn", ID))
    if turn.answer is None:
        raise NotFound(what="turn")
    data = actions.exported(page, turn, turn.answer).encode()
    return _bytes(request, data, type="text/html; charset=utf-8", name=page.texts("answer.export_file"))


def _bytes(request: Request, data: bytes, *, type: str, name: str) -> Response:
    tag = hashlib.sha256(data).hexdigest()
    return send(request, len(data), lambda start, stop: iter([data[start:stop]]), type=type, name=name, tag=tag)


def _parameter(request: Request, name: str, form: re.Pattern[str]) -> str:
    """A path parameter. Raises NotFound where it is malformed."""
    value: str = request.path_params[name]
    if not form.fullmatch(value):
        raise NotFound(what="page")
    return value


def _language(request: Request) -> Language:
    wanted = request.query_params.get("lang")
    return next((language for language in LANGUAGES if language == wanted), LANGUAGES[0])


def _not_there() -> Response:
    return _text(_sentences(lambda texts: texts("files.not_there")), 404)


def _sentences(text_of: Callable[[Texts], str]) -> str:
    # In every language, since the person's is not known without a session.
    return "\n\n".join(text_of(Texts(language)) for language in LANGUAGES) + "\n"


def _text(words: str, status: int) -> Response:
    return PlainTextResponse(words, status, HEADERS)
