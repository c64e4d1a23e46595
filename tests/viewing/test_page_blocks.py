"""A page as it is laid out in the source panel: headings, paragraphs, tables, and the quoted words in them."""

from __future__ import annotations

from rag.core.types import Page
from rag.ingestion.loading import load_bytes
from rag.viewing.page_blocks import Block, page_blocks

MARKDOWN = b"""# House rules

Visitors park behind the hall.
The barrier opens at six.

| Place | Fee | Hours |
|---|---|---|
| Quay | 4 euros | 6 to 22 |
| Slip | 12 euros | all day |

## Keys

A lost key costs 45 euros.
"""


def read(data: bytes, name: str) -> Page:
    return load_bytes(data, name).pages[0]


def shown(block: Block) -> object:
    if block.kind == "table":
        return [[cell.text for cell in row.cells] + (["*"] if row.marked else []) for row in block.rows]
    return (block.kind, "".join(f"[{text}]" if mark == "quote" else text for text, mark in block.pieces))


def blocks(page: Page, quoted: str) -> list[object]:
    start = page.text.index(quoted)
    return [shown(block) for block in page_blocks(page, [(start, start + len(quoted))])]


def test_markdown_is_drawn_as_a_reader_knows_it() -> None:
    page = read(MARKDOWN, "rules.md")
    assert blocks(page, "The barrier opens at six.") == [
        ("heading", "House rules"),
        ("text", "Visitors park behind the hall.\n[The barrier opens at six.]"),
        [["Place", "Fee", "Hours"], ["Quay", "4 euros", "6 to 22"], ["Slip", "12 euros", "all day"]],
        ("heading", "Keys"),
        ("text", "A lost key costs 45 euros."),
    ]


def test_the_row_that_is_quoted_is_marked_and_no_other() -> None:
    page = read(MARKDOWN, "rules.md")
    (table,) = [each for each in blocks(page, "Slip | 12 euros | all day") if isinstance(each, list)]
    assert table[1:] == [["Quay", "4 euros", "6 to 22"], ["Slip", "12 euros", "all day", "*"]]


def test_a_heading_can_be_quoted() -> None:
    page = read(MARKDOWN, "rules.md")
    assert ("heading", "[Keys]") in blocks(page, "Keys")


def test_cells_that_are_merged_stay_so() -> None:
    html = (
        b"<h1>Fees</h1><table><tr><th>Boat</th><th colspan=2>Fee</th></tr>"
        b"<tr><td rowspan=2>Dinghy</td><td>day</td><td>7 euros</td></tr><tr><td>week</td><td>30 euros</td></tr></table>"
    )
    (table,) = [block for block in page_blocks(read(html, "fees.html"), []) if block.kind == "table"]
    spans = [[(cell.text, cell.row_span, cell.column_span) for cell in row.cells] for row in table.rows]
    assert spans == [
        [("Boat", 1, 1), ("Fee", 1, 2)],
        [("Dinghy", 2, 1), ("day", 1, 1), ("7 euros", 1, 1)],
        [("week", 1, 1), ("30 euros", 1, 1)],
    ]


def test_what_was_left_out_stands_at_its_place_and_is_marked() -> None:
    html = b"<h1>Rules</h1><p>The fee is <del>10</del> 12 euros.</p>"
    pieces = [piece for block in page_blocks(read(html, "rules.html"), []) for piece in block.pieces]
    assert ("10", "left_out") in [(text.strip(), mark) for text, mark in pieces]
    assert " ".join(text for text, mark in pieces if not mark).split() == ["Rules", "The", "fee", "is", "12", "euros."]


def test_no_word_of_the_page_is_lost() -> None:
    page = read(MARKDOWN * 3, "rules.md")
    words = [
        word
        for block in page_blocks(page, [])
        for text in ([text for text, _ in block.pieces] + [cell.text for row in block.rows for cell in row.cells])
        for word in text.split()
    ]
    assert words == [word for word in page.text.replace("|", " ").split() if word.strip("#-")]


MARKED = b"""# The `badge`

Every colleague gets a **mentor** and [a form](/forms/a.pdf); 2 * 3 * 4 is not *one* sign, nor is snake_case_name.

<Tabs key="code">
</Tabs>

```bash
footnote *run*

echo _x_
```

Then _sign_ it.

| Key | Opens |
|---|---|
| **red** | the hall |
"""


def test_the_signs_of_markdown_are_not_shown_and_code_stands_as_it_is() -> None:
    page = read(MARKED, "badge.md")
    start, end = page.text.index("Every"), page.text.index("; 2")
    assert [shown(block) for block in page_blocks(page, [(start, end)], "markdown")] == [
        ("heading", "The badge"),
        ("text", "[Every colleague gets a mentor and a form]; 2 * 3 * 4 is not one sign, nor is snake_case_name."),
        ("code", "footnote *run*\n\necho _x_"),
        ("text", "Then sign it."),
        [["Key", "Opens"], ["red", "the hall"]],
    ]


def test_a_text_that_is_no_markdown_keeps_its_signs() -> None:
    page = read(b"Costs **twice** `as` much.\n", "note.txt")
    assert [shown(block) for block in page_blocks(page, [], "text")] == [("text", "Costs **twice** `as` much.")]
