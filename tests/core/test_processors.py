"""What a processor is told by its flags."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from rag.core.processors import computes_bfloat16, multiplies_tiles


@pytest.mark.parametrize(
    ("machine", "flags", "bfloat16", "tiles"),
    [
        ("x86_64", "flags : avx2 avx512f", False, False),
        ("x86_64", "flags : avx512_bf16 avx512_vnni", True, False),
        ("AMD64", "flags : amx_bf16 amx_int8", True, True),
        ("aarch64", "Features : asimd i8mm", False, True),
    ],
)
def test_a_processor_has_what_its_flags_say(
    machine: str, flags: str, bfloat16: bool, tiles: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(Path, "read_text", lambda _: flags)
    assert (computes_bfloat16(), multiplies_tiles()) == (bfloat16, tiles)


def test_a_system_that_lists_no_flags_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(_: Path) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", lacking)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert (computes_bfloat16(), multiplies_tiles()) == (False, False)
