"""Which lines of a Markdown text are code, headings or instructions for the program that shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# A fence can stand in a quotation or an item of a list.
_FENCE: Final = re.compile(r"((?:\s|>|[-*+]\s|\d{1,9}[.)]\s)*+)(`{3,}+|~{3,}+)([^\n]*)")
_ITEM: Final = re.compile(r"\s*+(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_IMPORT: Final = re.compile(r"import\s(?:[\w*{][^;]{0,300}\sfrom\s)?\s{0,9}[\"'][^\"']{1,300}[\"'];?\s*+$")
_IMPORT_BEGINS: Final = re.compile(r"import\s(?:\w{1,60}\s?,\s?)?\{[^}]{0,300}$")
_IMPORT_ENDS: Final = re.compile(r"\}\s{0,9}from\s{0,9}[\"'][^\"']{1,300}[\"'];?\s*+$")
_EXPORT: Final = re.compile(r"export\s(?:const|let|var|default|function|async)\s")
# A component of MDX on a line of its own, opened or closed: `<Tabs>`, `</Card.Body>`.
_COMPONENT: Final = re.compile(r"\s{0,40}</?[A-Z][\w.]{0,60}(?:\s[^<>]{0,300})?>\s{0,9}$")
_AS_IT_IS: Final = re.compile(r" {0,3}<(pre|textarea)(?=[\s>]|$)", re.IGNORECASE)
_CODE_INDENT: Final = 4
_TAB: Final = 4

_PLAIN: Final = "plain"
CODE: Final = "code"
PROGRAM: Final = "program"
TAGGED: Final = "tagged"


@dataclass(slots=True)
class _Fence:
    mark: str
    indent: int  # of what it stands in; a line further out ends it
    quoted: bool

    def ends_with(self, line: str) -> bool:
        inner = line.lstrip(" \t>")
        return inner.startswith(self.mark) and not inner.strip().strip(self.mark[0])

    def left_by(self, line: str) -> bool:
        """Whether a line stands outside of the quotation or item that the fence is in."""
        if self.quoted:
            return not line.lstrip().startswith(">")
        return self.indent > 0 and bool(line.strip()) and _indent(line) < self.indent


def kinds(lines: list[str]) -> Iterator[str]:
    """Of each line whether it is code (its fences too), in a tag that keeps lines, an instruction of MDX, or plain."""
    fence: _Fence | None = None
    blank, listed, program, tag = True, False, "", ""
    for line in lines:
        if not (tag or fence or program) and (opening := _AS_IT_IS.match(line)):
            tag = f"</{opening[1].lower()}>"
        if tag:
            yield TAGGED
            tag = "" if tag in line.lower() else tag
            blank = True
            continue
        if fence is not None and fence.left_by(line):
            fence = None
        if fence is not None:
            yield CODE
            if fence.ends_with(line):
                fence = None
            continue
        if program:
            yield PROGRAM
            if _ends(program, line):
                program, blank = "", True
            continue
        if found := _opened(line, listed):
            fence = found
            yield CODE
        elif line.strip() and _indent(line) >= _CODE_INDENT and blank and not listed:
            yield CODE
            continue  # further such lines follow as if after a blank one
        elif _IMPORT.match(line) or _COMPONENT.match(line):
            yield PROGRAM
            blank = True
            continue
        elif blank and (_IMPORT_BEGINS.match(line) or _EXPORT.match(line)):
            program = line[:6]
            yield PROGRAM
        else:
            yield _PLAIN
            listed = bool(_ITEM.match(line)) or (listed and (not line.strip() or _indent(line) > 0))
        blank = not line.strip()


def _opened(line: str, listed: bool) -> _Fence | None:
    found = _FENCE.match(line)
    if found is None or ("`" in found[2] and "`" in found[3]):
        return None
    before = found[1]
    if not listed and before.isspace() and _indent(before + "x") >= _CODE_INDENT:
        return None
    inside = bool(before.strip(" \t>")) or (listed and bool(before))
    return _Fence(found[2], len(before.expandtabs(_TAB)) if inside else 0, ">" in before)


def _ends(program: str, line: str) -> bool:
    return bool(_IMPORT_ENDS.search(line)) if program.startswith("import") else not line.strip()


def _indent(line: str) -> int:
    return len(line.expandtabs(_TAB)) - len(line.expandtabs(_TAB).lstrip())
