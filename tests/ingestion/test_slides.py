"""Slides: each a page, what is on it in reading order, its tables and charts, its notes."""

from __future__ import annotations

import io
import zipfile

import pytest

from rag.core.errors import DamagedFile, NoWords, UnreadableDocument
from rag.core.places import Place
from rag.ingestion.loading import load_bytes
from rag.ui.texts import Texts
from tests.support.slide_files import slides


def test_a_slide_is_read_as_people_read_it() -> None:
    document = load_bytes(slides(), "harbour.pptx")
    assert (document.kind, len(document.pages), document.title) == ("powerpoint", 5, "Opening hours")
    first, second, *_ = document.pages
    assert first.text == (
        "Opening hours\n\n• The harbour opens at six.\n• The lock closes at nine.\n\nNotes\n\nSay that Sundays differ."
    )
    assert [(heading.title, heading.level) for heading in first.headings] == [("Opening hours", 1), ("Notes", 2)]
    assert second.text.split("\n\n") == [
        "Two piers", "North pier", "South pier", "North: for dories.", "South: for boats over ten metres.",
        "A map of both piers",
    ]  # fmt: skip


def test_tables_and_the_figures_of_charts_are_tables() -> None:
    page = load_bytes(slides(), "harbour.pptx").pages[2]
    table, chart = page.tables
    assert [page.text[a:b] for a, b in table.rows] == ["Boat | Day | Night", "Dory | 5 | 20", "Ketch | Ketch | 70"]
    assert table.heads == ("Boat", "Day", "Night")
    assert [page.text[a:b] for a, b in chart.rows] == [" | Berths taken", "Spring | 25.0%", "Summer | 75.5%"]
    assert page.text[slice(*chart.caption)] == "How full the harbour is"


def test_what_is_not_seen_is_said() -> None:
    *_, picture, hidden = load_bytes(slides(), "harbour.pptx").pages
    assert (picture.text, picture.unread) == ("", "picture")
    assert (hidden.text, [(part.why, part.text) for part in hidden.left_out]) == (
        "",
        [("hidden", "Not shown to guests")],
    )


def test_a_place_on_a_slide_is_said_by_its_number() -> None:
    place = Place("powerpoint", 3, "3", "Fees")
    assert (place.shown(Texts("en")), place.shown(Texts("zh"))) == ("slide 3 · Fees", "幻灯片 3 · Fees")
    assert (place.fields()["slide"], place.fields()["page"]) == (3, 3)


def without(part: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(slides())) as read, zipfile.ZipFile(out, "w") as made:
        for name in read.namelist():
            if not name.startswith(part):
                made.writestr(name, read.read(name))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"Just words.", DamagedFile), (slides()[:2000], DamagedFile), (without("ppt/slides/slide"), NoWords)],
)
def test_what_is_wrong_with_slides_is_said(data: bytes, error: type[UnreadableDocument]) -> None:
    with pytest.raises(error):
        load_bytes(data, "harbour.pptx")
