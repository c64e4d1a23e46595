"""Small presentations for tests, written by python-pptx."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches


def slides() -> bytes:
    """Five slides: a list with notes, boxes in columns, a table and a chart, a picture, a hidden one."""
    made = Presentation()
    _list(made)
    _columns(made)
    _figures(made)
    bare = made.slides.add_slide(made.slide_layouts[6])
    bare.shapes.add_picture(_picture(), Inches(1), Inches(1))
    bare.shapes[0]._element.nvPicPr.cNvPr.set("descr", "image1.png")
    hidden = made.slides.add_slide(made.slide_layouts[5])
    hidden.shapes.title.text = "Not shown to guests"
    hidden._element.set("show", "0")
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _list(made: Any) -> None:
    slide = made.slides.add_slide(made.slide_layouts[1])
    body = slide.placeholders[1].text_frame
    body.text = "The harbour opens at six."
    body.add_paragraph().text = "The lock closes at nine."
    slide.shapes.title.text = "Opening hours"
    slide.notes_slide.notes_text_frame.text = "Say that Sundays differ."


def _columns(made: Any) -> None:
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Two piers"
    for left, top, text in (
        (5, 4, "South: for boats over ten metres."),
        (5, 2, "South pier"),
        (0.5, 2, "North pier"),
        (0.5, 4, "North: for dories."),
    ):
        box = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(4), Inches(1))
        box.text_frame.text = text
    picture = slide.shapes.add_picture(_picture(), Inches(0.5), Inches(6), Inches(1), Inches(1))
    picture._element.nvPicPr.cNvPr.set("descr", "A map of both piers")


def _figures(made: Any) -> None:
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Fees"
    table = slide.shapes.add_table(3, 3, Inches(1), Inches(2), Inches(6), Inches(1)).table
    for row, cells in enumerate((("Boat", "Day", "Night"), ("Dory", "5", "20"), ("Ketch", "", "70"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(2, 0).merge(table.cell(2, 1))
    data = CategoryChartData(number_format="0.0%")
    data.categories = ["Spring", "Summer"]
    data.add_series("Berths taken", (0.25, 0.755))
    place = (Inches(1), Inches(4), Inches(6), Inches(3))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "How full the harbour is"


def _picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "navy").save(out, "PNG")
    out.seek(0)
    return out
