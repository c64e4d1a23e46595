"""A person brings documents in, sees them read, opens and removes them; bad ones are named and harm nothing."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import FilePayload, expect
from reportlab.pdfgen.canvas import Canvas

from tests.browser.conftest import User

pytestmark = pytest.mark.browser


def pdf(*lines: str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for i, line in enumerate(lines):
        canvas.drawString(72, 760 - 20 * i, line)
    canvas.save()
    return out.getvalue()


def file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def documents(user: User) -> list[str]:
    return user.page.locator("[class*='st-key-open-'] button").all_inner_texts()


def wait_until_read(user: User) -> None:
    expect(user.page.get_by_role("progressbar")).to_have_count(0)
    user.settle()


def test_a_pdf_is_uploaded_and_answers(user: User) -> None:
    user.make_collection("Garden")
    user.upload(file("garden.pdf", pdf("The greenhouse is watered at six in the morning.", "Tools hang in shed B.")))
    expect(user.page.get_by_role("button", name="garden.pdf")).to_be_visible()
    user.page.get_by_role("link", name="Chat").click()
    answer = user.ask("When is the greenhouse watered?")
    expect(answer.locator(".quote").first).to_contain_text("six in the morning")
    expect(answer.locator(".quote").first).to_contain_text("garden.pdf")
