"""Messages that no page of ours would send, made of what the pages of a session did say."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

_INTERNAL = "$$STREAMLIT_INTERNAL_KEY_"
FIELDS = [name.name for name in WidgetState.DESCRIPTOR.fields if name.name != "id"]
PAGES = ["", "documents", "quality", "people", "models", "privacy"]
MEGABYTE = 2**20


@dataclass
class Heard:
    """What the pages said that a browser could name: widgets with their options, fragments, pages."""

    widgets: dict[str, str] = field(default_factory=dict)
    options: set[str] = field(default_factory=set)
    fragments: set[str] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)

    def learn(self, said: Iterable[ForwardMsg]) -> None:
        for message in said:
            if message.WhichOneof("type") == "auto_rerun":
                self.fragments.add(message.auto_rerun.fragment_id)
            if message.WhichOneof("type") == "new_session":
                self.pages |= {page.page_script_hash for page in message.new_session.app_pages}
            if message.WhichOneof("type") == "delta":
                if message.delta.fragment_id:
                    self.fragments.add(message.delta.fragment_id)
                self._learn_of(message.delta)

    def _learn_of(self, message: Message) -> None:
        for name, value in message.ListFields():
            if name.message_type:
                for each in value if name.is_repeated else [value]:
                    if isinstance(each, Message):
                        self._learn_of(each)
            elif name.name == "options":
                self.options |= {str(each) for each in value}
            elif isinstance(value, str) and value.startswith("$$") and name.name in ("id", "element_id"):
                self.widgets[value] = message.DESCRIPTOR.name
                if message.DESCRIPTOR.name == "BidiComponent":
                    self.widgets[f"{_INTERNAL}_{value}__events"] = "events"


class Forger:
    """Makes messages; the same for the same number. `ids` are rows, files and widgets of others."""

    def __init__(self, seed: int, ids: Sequence[str]) -> None:
        self.random = random.Random(seed)
        self.ids = list(ids)
        self.heard = Heard()
        # Orders to the server, and no run of a script.
        self.orders = 0

    def text(self) -> str:
        pick = self.random.choice
        ways: list[Callable[[], str]] = [
            lambda: pick(self.ids),
            lambda: pick(sorted(self.heard.options) or [""]),
            lambda: pick(["", "0", "-1", "999999999999", "NaN", "1e999", "true", "null", "\0", "a\0b", "\u202e"]),
            lambda: pick(["../../etc/passwd", "<script>alert(1)</script>", "'; DROP TABLE people; --", "en", "zh"]),
            lambda: pick(["owner", "everybody", "person", "admin", "local", "group"]),
            lambda: "[" * self.random.choice([5, 500, 100_000]),
            lambda: '{"a":' * 900 + "1" + "}" * 900,
            lambda: "x" * self.random.choice([10, 5_000, 300_000]),
        ]
        return pick(ways)()

    def json(self) -> str:
        pick = self.random.choice
        value = pick(
            ["0", "-1", "7", "99999999999999999999", "1e999", "NaN", "true", "null", '"x"', "[]", "{}", "1.5", "[[0]]"]
        )
        deep = "[" * pick([3, 50, 990, 100_000])
        return pick(
            [
                f'{{"open": {value}}}',
                f'[{{"event": "open", "value": {value}}}]',
                f'{{"event": "open", "value": {value}}}',
                f'[{{"event": {value}}}]',
                value,
                "{",
                deep,
                deep + "]" * len(deep),
                f'{{"open": {deep + "]" * len(deep)}}}',
                '{"open": "' + "x" * pick([10, 3 * MEGABYTE]) + '"}',
                '"\\ud800"',
            ]
        )

    def value(self, widget: str, kind: str = "") -> WidgetState:
        """A value of that kind, or of any, for a widget."""
        state = WidgetState(id=widget)
        kind = kind or self.random.choice(FIELDS)
        number = self.random.choice([0, 1, -1, 2**31, 2**62, -(2**62)])
        makers: dict[str, Callable[[], Any]] = {
            "trigger_value": lambda: setattr(state, kind, True),
            "bool_value": lambda: setattr(state, kind, True),
            "double_value": lambda: setattr(state, kind, self.random.choice([float("nan"), float("inf"), -1.0, 1e300])),
            "int_value": lambda: setattr(state, kind, number),
            "string_value": lambda: setattr(state, kind, self.text()),
            "double_array_value": lambda: state.double_array_value.data.extend([float("nan"), 1e300, -1.0]),
            "int_array_value": lambda: state.int_array_value.data.extend([number] * self.random.choice([1, 20_000])),
            "string_array_value": lambda: state.string_array_value.data.extend(
                [self.text()[:50_000] for _ in range(self.random.choice([0, 1, 3, 40]))]
            ),
            "json_value": lambda: setattr(state, kind, self.json()),
            "json_trigger_value": lambda: setattr(state, kind, self.json()),
            "arrow_value": lambda: setattr(state.arrow_value, "data", b"ARROW1 and nothing"),
            "bytes_value": lambda: setattr(state, kind, b"\x80\x04."),
            "file_uploader_state_value": lambda: self._files(state.file_uploader_state_value),
            "string_trigger_value": lambda: setattr(state.string_trigger_value, "data", self.text()),
            "chat_input_value": lambda: self._chat(state.chat_input_value),
        }
        makers[kind]()
        return state

    def _files(self, state: Any) -> None:
        for _ in range(self.random.choice([0, 1, 3, 300])):
            info = state.uploaded_file_info.add()
            info.name, info.size = self.text()[:200], self.random.choice([0, 1, 2**40])
            info.file_id = info.file_urls.file_id = self.random.choice(self.ids)
            info.file_urls.upload_url = info.file_urls.delete_url = "/_stcore/upload_file/x/y"

    def _chat(self, state: Any) -> None:
        if self.random.random() < 0.8:
            state.data = self.text()
        if self.random.random() < 0.5:
            self._files(state.file_uploader_state)

    def widget(self) -> tuple[str, str]:
        """One that is there, one that was, one of another's, one that never was; and what it is."""
        known = self.heard.widgets
        if known and self.random.random() < 0.8:
            name = self.random.choice(sorted(known))
            if self.random.random() < 0.85:
                return name, known[name]
            head, _, key = name.rpartition("-")
            return f"{head}-{self.random.choice([self.text()[:80], *self.ids]) or key}", known[name]
        made_up = f"$$ID-{self.random.randrange(2**60):x}-{self.random.choice(self.ids)}"
        return self.random.choice([made_up, "", "language", "collection", self.random.choice(self.ids)]), ""

    def rerun(self) -> BackMsg:
        """Values, an address and a page."""
        message = BackMsg()
        asked = message.rerun_script
        for _ in range(self.random.choice([1, 1, 2, 6])):
            widget, what = self.widget()
            # Half of them of the right type: then it is what they say that is forged.
            kind = KINDS.get(what, "") if self.random.random() < 0.5 else ""
            asked.widget_states.widgets.append(self.value(widget, kind))
        if self.random.random() < 0.02:
            asked.widget_states.widgets.append(WidgetState(id=self.widget()[0], string_value="y" * (10 * MEGABYTE)))
        asked.page_name = self.random.choice([*PAGES, "documents", "", self.text()[:1000]])
        if self.random.random() < 0.15:
            asked.page_script_hash = self.random.choice([*sorted(self.heard.pages), self.text()[:1000], "0" * 32])
        asked.query_string = self.random.choice(["lang=en", "lang=zh", "", self.address(), self.address()])
        if self.random.random() < 0.05:
            asked.cached_message_hashes.extend([self.text()[:64] for _ in range(50)])
        asked.is_history_navigation = self.random.random() < 0.05
        if self.random.random() < 0.1:
            asked.context_info.locale = asked.context_info.timezone = asked.context_info.url = self.text()[:10_000]
        return message

    def address(self) -> str:
        """What stands behind the question mark."""
        names = ["chat", "collection", "lang", "embed", "embed_options", "x"]
        values = [*self.ids, "%00", "%ff%fe", "en", "xx", "", "%2e%2e%2f", "z" * 9_000]
        pairs = [f"{self.random.choice(names)}={self.random.choice(values)}" for _ in range(3)]
        return "&".join([*pairs, "=&&=%"])

    def fragment(self) -> BackMsg:
        """A part of a page to run again, which may be no part of it."""
        message = self.rerun()
        message.rerun_script.fragment_id = self.random.choice(
            [*sorted(self.heard.fragments), self.text()[:500], self.random.choice(self.ids)]
        )
        message.rerun_script.is_auto_rerun = self.random.random() < 0.5
        return message

    def order(self) -> BackMsg:
        """What a browser could tell the server besides."""
        self.orders += 1
        message = BackMsg()
        kind = self.orders % 9
        if kind < 6:
            names = ["clear_cache", "set_run_on_save", "load_git_info", "debug_disconnect_websocket"]
            names += ["debug_shutdown_runtime", "stop_script"]
            setattr(message, names[kind], True)
        elif kind == 6:
            message.file_urls_request.request_id = self.text()[:100]
            message.file_urls_request.file_names.extend(["x"] * self.random.choice([1, 20_000]))
        elif kind == 7:
            message.backend_operation_request.deferred_file.file_id = self.random.choice(self.ids)
        else:
            message.backend_operation_request.install_skills.SetInParent()
        return message

    def noise(self) -> bytes | str:
        """What is no message."""
        whole: bytes = self.rerun().SerializeToString()
        cut = whole[: self.random.randrange(1, len(whole))]
        noises: list[bytes | str] = [cut, b"\xff" * 100, b"\x22\xff\xff\xff\xff\x7f", "words", "{}"]
        return self.random.choice(noises)


# What each kind of widget sends, when it is honest.
KINDS = {
    "Button": "trigger_value",
    "TextInput": "string_value",
    "TextArea": "string_value",
    "Selectbox": "string_value",
    "Radio": "string_value",
    "MultiSelect": "string_array_value",
    "ButtonGroup": "string_array_value",
    "Checkbox": "bool_value",
    "FileUploader": "file_uploader_state_value",
    "ChatInput": "chat_input_value",
    "Dialog": "trigger_value",
    "BidiComponent": "json_value",
    "events": "json_trigger_value",
}
