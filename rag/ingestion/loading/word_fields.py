"""Fields of Word: what is computed is shown, what it is computed from is not; and the values of old form fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from rag.ingestion.loading.office_package import W
from rag.ingestion.loading.signs import BOX, TICKED
from rag.ingestion.loading.word_styles import is_on, value

_W14: Final = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_PAGES: Final = {"PAGE", "NUMPAGES", "SECTIONPAGES"}
# What older programs and the checkboxes of forms draw for a box.
_CHECKBOXES: Final = f".//{W}sdtPr/{_W14}checkbox"


@dataclass(slots=True)
class _Field:
    code: str = ""
    shown: bool = False  # past its code
    form: Any = None


class Fields:
    """Which fields are open at a place of the text."""

    def __init__(self, *, pages: bool = True) -> None:
        self._open: list[_Field] = []
        self._pages = pages  # whether numbers of pages are text

    @property
    def silent(self) -> bool:
        """Whether what stands here is not shown."""
        return any(
            not field.shown or field.form is not None or (not self._pages and names_pages(field.code))
            for field in self._open
        )

    def code(self, text: str) -> None:
        if self._open:
            self._open[-1].code += text

    def mark(self, element: Any) -> str:
        """Take note of the begin, middle or end of a field; what a form field holds is said at its end."""
        kind = element.get(f"{W}fldCharType")
        if kind == "begin":
            data = element.find(f"{W}ffData")
            boxes = data is not None and (data.find(f"{W}checkBox") is not None or data.find(f"{W}ddList") is not None)
            self._open.append(_Field(form=data if boxes else None))
        elif kind == "separate" and self._open:
            self._open[-1].shown = True
        elif kind == "end" and self._open:
            field = self._open.pop()
            return form_value(field.form) if field.form is not None and not self.silent else ""
        return ""

    def shows(self, code: str) -> bool:
        """Whether a field written in one element is shown."""
        return self._pages or not names_pages(code)

    def value(self, data: Any) -> str:
        return "" if self.silent else form_value(data)

    def end_paragraph(self) -> None:
        """A field whose code does not end with its paragraph is broken, and hides nothing."""
        while self._open and not self._open[-1].shown:
            self._open.pop()


def names_pages(code: str) -> bool:
    words = code.split()
    return bool(words) and words[0].upper() in _PAGES


def form_value(data: Any) -> str:
    """What an old form field holds: a box, or the choice of a list."""
    box = data.find(f"{W}checkBox")
    if box is not None:
        ticked = is_on(box, "checked")
        return TICKED if (bool(is_on(box, "default")) if ticked is None else ticked) else BOX
    choices = [entry.get(f"{W}val", "") for entry in data.iter(f"{W}listEntry")]
    chosen = value(data, "ddList/result") or value(data, "ddList/default") or "0"
    return choices[int(chosen)] if chosen.isdecimal() and int(chosen) < len(choices) else ""


def write_boxes(root: Any) -> None:
    """Each checkbox of a form becomes a box as text, whatever sign and font it is drawn with."""
    for checkbox in root.iterfind(_CHECKBOXES):
        state = checkbox.find(f"{_W14}checked")
        ticked = state is not None and state.get(f"{_W14}val", "1").lower() in ("1", "true", "on")
        content = checkbox.getparent().getparent().find(f"{W}sdtContent")
        signs = [] if content is None else [*content.iter(f"{W}t", f"{W}sym")]
        for number, element in enumerate(signs):
            element.tag = f"{W}t"
            element.text = (TICKED if ticked else BOX) if number == 0 else ""
            if number == 0 and (properties := element.getparent().find(f"{W}rPr")) is not None:
                for font in properties.findall(f"{W}rFonts"):
                    properties.remove(font)
