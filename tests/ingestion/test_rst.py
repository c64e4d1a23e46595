"""reStructuredText, as far as people read it."""

from __future__ import annotations

import pytest

from rag.core.errors import NoText
from rag.core.types import Heading
from rag.ingestion.loading import load_bytes

TEXT = """\
.. _top:

==============
 Ship's Manual
==============

:Author: The mate

The manual says what to do.

.. A remark of the author,
   on two lines.

Watches
=======

.. note:: Each watch lasts
   :class: wide
   four hours.

.. figure:: bridge.png
   :width: 40%
   :alt: a bridge

   The bridge by night.

.. code-block:: python
   :linenos:

   ring(8)

Bells
-----

Eight bells end a watch. [1]_

.. raw:: html

   <b>never</b>

.. [1] Except the dog watches.

----

Knots
=====
Tie them well.
"""


def test_titles_are_headings_with_their_levels() -> None:
    document = load_bytes(TEXT.encode(), "manual.rst")
    (page,) = document.pages
    assert (document.kind, document.title) == ("rst", "Ship's Manual")
    found = [(heading.title, heading.level) for heading in page.headings]
    assert found == [("Ship's Manual", 1), ("Watches", 2), ("Bells", 3), ("Knots", 2)]
    assert all(page.text[heading.start :].lstrip().startswith(heading.title) for heading in page.headings)


def test_what_is_written_for_a_program_is_left_out_and_lines_keep_their_numbers() -> None:
    (page,) = load_bytes(TEXT.encode(), "manual.rst").pages
    left_out = (
        ".. ",
        ":width:",
        ":alt:",
        ":linenos:",
        ":class:",
        "bridge.png",
        "python",
        "remark",
        "<b>",
        "===",
        "---",
    )
    assert [words for words in left_out if words in page.text] == []
    written = TEXT.splitlines()
    for words in (
        "Each watch lasts",
        "four hours.",
        "The bridge by night.",
        "ring(8)",
        "Except the dog watches.",
        "The mate",
    ):
        line = next(number for number, one in enumerate(written, 1) if words in one)
        assert page.line(page.text.index(words)) == line


@pytest.mark.parametrize(
    "text",
    [
        # A rule is no title's: below a paragraph of two lines, too short, indented, or with more than one sign.
        "Some words\nand more\n====\n\nText.",
        "A long line of words\n==\n\nText.",
        "Words.\n\n   Indented\n   ========\n",
        "Words\n=-=-=\n",
    ],
)
def test_other_lines_are_no_titles(text: str) -> None:
    (page,) = load_bytes(text.encode(), "a.rst").pages
    assert page.headings == ()
    assert page.text == text


def test_windows_line_ends_are_one_line_end() -> None:
    (page,) = load_bytes(b"Watches\r\n=======\r\n\r\nFour hours.", "a.rst").pages
    assert page.headings == (Heading(0, "Watches"),)
    assert page.text == "Watches\n\n\nFour hours."


def test_a_file_of_remarks_holds_no_text() -> None:
    with pytest.raises(NoText):
        load_bytes(b".. nothing\n   to read\n", "a.rst")
