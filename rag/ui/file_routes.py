"""HTTP routes of files: originals, page images, exported answers.

Every request is authenticated and authorized; without access the response is 404.

/files/documents/{id}/original                     the file as uploaded
/files/documents/{id}/pages/{number}?marked=12-40  a page as PNG, with a text span marked
/files/documents/{id}/pages/{number}?small         the page as a small picture, for the list of pages
/files/answers/{id}?lang=en&form=html              an answer in a language, as HTML, Markdown or Word (html, md, docx)
/files/chats/{id}?lang=en&form=html                a whole chat likewise
/files/misses/{id}?lang=en                         one's own missed questions to a collection, as JSON lines

What the source panel asks for besides is in `source_routes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from rag.core import settings
from rag.core.errors import NotFound, PageNotDrawn, RagError, SignInError
from rag.ui import actions, answer_exports, misses, source_routes
from rag.ui.file_addresses import NUMBER, address, marked, parameter
from rag.ui.file_responses import HEADERS, file_name, send
from rag.ui.page_frame import Frame, services_for
from rag.ui.request_identity import caller
from rag.ui.texts import LANGUAGES, Language, Texts
from rag.ui.widget_values import ID

# Authenticates a request. Raises NotFound or SignInError.
Find = Callable[[Request], Frame]

# Pixels a point of a page in the list of pages, and in the panel.
_SMALL, _LARGE = 0.25, 2.0


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

        return Route(address(path), endpoint)

    return [
        route("documents/{document}/original", _original),
        route("documents/{document}/pages/{number}", _picture),
        route("documents/{document}/view/{number}", source_routes.view),
        route("documents/{document}/find", source_routes.find),
        route("documents/{document}/report", source_routes.report),
        route("chats/find", source_routes.find_chats),
        route("answers/{turn}/footnotes/{number}", source_routes.citation),
        route("answers/{turn}", _answer),
        route("chats/{chat}", _chat),
        route("misses/{collection}", _misses),
        Route(address("{path:path}"), lambda _request: _not_there()),
    ]


def _original(request: Request, page: Frame) -> Response:
    key = parameter(request, "document", ID)
    document, size, pieces = page.services.store.documents.stream(page.owner, key)
    return send(request, size, pieces, type=document.format.media_type, name=file_name(document), tag=document.sha256)


def _picture(request: Request, page: Frame) -> Response:
    document = page.services.store.documents.get(page.owner, parameter(request, "document", ID))
    if not document.format.drawn:
        raise NotFound(what="page")
    scale = _SMALL if "small" in request.query_params else _LARGE
    number = int(parameter(request, "number", NUMBER))
    picture = actions.page_picture(page, document, number, marked(request), scale=scale)
    return _bytes(request, picture.data, type="image/png", name="")


def _answer(request: Request, page: Frame) -> Response:
    turn = page.services.store.chats.turn(page.owner, parameter(request, "turn", ID))
    if turn.answer is None:
        raise NotFound(what="turn")
    return _export(request, answer_exports.exported(page, [turn], _form(request)), page.texts("answer.export_name"))


def _chat(request: Request, page: Frame) -> Response:
    chats = page.services.store.chats
    chat = chats.get(page.owner, parameter(request, "chat", ID))
    title = chat.title or page.texts("chat.untitled")
    data = answer_exports.exported(page, chats.turns(page.owner, chat.id), _form(request), title)
    return _export(request, data, page.texts("answer.export_chat_name"))


def _misses(request: Request, page: Frame) -> Response:
    collection = page.services.store.collections.get(page.owner, parameter(request, "collection", ID))
    data = misses.as_lines(page.services.store.ratings.misses(page.owner, collection.id))
    return _bytes(request, data, type="application/jsonl", name=f"{page.texts('rating.export_name')}.jsonl")


def _export(request: Request, data: bytes, name: str) -> Response:
    form = _form(request)
    return _bytes(request, data, type=answer_exports.FORMS[form], name=f"{name}.{form}")


def _form(request: Request) -> str:
    """The form asked for; HTML where there is no such."""
    wanted = request.query_params.get("form", "")
    return wanted if wanted in answer_exports.FORMS else "html"


def _bytes(request: Request, data: bytes, *, type: str, name: str) -> Response:
    tag = hashlib.sha256(data).hexdigest()
    return send(request, len(data), lambda start, stop: iter([data[start:stop]]), type=type, name=name, tag=tag)


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
