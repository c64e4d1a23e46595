"""What the fields of a form hold: ticked boxes, choices, values that are filled in."""

from __future__ import annotations

from bs4.element import Tag

from rag.ingestion.loading.signs import BOX, TICKED

_SILENT = {"hidden", "password", "image", "file"}


def field_text(tag: Tag) -> str | None:
    """What stands in a field as a reader sees it; None where the tag is no field."""
    if tag.name == "input":
        return _input(tag)
    if tag.name == "textarea":
        return tag.get_text()
    if tag.name == "select":
        return ", ".join(_chosen(tag))
    return None


def _input(tag: Tag) -> str:
    type_ = str(tag.get("type", "text")).strip().lower()
    if type_ in ("checkbox", "radio"):
        return TICKED if tag.has_attr("checked") else BOX
    return "" if type_ in _SILENT else str(tag.get("value", "")).strip()


def _chosen(tag: Tag) -> list[str]:
    """The options that are chosen; a list that drops down shows its first where none is."""
    options = [option for option in tag.find_all("option") if isinstance(option, Tag)]
    chosen = [option for option in options if option.has_attr("selected")]
    if not chosen and not tag.has_attr("multiple") and str(tag.get("size", "1")) in ("", "0", "1"):
        chosen = options[:1]
    return [text for option in chosen if (text := " ".join(option.get_text().split()) or str(option.get("label", "")))]
