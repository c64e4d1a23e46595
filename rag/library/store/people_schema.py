"""The tables of people: who they are, what is shared with them, what they did. `schema.py` has the others."""

from __future__ import annotations

import sqlalchemy as sa

from rag.library.store.columns import Real, Words
from rag.library.store.ddl import part_of, required, table

# `disabled` is since when, or NULL. A person's id is derived from issuer and subject.
people = table(
    "people",
    sa.Column("id", sa.Text, primary_key=True),
    *required(Words, "issuer", "subject", "email", "name"),
    *required(sa.Text, "role"),
    sa.Column("disabled", sa.Text),
    *required(sa.Text, "created", "seen"),
    sa.UniqueConstraint("issuer", "subject"),
)

sign_ins = table(
    "sign_ins",
    sa.Column("id", sa.Text, primary_key=True),
    part_of("people", "person"),
    *required(Real, "began"),
    sa.Column("ended", sa.Text),
)

groups = table(
    "person_groups",
    sa.Column("id", sa.Text, primary_key=True),
    *required(Words, "name", unique=True),
    *required(sa.Text, "created"),
)

group_members = table(
    "group_members",
    part_of("person_groups", "group_id", primary_key=True),
    part_of("people", "person", primary_key=True),
    sa.Index("group_members_by_person", "person"),
)

shares = table(
    "shares",
    part_of("collections", "collection", primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("target", sa.Text, primary_key=True),
    *required(sa.Text, "role", "created"),
    sa.Index("shares_by_target", "target", "kind"),
)

# Records outlive the collection that they are about.
activity = table(
    "activity",
    sa.Column("id", sa.Text, primary_key=True),
    *required(sa.Text, "person", "action", "collection"),
    *required(Words, "name", "what", "document"),
    *required(sa.Text, "created"),
    sa.Index("activity_by_time", "created"),
)
