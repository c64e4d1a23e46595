"""The shapes in which OpenAI-compatible servers answer, and how they say that an answer is not at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rag.core.errors import ModelRefused
from rag.models.llms import open_model
from tests.support.serving import Reply, serving

SAID = "Passwords have fourteen characters."


def streamed(*choices: dict[str, Any]) -> bytes:
    lines = [b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n" for choice in choices]
    return b"".join([*lines, b"data: [DONE]\n\n"])


def whole(message: dict[str, Any], reason: str = "stop", **more: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": reason}], **more}).encode()


def asked(body: bytes | Iterator[bytes]) -> tuple[str, str]:
    """What the model says, and why it says that it ended."""
    with serving(lambda _: Reply(), posted=lambda *_: Reply(body)) as served:
        message = open_model(f"openai:some@{served.at('/v1')}").invoke("How long?")
        return message.text, message.response_metadata.get("finish_reason", "")


@pytest.mark.parametrize(
    "body",
    [
        whole({"role": "assistant", "content": SAID}),
        whole({"content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": SAID}]}, error=None),
        json.dumps(json.loads(whole({"content": SAID})), indent=2).encode(),
        b"\xef\xbb\xbf" + whole({"content": SAID}),
        streamed({"delta": {"content": [{"type": "text", "text": SAID[:9]}]}}, {"delta": {"content": SAID[9:]}}),
        streamed({"message": {"content": SAID}, "finish_reason": "stop"}),
        streamed({"text": SAID, "finish_reason": "stop"}),
        streamed({"index": 1, "delta": {"content": "Other."}}, {"index": 0, "delta": {"content": SAID}}),
        b'data: {"choices": null}\n\n' + streamed({"delta": {"content": SAID}}),
        b'data: {"choices": [{"delta": null}], "error": null}\n\n' + streamed({"delta": {"content": SAID}}),
    ],
)
def test_an_answer_is_read_in_the_shapes_that_servers_give_it(body: bytes) -> None:
    assert asked(body) == (SAID, "")


def test_a_body_is_read_as_its_bytes_come() -> None:
    body = whole({"content": SAID})
    assert asked(iter([body[i : i + 7] for i in range(0, len(body), 7)])) == (SAID, "")


@pytest.mark.parametrize(
    ("body", "text", "reason"),
    [
        (streamed({"delta": {"content": "Four"}}, {"delta": {}, "finish_reason": "length"}), "Four", "length"),
        (whole({"content": "Four"}, "length"), "Four", "length"),
        (streamed({"delta": {"reasoning_content": "Hm."}}, {"delta": {}, "finish_reason": "length"}), "", "reasoning"),
        (streamed({"delta": {"reasoning": "Hm.", "content": "\n"}, "finish_reason": "stop"}), "", "reasoning"),
        (streamed({"delta": {"reasoning": "Hm."}}, {"delta": {"content": "Six."}}), "Six.", ""),
        (whole({"content": None, "reasoning_content": "Hm."}), "", "reasoning"),
        (streamed({"delta": {"content": "We"}, "finish_reason": "content_filter"}), "We", "content_filter"),
        (
            streamed({"delta": {"refusal": "I cannot."}}, {"delta": {}, "finish_reason": "stop"}),
            "",
            "content_filter",
        ),
        (streamed({"delta": {"content": ""}, "finish_reason": "stop"}), "", ""),
    ],
)
def test_a_server_says_why_its_model_ended(body: bytes, text: str, reason: str) -> None:
    assert asked(body) == (text, reason)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "model is overloaded"}}',
        b'{"object": "error", "message": "too long"}',
        b'{"choices": [',
        b"{" + b" " * 2**23,
    ],
)
def test_a_body_that_is_no_answer_is_an_error(body: bytes) -> None:
    with pytest.raises(ModelRefused):
        asked(body)
