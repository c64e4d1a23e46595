"""What a browser says, read once: what is heeded, and what is as if it had not been said."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import WStates
from streamlit.testing.v1 import AppTest

from rag.core.errors import PersonDisabled
from rag.ui import page_frame, widget_values
from rag.ui.log_filters import keep_to_one_line

ID = "$$ID-0123-name"


def held(sent: WidgetState, kind: str, read: Any = lambda value: value) -> object:
    """What a page reads of a widget of that kind, or "before" where it reads what was there before."""
    assert page_frame
    states = WStates()
    states.set_widget_from_proto(sent)
    states.set_widget_metadata(WidgetMetadata(ID, read, lambda value: value, kind))  # type: ignore[arg-type]
    return states.get(ID, "before")


@pytest.mark.parametrize(
    ("sent", "kind", "read"),
    [
        (WidgetState(id=ID, string_value="a\0b"), "string_value", "ab"),
        (WidgetState(id=ID, trigger_value=True), "trigger_value", True),
        (WidgetState(id=ID), "string_value", None),
        (WidgetState(id=ID, json_value='{"open": 1}'), "json_value", {"open": 1}),
        (WidgetState(id=ID, bool_value=True), "trigger_value", "before"),
        (WidgetState(id=ID, string_value="x"), "string_array_value", "before"),
        (WidgetState(id=ID, json_value="{"), "json_value", "before"),
        (WidgetState(id=ID, json_value="[" * 100_000), "json_value", "before"),
        (WidgetState(id=ID, json_value="[" * 21 + "]" * 21), "json_value", "before"),
        (WidgetState(id=ID, json_value='"' + "x" * 40_000 + '"'), "json_value", "before"),
        (WidgetState(id="name", string_value="x"), "string_value", "before"),
        (WidgetState(id="", string_value="x"), "string_value", "before"),
    ],
)
def test_a_value_is_of_the_type_of_its_widget_or_was_not_sent(sent: WidgetState, kind: str, read: object) -> None:
    assert held(sent, kind) == read


def test_a_widget_that_does_not_understand_a_value_keeps_the_one_before() -> None:
    def refuse(_: object) -> object:
        raise RuntimeError("no such file")

    assert held(WidgetState(id=ID, string_value="x"), "string_value", refuse) == "before"


@pytest.mark.parametrize(("given", "place"), [(0, 0), (2, 2), (3, None), (-1, None), (True, None), ("1", None)])
def test_a_position_is_one_of_the_list_or_none(given: object, place: int | None) -> None:
    assert widget_values.position(given, 3) == place


@pytest.mark.parametrize("given", [1.0, None, [], {}, float("nan"), float("inf"), 10**30])
def test_what_is_no_position_is_none(given: object) -> None:
    assert widget_values.position(given, 3) is None


@pytest.mark.parametrize(("given", "read"), [("a" * 32, "a" * 32), ("A" * 32, None), ("a\0", None), ("x" * 9999, None)])
def test_an_address_gives_ids_only(given: str, read: str | None) -> None:
    def page() -> None:
        import streamlit as st

        from rag.ui.widget_values import from_address

        st.session_state["read"] = from_address("chat")

    app = AppTest.from_function(page)
    app.query_params["chat"] = given
    app.run()
    assert app.session_state["read"] == read


def order(**fields: object) -> BackMsg:
    message = BackMsg()
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize("name", ["clear_cache", "set_run_on_save", "load_git_info"])
def test_orders_to_the_server_are_not_heeded(name: str) -> None:
    assert widget_values._unheard(order(**{name: True})) == name


@pytest.mark.parametrize("name", ["stop_script", "app_heartbeat"])
def test_what_tabs_say_by_themselves_is(name: str) -> None:
    assert widget_values._unheard(order(**{name: True})) == ""


def test_a_refusal_is_one_line_in_the_log_and_a_fault_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    keep_to_one_line()
    log = logging.getLogger("streamlit.error_util")
    try:
        raise PersonDisabled
    except PersonDisabled as error:
        log.addHandler(caplog.handler)
        log.error("Uncaught app execution", exc_info=error)
        log.error("Uncaught app execution", exc_info=ValueError("a fault of ours"))
        log.removeHandler(caplog.handler)
    refused, fault = caplog.records
    assert (refused.getMessage(), refused.exc_info) == ("Uncaught app execution: person_disabled", None)
    assert fault.exc_info is not None


def test_a_warning_of_streamlits_about_a_widget_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("streamlit.elements.lib.policies").warning("a value beside its default", stack_info=True)
    (record,) = caplog.records
    assert (record.getMessage(), record.stack_info) == ("a value beside its default", None)
