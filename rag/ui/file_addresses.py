"""The addresses of the files' routes, and what requests to them say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from streamlit import config
from streamlit.url_util import make_url_path

from rag.core.errors import NotFound
from rag.core.types import Chat, Collection, Document, Turn
from rag.ui.texts import Texts
from rag.viewing.highlighting import Span

NUMBER: Final = re.compile(r"[1-9]\d{0,8}")
_MARKED: Final = re.compile(r"(\d{1,9})-(\d{1,9})")


def address(path: str) -> str:
    """URL path below `/files`."""
    return make_url_path(config.get_option("server.baseUrlPath") or "", f"files/{path}")


def original_address(document: Document) -> str:
    """URL path of a document's file."""
    return address(f"documents/{document.id}/original")


def picture_address(document: Document, number: int, spans: Sequence[Span]) -> str:
    """URL path of a page image, with the first of the spans marked."""
    marked = "".join(f"?marked={start}-{end}" for start, end in spans[:1])
    return address(f"documents/{document.id}/pages/{number}{marked}")


def answer_address(turn: Turn, texts: Texts) -> str:
    """URL path of a turn's exported answer."""
    return address(f"answers/{turn.id}?lang={texts.language}")


def chat_address(chat: Chat, texts: Texts) -> str:
    """URL path of an exported chat."""
    return address(f"chats/{chat.id}?lang={texts.language}")


def misses_address(collection: Collection, texts: Texts) -> str:
    """URL path of a person's own missed questions to a collection."""
    return address(f"misses/{collection.id}?lang={texts.language}")


def parameter(request: Request, name: str, form: re.Pattern[str]) -> str:
    """A path parameter. Raises NotFound where it is malformed."""
    value: str = request.path_params[name]
    if not form.fullmatch(value):
        raise NotFound(what="page")
    return value


def marked(request: Request) -> list[Span]:
    """The span of text that a request asks to have marked."""
    found = _MARKED.fullmatch(request.query_params.get("marked", ""))
    return [(int(found[1]), int(found[2]))] if found else []
