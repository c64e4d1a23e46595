"""Scripts, and estimates of token counts by script."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, Literal

# `cjk`: Chinese, Japanese, Korean; `latin`: all others, which separate words by spaces.
Script = Literal["latin", "cjk"]
Language = Literal["en", "de", "zh"]

CJK: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af"
CJK_RUN: Final = re.compile(rf"[{CJK}]+")


def has_cjk(text: str) -> bool:
    """Whether the text holds Chinese, Japanese or Korean letters."""
    return not text.isascii() and CJK_RUN.search(text) is not None


def script_of(text: str) -> Script:
    """`cjk` where the text holds any Chinese, Japanese or Korean letter.

    >>> script_of("PDF 年假"), script_of("leave")
    ('cjk', 'latin')
    """
    return "cjk" if has_cjk(text) else "latin"


def estimated_tokens(texts: Sequence[str]) -> list[int]:
    """Conservative token counts for models without a tokenizer: one for three letters, or for a CJK character."""
    counts = ((len(text), sum(map(len, CJK_RUN.findall(text)))) for text in texts)
    return [math.ceil(chinese + 0.34 * (letters - chinese)) for letters, chinese in counts]
