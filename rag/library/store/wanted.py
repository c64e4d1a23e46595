"""Which documents of a collection are wanted, as conditions of a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import sqlalchemy as sa

from rag.core.types import EVERYTHING, READING_VERSION, Selection
from rag.library.store import schema
from rag.library.store.columns import clean
from rag.library.store.permissions import reach

State = Literal["whole", "gaps", "outdated"]

_table, _pages, _tags = schema.documents, schema.pages, schema.document_tags


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which documents are listed: `words` stand in the name, title, address or a tag; what is empty limits nothing."""

    words: str = ""
    states: tuple[State, ...] = ()
    selection: Selection = EVERYTHING


ALL: Final = Wanted()


def here(owner: str, collection_id: str, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """Those of the collection that the person may read and that are wanted."""
    chosen = wanted.selection
    conditions = [_table.c.collection == collection_id, _table.c.collection.in_(reach(owner))]
    conditions += [_named(word) for word in clean(wanted.words).split()]
    if wanted.states:
        conditions.append(sa.or_(*(_STATES[state] for state in wanted.states)))
    if chosen.folders:
        conditions.append(sa.or_(*(_in_folder(folder) for folder in chosen.folders)))
    if chosen.tags:
        conditions.append(_table.c.id.in_(sa.select(_tags.c.document).where(_tags.c.tag.in_(chosen.tags))))
    if chosen.kinds:
        conditions.append(_table.c.kind.in_(chosen.kinds))
    if chosen.since or chosen.until:
        conditions.append(_table.c.date.between(chosen.since or "0001", chosen.until or "9999-12-31"))
    return conditions


def _named(word: str) -> sa.ColumnElement[bool]:
    places = (_table.c.name, _table.c.title, sa.func.coalesce(_table.c.address, ""), _table.c.folder)
    tagged = sa.select(_tags.c.document).where(_tags.c.tag.icontains(word, autoescape=True))
    return sa.or_(*(place.icontains(word, autoescape=True) for place in places), _table.c.id.in_(tagged))


def _in_folder(folder: str) -> sa.ColumnElement[bool]:
    """In it or below it; not by LIKE, which on SQLite takes capitals for small letters."""
    below = f"{folder}/"
    return sa.or_(_table.c.folder == folder, sa.func.substr(_table.c.folder, 1, len(below)) == below)


# Something in it was not read, or there is something to be known about it.
GAPS: Final = sa.or_(
    sa.exists().where(_pages.c.document == _table.c.id, _pages.c.unread.is_not(None)),
    sa.type_coerce(_table.c.empty_pages, sa.Text) != "[]",
    sa.type_coerce(_table.c.warnings, sa.Text) != "[]",
)
_OUTDATED: Final = _table.c.reading < READING_VERSION
_STATES: Final[dict[State, sa.ColumnElement[bool]]] = {
    "whole": sa.and_(~GAPS, ~_OUTDATED),
    "gaps": GAPS,
    "outdated": _OUTDATED,
}
