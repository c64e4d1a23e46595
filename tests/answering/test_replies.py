"""What of a model's reply is its answer, however its pieces are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.repetitions import without_repetitions
from rag.answering.replies import Reply, joined

SAID = "Passwords have at least fourteen characters."
THOUGHT = "Twelve? The text says fourteen."


def heard(raw: str, reason: str = "", read: str = "") -> tuple[str, list[str]]:
    reply = Reply(read, raw)
    return reply.answer(), [notice.key for notice in reply.notices(reason)]


@pytest.mark.parametrize(
    "raw",
    [
        f"<think>\n{THOUGHT}\n</think>\n\n{SAID}",
        f"{THOUGHT}\n</think>\n\n{SAID}",
        f"<thinking>{THOUGHT}</thinking>{SAID}",
        f"[THINK]{THOUGHT}[/THINK]{SAID}",
        f"<think>{THOUGHT}</think>{SAID}<think>{THOUGHT}</think>",
        f"<think></think>\n\n{SAID}",
        f"{SAID}\n<think>{THOUGHT}",
        f"Answer: {SAID}",
        f"**Answer:** {SAID}",
        f"<answer>{SAID}</answer>",
        f"{SAID} [1][3]",
    ],
)
def test_what_a_model_thinks_and_labels_is_no_part_of_its_answer(raw: str) -> None:
    assert heard(raw) == (SAID, [])


@pytest.mark.parametrize(
    "raw",
    [
        f"{SAID}<|im_end|>\n<|im_start|>user\nAnd the lock?",
        f"{SAID}<|eot_id|>",
        f"{SAID}</s>",
        f" [/INST] {SAID} [INST] And? [/INST] Twenty.",
        f"<|im_start|>assistant\n{SAID}",
        f"<s> {SAID}",
        f"{SAID}\nUser: And the lock?\nAssistant: Twenty minutes.",
        f"{SAID} Assistant: Twenty minutes.",
        f"{SAID}\n\nQuestion: And the lock?",
        f"{SAID}\n### Instruction: And the lock?",
        f"{SAID}assistant\n\nTwenty minutes.",
        f"{SAID}\n用户：那锁呢？",
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{SAID}<|return|>",
    ],
)
def test_signs_of_the_chat_format_and_other_turns_are_cut_and_said(raw: str) -> None:
    assert heard(raw, "length") == (SAID, ["went_on"])


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (f"{SAID} " * 20, SAID),
        (f"{SAID}\n{SAID}\nPasswords have at", SAID),
        ("密码至少十四个字符。" * 5, "密码至少十四个字符。"),
        ("It is the plan and the plan and the plan and the plan and the plan and the", "It is the plan and"),
        ("- the first long item\n- the second long item\n" * 3, "- the first long item\n- the second long item"),
        ("1. Open it.\n2. Open it.\n3. Open it.\n4. Open it.", "1. Open it."),
    ],
)
def test_a_loop_is_said_once(raw: str, answer: str) -> None:
    assert heard(raw, "length") == (answer, ["repeated"])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1. Open the lid. Press OK.\n2. Close the lid. Press OK.", ""),
        ("| plan | A | B | C | D | E | F |\n|---|---|---|---|---|---|---|\n| x | no | no | no | no | no | no |", ""),
        ("Two roles:\nUser: reads\nAdmin: writes", "Roles are User: reads; Admin: writes."),
        ("It costs $320 [1].", "It costs $320 [1]."),
        ("Ask the user: they know.", ""),
        ("The tag <b>bold</b> and a < b > c stay.", ""),
        ("No. No, it is not.", ""),
    ],
)
def test_what_only_looks_like_it_stays(text: str, read: str) -> None:
    assert heard(text, read=read) == (text, [])


@pytest.mark.parametrize(
    ("raw", "reason", "notice"),
    [
        (f"<think>{THOUGHT}", "length", "only_reasoning"),
        (f"<think>{THOUGHT}</think>\n", "", "only_reasoning"),
        ("", "reasoning", "only_reasoning"),
        ("", "", "reply_empty"),
        ("<|im_end|>", "", "reply_empty"),
        ("", "content_filter", "reply_refused"),
    ],
)
def test_a_reply_without_an_answer_says_why(raw: str, reason: str, notice: str) -> None:
    assert heard(raw, reason) == ("", [notice])


def test_an_answer_that_reached_its_limit_says_so() -> None:
    assert heard("Passwords have at least four", "length") == ("Passwords have at least four", ["cut_off"])


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.booleans())
def test_thoughts_and_signs_are_never_shown_wherever_the_pieces_are_cut(sizes: list[int], closed: bool) -> None:
    raw = f"<think>{THOUGHT}</think>{SAID}<|im_end|>" if closed else f"<think>{THOUGHT} {THOUGHT}"
    reply, at = Reply(""), 0
    for size in [*sizes, len(raw)]:
        reply.add(raw[at : at + size])
        at += size
        assert SAID.startswith(reply.shown())
    assert reply.answer() == (SAID if closed else "")


def test_a_model_that_goes_on_without_end_is_stopped() -> None:
    looping, talking, writing = Reply(""), Reply(""), Reply("")
    for _ in range(12):
        looping.add(f"{SAID} ")
    talking.add(f"{SAID}\nUser: And how long is an account locked after wrong attempts?")
    writing.add(f"{SAID} " + " ".join(f"Then there is rule {n} about door {n * n}." for n in range(90)))
    assert (looping.over(), talking.over(), writing.over()) == (True, True, False)


@given(st.lists(st.sampled_from(["It is six. ", "Doors close early today.\n", "a ", "A|B|\n", "好。"]), max_size=30))
def test_whatever_is_repeated_each_sentence_stays_once(parts: list[str]) -> None:
    once, _ = without_repetitions("".join(parts))
    assert len(once) <= len("".join(parts))
    for part in {part.strip() for part in parts if part.strip() not in ("a", "A|B|")}:
        assert part in once


@pytest.mark.parametrize(
    ("so_far", "more", "whole"),
    [
        ("It has at least four", "teen characters.", "It has at least fourteen characters."),
        ("It has at least", "fourteen characters.", "It has at least fourteen characters."),
        ("It has at least four", "at least fourteen characters.", "It has at least fourteen characters."),
        ("It has at least fourteen", "It has at least fourteen characters.", "It has at least fourteen characters."),
        ("It is so.", "And that.", "It is so. And that."),
        ("- first\n- second", "- third", "- first\n- second\n- third"),
        ("密码至少", "十四个字符。", "密码至少十四个字符。"),
        ("密码至少十四", "十四个字符。", "密码至少十四个字符。"),
        ("", "Six.", "Six."),
        ("Six.", "", "Six."),
    ],
)
def test_what_is_written_on_joins_what_was_cut_off(so_far: str, more: str, whole: str) -> None:
    assert joined(so_far, more, "Passwords have fourteen characters.") == whole
