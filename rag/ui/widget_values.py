"""What a browser says, looked at in one place before any page reads it.

Whoever holds a connection can send what no page of ours would: values of another type, of a widget that is not
there, ten megabytes of them, orders to the server that only its operator may give. Streamlit believes most of it and
fails later, each time elsewhere. So each value is read here once: one that its widget could not have sent is as if it
had not been sent, one line is logged, and the page goes on with the value it had. `validate_messages` puts
these doors in place of those of Streamlit; its version is pinned, and tests/guarantees/test_g34_forged_widget_values.py
sends what they are for.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.common import WidgetMetadata, unpack_widget_state_value
from streamlit.runtime.state.session_state import Serialized, Value, WStates
from streamlit.runtime.uploaded_file_manager import UploadedFile

# Our components send a position, or the ids of a thousand documents; nothing of theirs is longer or deeper than this.
_JSON_CHARACTERS: Final = 40_000
_JSON_DEPTH: Final = 20
_MOST_ITEMS: Final = 10_000
# Of an address: ids and a language.
_QUERY_CHARACTERS: Final = 4_000
_NAME_CHARACTERS: Final = 200
# Dropped at once, a folder with all that is in it.
_MOST_FILES: Final = 10_000

# What tabs say by themselves, and what clicks make them say. Streamlit knows orders besides, which any browser could
# give for everybody: empty the caches, in which the models lie; install files; run the pages anew when code changes.
_HEARD: Final = {"rerun_script", "app_heartbeat", "stop_script", "file_urls_request"}

# How the name of a widget begins, and that of what a component of ours sets off.
_WIDGETS: Final = ("$$ID-", "$$STREAMLIT_INTERNAL_KEY_$$ID-")
# Names that Streamlit gives; it writes those that it does not know into its log as they are.
_GIVEN: Final = re.compile(r"[\w-]{0,200}")
# Of a row of the library, as an address names it.
ID: Final = re.compile(r"[0-9a-f]{32}")
_believing: Final = AppSession.handle_backmsg
# Stands where a value was that is not heeded.
_REFUSED: Final = WidgetState(id="refused")

_log = logging.getLogger(__name__)


class _Unfit(ValueError):
    """A value that the widget could not have sent. It says why, and nothing of the value."""


def clean(text: str) -> str:
    """Text without NUL, which no keyboard sends and PostgreSQL does not take."""
    return text.replace("\0", "")


def from_address(name: str) -> str | None:
    """The id that the page's address gives under a name; None where there is none that could be one."""
    given = st.query_params.get(name)
    return given if given is not None and ID.fullmatch(given) else None


def position(given: object, count: int) -> int | None:
    """What a component gave as a position in a list of so many; None where it is none."""
    there = isinstance(given, int) and not isinstance(given, bool) and 0 <= given < count
    return given if there and isinstance(given, int) else None


def event(key: str, name: str) -> object:
    """What a component of ours, with that key, has just set off under a name; in its callback, before the page runs."""
    sent = st.session_state.get(key)
    return sent.get(name) if isinstance(sent, dict) else None


def uploaded(files: Sequence[object]) -> list[UploadedFile]:
    """The files that are there: a browser can name others, or those of before the server was started again."""
    return [file for file in files if isinstance(file, UploadedFile)]


def validate_messages(failed: Callable[[Exception], bool]) -> None:
    """Have all that browsers send go through here, from now on, in this process.

    Args:
        failed: says on the page that its script has failed, and whether it said so.
    """
    WStates.__getitem__ = _value  # type: ignore[method-assign]
    WStates.set_widget_from_proto = _take  # type: ignore[method-assign, assignment]
    AppSession.handle_backmsg = _heeding(failed)  # type: ignore[method-assign, assignment]


def _take(states: WStates, sent: WidgetState) -> None:
    """In place of `WStates.set_widget_from_proto`: a value under a name that no widget has is never looked for."""
    if sent.id.startswith(_WIDGETS):
        states.states[sent.id] = Serialized(sent)


def _value(states: WStates, key: str) -> Any:
    """In place of `WStates.__getitem__`: a widget's value, read when it is first asked for.

    Raises:
        KeyError: there is none, or one that is not heeded; Streamlit then takes the one of before.
    """
    held = states.states[key]
    if isinstance(held, Value):
        return held.value
    metadata = states.widget_metadata.get(key)
    if metadata is None or held.value is _REFUSED:
        raise KeyError(key)
    try:
        value = _read(held.value, metadata)
    except Exception as error:  # noqa: BLE001 - what Streamlit makes of forged values fails in many ways
        # The states are being walked over: this one stays, and holds nothing.
        states.states[key] = Serialized(_REFUSED)
        _log.warning("a value that its widget could not have sent is not heeded: %s", _why(error))
        raise KeyError(key) from None
    states.states[key] = Value(value)
    return value


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, _Unfit) else type(error).__name__


def _read(sent: WidgetState, metadata: WidgetMetadata[Any]) -> Any:
    kind = sent.WhichOneof("value")
    # A browser empties a widget by sending no value of any kind.
    if kind not in (None, metadata.value_type):
        raise _Unfit(f"{kind} instead of {metadata.value_type}")
    if kind in ("json_value", "json_trigger_value"):
        _look_at_json(getattr(sent, kind))
    elif kind == "string_value":
        sent.string_value = clean(sent.string_value)
    elif kind == "chat_input_value":
        # Where the field is not set nothing was sent: that is not the same as an empty line.
        if sent.chat_input_value.HasField("data"):
            sent.chat_input_value.data = clean(sent.chat_input_value.data)
        _count(sent.chat_input_value.file_uploader_state.uploaded_file_info)
    elif kind == "file_uploader_state_value":
        _count(sent.file_uploader_state_value.uploaded_file_info)
    elif kind is not None and kind.endswith("_array_value"):
        _count(getattr(sent, kind).data)
    return metadata.deserializer(unpack_widget_state_value(sent))


def _count(items: Sequence[object]) -> None:
    if len(items) > _MOST_ITEMS:
        raise _Unfit(f"{len(items)} items")


def _look_at_json(text: str) -> None:
    """Whether it is short and flat. A bracket inside a string counts as well: ours hold none."""
    if len(text) > _JSON_CHARACTERS:
        raise _Unfit(f"JSON of {len(text)} characters")
    depth = deepest = 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        deepest = max(deepest, depth)
    if deepest > _JSON_DEPTH:
        raise _Unfit(f"JSON {deepest} levels deep")


def _heeding(failed: Callable[[Exception], bool]) -> Callable[[AppSession, BackMsg], None]:
    """In place of `AppSession.handle_backmsg`: messages that a page could have sent."""

    def handle_backmsg(session: AppSession, msg: BackMsg) -> None:
        if why := _unheard(msg):
            _log.warning("a message that no page could have sent is not heeded: %s", why)
            return
        if msg.WhichOneof("type") == "rerun_script":
            _shorten(msg)
            session._on_script_error = failed
        _believing(session, msg)

    return handle_backmsg


def _unheard(message: BackMsg) -> str:
    """Why a message is not for us; empty where it is."""
    kind = message.WhichOneof("type")
    if kind not in _HEARD:
        return str(kind)
    if kind == "rerun_script" and not _GIVEN.fullmatch(message.rerun_script.fragment_id):
        return "a part of a page under no name that is given"
    if kind == "file_urls_request" and len(message.file_urls_request.file_names) > _MOST_FILES:
        return "places for too many files"
    return ""


def _shorten(message: BackMsg) -> None:
    """An address or a page's name too long to be one of ours is as if there were none."""
    asked = message.rerun_script
    if len(asked.query_string) > _QUERY_CHARACTERS:
        asked.query_string = ""
    for name in ("page_name", "page_script_hash"):
        if len(getattr(asked, name)) > _NAME_CHARACTERS:
            setattr(asked, name, "")
