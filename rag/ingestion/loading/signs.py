"""Signs that files name by a font and a number, and the boxes of forms."""

from __future__ import annotations

from typing import Final

TICKED: Final = "☒"
BOX: Final = "☐"

# The font Symbol from 0x20 on, as its own encoding has it.
_SYMBOL_TEXT: Final = " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
_SYMBOL_UPPER: Final = "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑"
_SYMBOL: Final = {0x20 + place: sign for place, sign in enumerate(_SYMBOL_TEXT)} | {
    0xA0 + place: sign for place, sign in enumerate(_SYMBOL_UPPER)
}
_WINGDINGS: Final = {
    0x6C: "●", 0x6E: "■", 0x6F: BOX, 0x71: BOX, 0x72: BOX, 0x75: "◆", 0x76: "❖", 0x78: TICKED, 0x9F: "•", 0xA0: "▪",
    0xA7: "▪", 0xA8: BOX, 0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗",
    0xFC: "✓", 0xFD: TICKED, 0xFE: TICKED, 0x4A: "☺", 0x4C: "☹", 0x28: "☎", 0x2A: "✉",
}  # fmt: skip
_WINGDINGS_2: Final = {0x4F: "✗", 0x50: "✓", 0x51: TICKED, 0x52: TICKED, 0x53: TICKED, 0x54: TICKED, 0xA3: BOX}
_FONTS: Final = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}
_PRIVATE: Final = range(0xF000, 0xF100)


def sign(font: str, code: int) -> str:
    """The character that a sign of a font is; U+FFFD where it is not known.

    >>> sign("Wingdings", 0xF0FE), sign("Symbol", 0x61), sign("Arial", 0x2212)
    ('☒', 'α', '−')
    """
    signs = _FONTS.get(font.strip().lower())
    private = code in _PRIVATE
    if signs is None:
        return "\ufffd" if private else chr(code)
    return signs.get(code - 0xF000 if private else code, "\ufffd")


def is_sign_font(font: str) -> bool:
    return font.strip().lower() in _FONTS


def in_font(text: str, font: str) -> str:
    """Text that stands in a font of signs, as the signs that are drawn."""
    return "".join(letter if letter.isspace() else sign(font, ord(letter)) for letter in text)
