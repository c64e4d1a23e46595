"""G31. No pattern runs away: whatever strangers wrote, a pattern of the app takes time in proportion to the text, and
a line made to keep one busy is read, asked about, quoted, checked and drawn like any other.

All patterns count: those that a module keeps under a name, and those made while the app runs; none is written
in a call. Each gets, by the methods it is used with, texts made of its own parts.
"""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

import rag
from rag.answering.evidence.answer_types import _DATE, _PERCENT, answer_kind
from rag.answering.evidence.ranges import in_range
from rag.answering.retrieval import question_kind
from rag.answering.verification.names import spelt_out
from rag.ingestion.loading.text import read_text
from rag.ingestion.loading.textlayer import tidy
from rag.ingestion.splitting import SEPARATORS
from rag.models.llms.chat_format import PlainFormat
from tests.guarantees import hostile
from tests.guarantees.apps import PROJECT
from tests.guarantees.library import size
from tests.guarantees.patterns import attacks, patterns_in, uses

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processor time is limited by way of setrlimit")
ATTACKS = size(80, 1500)  # texts for each pattern
REPEATS = size(4_000, 40_000)
# Seconds of processor time after which a child is ended.
DEADLINE = size(600, 7200)
ASKING = 300


class Marked:
    """What a formatter needs of a model to know its control tokens."""

    control_texts = ("<|im_start|>", "<|im_end|>", "</s>", "<<SYS>>", "<" * 40 + "x", "aab", "a a a b")


# Where patterns are made while the app runs, and such patterns from generated input.
BUILT: dict[str, Callable[[], list[re.Pattern[str]]]] = {
    "rag.answering.verification.names.spelt_out": lambda: [
        spelt_out(letters) for letters in ("AA", "AAAAAA", "OFTTAF", "ILO")
    ],
    "rag.models.llms.chat_format.Formatter.__init__": lambda: [PlainFormat(Marked())._control],  # type: ignore[arg-type,list-item]
}
BAD = {
    "exponential": (r"\S.*?\s(?:(?:[-–]?\s?\d[\d.]*|[-–])\s+)+\d\s*$", "match"),
    "exponential, of a comment": (r"\s*(<!--.*?-->\s*)*<html", "match"),
    "cubic": (r" {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", "match"),
    "square of a match": (r"\W*contents\W*(?:page)?\W*$", "match"),
    "square of a search": (r"\s+$", "search"),
    "square in spite of being possessive": (r"\s++$", "search"),
    "square of finding all": (r"(?<!\w)\d[\d.,]*%", "finditer"),
    "square of putting in place": (r"(?:^|\n)\s*(\d{1,2})\.", "sub"),
    "square behind a word": (r"charset\s*=\s*[\"']?\s*x", "search"),
}
GOOD = {"the same search, linear": (r"(?<!\s)\s++$", "search"), "a heavy one": ("|".join("abcdefghijk"), "finditer")}


def sources() -> dict[str, Path]:
    """Every module of the app by its name."""
    files = [*PROJECT.glob("rag/**/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")]
    return {".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def busy(patterns: Mapping[str, tuple[re.Pattern[Any], Sequence[str]]]) -> tuple[int, list[str]]:
    """How many texts a child tried on patterns and their methods, and which were not linear."""
    told = [
        {
            "name": name,
            "pattern": pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1"),
            "bytes": isinstance(pattern.pattern, bytes),
            "flags": pattern.flags,
            "methods": list(methods),
        }
        for name, (pattern, methods) in patterns.items()
    ]
    job = json.dumps({"patterns": told, "most": ATTACKS, "deadline": DEADLINE})
    command = [sys.executable, "-m", "tests.guarantees.busy"]
    done = subprocess.run(command, cwd=PROJECT, input=job, capture_output=True, text=True)
    assert done.returncode == 0, f"did not end within {DEADLINE} s of processor time: {done.stderr[-500:]}"
    result = json.loads(done.stdout)
    return result["tried"], result["slow"]


def test_g31_no_pattern_is_written_in_a_call(tmp_path: Path) -> None:
    found = uses(sources())
    assert found.in_calls == []
    assert found.built == set(BUILT)
    (tmp_path / "careless.py").write_text(
        "import re\nfrom re import search\n\ndef f(a, b):\n    re.compile(a).match(b)\n    return re.sub(a, '', b)\n"
    )
    careless = uses({"careless": tmp_path / "careless.py"})
    print(f"G31: {len(found.in_calls)} patterns in calls, {len(found.built)} places that make one while the app runs")
    print(f"G31 control: {len(careless.in_calls) + len(careless.built)} of 3 careless uses seen")
    assert careless.in_calls == ["careless:2", "careless:6"]
    assert careless.built == {"careless.f"}


def test_g31_every_pattern_is_found() -> None:
    """Each name that a module gives a pattern is among those found by looking into the modules."""
    found = patterns_in(rag)
    named = [
        f"{module}.{target.id}"
        for module, file in sources().items()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and "re.compile(" in ast.unparse(node)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    ]
    assert len(named) > 100
    missing = [
        name for name in named if name not in found and f"{name}[0]" not in found and f"{name}[0][0]" not in found
    ]
    assert missing == []


def test_g31_every_pattern_is_linear() -> None:
    used = uses(sources())
    places: dict[re.Pattern[Any], list[str]] = defaultdict(list)
    for place, pattern in patterns_in(rag).items():
        places[pattern].append(place)
    wanted = {names[0]: (pattern, used.of(names)) for pattern, names in places.items()}
    for place, made in BUILT.items():
        wanted |= {f"{place}[{i}]": (pattern, ["search", "sub"]) for i, pattern in enumerate(made())}
    # The splitter's library makes patterns of these, and cuts with them.
    wanted |= {f"SEPARATORS {s!r}": (re.compile(f"({s})"), ["search", "split"]) for s in SEPARATORS if s}
    tried, slow = busy(wanted)
    print(f"G31: {len(wanted)} patterns, {tried} texts, {len(slow)} not linear")
    assert slow == []
    assert tried > 50 * len(wanted)


def test_g31_control_bad_patterns_are_caught() -> None:
    wanted = {name: (re.compile(pattern, re.DOTALL), [method]) for name, (pattern, method) in (BAD | GOOD).items()}
    _, slow = busy(wanted)
    caught = {line.split(": ")[0] for line in slow}
    print(
        f"G31 control: {len(caught & BAD.keys())} of {len(BAD)} bad patterns caught, {len(caught & GOOD.keys())} good"
    )
    assert caught == BAD.keys()


def test_g31_texts_are_made_of_the_parts_of_a_pattern() -> None:
    made = {attack.pump for attack in attacks(re.compile(r"(?:item|part)\s+[IVX]+(?!q)"), 10_000)}
    assert {"item", "part", "I", "V", "IVX", "item ", "item I", "q"} <= made


def limited(*command: str, seconds: int, **environment: str) -> subprocess.CompletedProcess[str]:
    """A child that is ended after so much processor time, however busy the machine is."""
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1)),
    )


@pytest.mark.nightly
def test_g31_every_hostile_line_is_read_asked_about_checked_and_drawn() -> None:
    done = limited("tests.guarantees.hostile", "40", str(REPEATS), seconds=DEADLINE)
    assert done.returncode == 0, done.stderr[-800:]
    took: dict[str, float] = json.loads(done.stdout)
    print(f"G31: {len(hostile.LINES)} hostile lines of 40 and {REPEATS} repeats, {len(took)} steps, all of them ended")
    assert len(took) == 2 * 5 * len(hostile.LINES)


@pytest.mark.nightly
def test_g31_hostile_lines_go_through_the_command_line(tmp_path: Path) -> None:
    row = f"Lisbon Rovers{' - 1' * 40}"
    (tmp_path / "results.txt").write_text(f"Results of the season, home and away.\n\n{row}\n", encoding="utf-8")
    names_of_lines = list(hostile.LINES)
    for repeats, some in ((40, names_of_lines), (4000, names_of_lines[: size(2, 99)])):
        lines = "\n\n".join(hostile.line(name, repeats) for name in some)
        (tmp_path / f"lines {repeats}.md").write_text(lines, encoding="utf-8")
    place = {"RAG_DATA_DIR": str(tmp_path / "data"), "RAG_MODEL": "custom:tests.guarantees.hostile:Echo"}
    files = [str(file) for file in sorted(tmp_path.glob("*.*"))]
    read = limited("rag", "ingest", *files, "--json", seconds=ASKING, **place)
    assert read.returncode == 0, read.stderr
    assert [document["status"] for document in json.loads(read.stdout)["documents"]] == ["ready"] * 3
    questions = ("What are the results of Lisbon Rovers?", row)[: size(1, 2)]
    for question in questions:
        asked = limited("rag", "ask", question, "--json", seconds=ASKING, **place)
        assert asked.returncode == 0, asked.stderr
        quotes = json.loads(asked.stdout)["quotes"]
        assert any(quote["document"] == "results.txt" and row in quote["text"] for quote in quotes), quotes
    print(f"G31: {len(files)} files of such lines read and {len(questions)} questions asked on the command line")


def test_g31_what_lies_beyond_a_bound_follows_a_rule() -> None:
    """Ordinary things keep their meaning, and what no one writes gets the meaning that the code's comments state."""
    assert [match.group() for match in _DATE.finditer("the mid-nineteenth century")] == ["mid-nineteenth century"]
    assert [match.group() for match in _DATE.finditer(f"{'x' * 60} century")] == ["century"]
    assert answer_kind("What percentage?") is _PERCENT
    assert [bool(_PERCENT.search(f"{'1' * length} %")) for length in (1, 30, 31, 4000)] == [True, True, False, False]
    assert in_range("What after six years?", "5 years or more")
    assert not in_range("What after six years?", f"5 {'y' * 41} or more")
    assert [
        question_kind(f"Summarise this{how}")
        for how in (" in English in ten words", " in a" * 40 + " way that is none")
    ] == [
        "summary",
        "question",
    ]
    headings = read_text(b"# Leave ##  \n# #Pay\n# ###\n#   \n", "a.md", "markdown").pages[0].headings
    assert [heading.title for heading in headings] == ["Leave", "#Pay"]
    # Hyphens at line ends: the page itself tells whether they stay, of its first thousand parted words.
    words = [chr(97 + i // 676) + chr(97 + i // 26 % 26) + chr(97 + i % 26) for i in range(1100)]
    page = tidy("\n".join(f"{word}-\nly {word}-ly" for word in words))
    assert page.count(f"{words[0]}-ly") == page.count(f"{words[999]}-ly") == 2
    assert (page.count(f"{words[1000]}-ly"), page.count(f"{words[1000]}ly")) == (1, 1)
