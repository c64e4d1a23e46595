"""Claims that read off a table: each figure is that of the row and of the column that the claim names."""

from __future__ import annotations

import pytest

from rag.answering.text_evidence import said_in_documents
from rag.answering.verification import verify
from rag.ingestion.loading import load_bytes
from rag.models.judges import open_judge

TARIFF = """# Ferry tariff

| Passenger | Single | Day return | Ten-trip card |
|---|---|---|---|
| Adult | £6.40 | £11.00 | £52.00 |
| Child | £3.20 | £5.50 | £26.00 |
| Bicycle | £2.00 | £3.50 | none |
"""


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("An adult pays £6.40 for a single crossing and £11.00 for a day return.", "supported"),
        ("For a single crossing an adult pays £6.40, and for a day return £11.00.", "supported"),
        ("The ten-trip card for a child costs £26.00.", "supported"),
        # Another column, another row, and the figures of two columns exchanged.
        ("The ten-trip card for a child costs £5.50.", "unsupported"),
        ("The ten-trip card for a child costs £52.00.", "unsupported"),
    ],
)
def test_a_claim_reads_off_the_cells_of_the_row_that_it_names(said: str, verdict: str) -> None:
    document = said_in_documents([load_bytes(TARIFF.encode(), "tariff.md")])
    assert verify(said, "", [], document, judge=open_judge())[0][0].verdict == verdict


@pytest.mark.parametrize(
    "said",
    [
        "An adult pays £11.00 for a single crossing and £6.40 for a day return.",
        "An adult does not pay £6.40 for a single crossing.",
        "An adult pays £6.40 on Sundays in winter for a berth on the night boat to the islands.",
    ],
)
def test_what_the_cells_do_not_say_is_not_supported(said: str) -> None:
    document = said_in_documents([load_bytes(TARIFF.encode(), "tariff.md")])
    assert verify(said, "", [], document, judge=open_judge())[0][0].verdict != "supported"
