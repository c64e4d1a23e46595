"""Which model to bring first: the best that suits this machine."""

from __future__ import annotations

from collections.abc import Iterable

from rag.models.installed import Entry


def recommended(entries: Iterable[Entry], language: str) -> Entry | None:
    """The model that writes to begin with; None where none of the catalogue suits this machine.

    Of those that answer well here it is the largest, as larger ones of the catalogue write better; where all are slow,
    or it is not known yet, the smallest. It reads the person's language, fits into memory, is not too small to be
    believed, and needs no consent elsewhere.
    """
    able = [
        entry
        for entry in entries
        if entry.kind == "gguf"
        and entry.model is not None
        and entry.size
        and not (entry.model.small or entry.model.accept)
        and entry.fit.mark != "no"
        and ("many" in entry.model.languages or language in entry.model.languages)
    ]
    well = [entry for entry in able if entry.fit.mark == "well"]
    return max(well, key=_size) if well else min(able, key=_size, default=None)


def _size(entry: Entry) -> int:
    return entry.size or 0
