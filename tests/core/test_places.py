"""Where something stands: how it is said to people, and how it is written as JSON."""

from __future__ import annotations

import pytest

from rag.core.places import PageBox, Place
from rag.ui.texts import Language, Texts


@pytest.mark.parametrize(
    ("place", "language", "said"),
    [
        (Place("pdf", 7, "iv", "Leave"), "en", "page iv · Leave"),
        (Place("pdf", 7, "iv"), "zh", "第 iv 页"),
        # A reader of a Markdown file sees its lines, a reader of a Word file or a web page does not.
        (Place("markdown", 1, "1", "Leave", 12), "en", "line 12 · Leave"),
        (Place("text", 2, "90", "", 90), "en", "line 90"),
        (Place("word", 1, "1", "Leave", 12), "en", "Leave"),
        (Place("web", 1, "1", "", 12), "en", ""),
        (Place("excel", 2, "Budget", "Budget", cells="A3:D3"), "en", "sheet Budget · A3:D3"),
        (Place("excel", 2, "Budget", "Budget", cells="A3:D3"), "zh", "工作表 Budget · A3:D3"),
        (Place("csv", 1, "", "", cells="A3:D3"), "en", "A3:D3"),
        # Answers that were kept before lines were.
        (Place("text", 1, "1"), "en", ""),
        # Of what a later version has read, no more is said than is sure.
        (Place("hologram", 1, "1", "Leave", 12), "en", "Leave"),
    ],
)
def test_a_place_is_said_as_a_reader_of_the_file_finds_it(place: Place, language: Language, said: str) -> None:
    assert place.shown(Texts(language)) == said


def test_a_place_is_written_with_all_that_is_known() -> None:
    box = PageBox(7, 72.0, 56.5, 200.0, 70.0)
    assert Place("pdf", 7, "iv", "Leave", boxes=(box,)).fields() == {
        "page": 7,
        "label": "iv",
        "boxes": [[7, 72.0, 56.5, 200.0, 70.0]],
        "section": "Leave",
        "line": None,
        "slide": None,
        "sheet": None,
        "cells": None,
    }
    assert Place("word", 2, "90", "Leave", 91).fields() == {
        "page": None,
        "label": None,
        "boxes": None,
        "section": "Leave",
        "line": 91,
        "slide": None,
        "sheet": None,
        "cells": None,
    }
    sheet = Place("excel", 2, "Budget", "Budget", cells="A3:D3").fields()
    assert [sheet[key] for key in ("page", "label", "sheet", "cells")] == [None, None, "Budget", "A3:D3"]
