"""People, sharing and the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What a person may do with a collection: read it; add and remove documents; share, rename and remove it.
Right = Literal["reader", "editor", "owner"]
Role = Literal["member", "admin"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in as its provider describes it. `email` is a verified address, or empty.

    `key` is unique to the sign-in; `began` is its time in seconds since 1970, where known.
    """

    issuer: str
    subject: str
    email: str
    name: str
    key: str
    began: float | None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, identified by issuer and subject. `disabled` is since when they are locked out."""

    id: str
    issuer: str
    subject: str
    email: str
    name: str
    role: Role
    disabled: str | None
    created: str
    seen: str


@dataclass(frozen=True, slots=True)
class Group:
    """People that a collection can be shared with at once. `members` are their ids, for admins only."""

    id: str
    name: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A right given in a collection. `target` is the id of a person or a group; empty for everybody."""

    collection: str
    kind: Literal["person", "group", "everybody"]
    target: str
    role: Right
    name: str
    created: str


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """An entry of the audit log.

    `name` is the collection's name at that time, `what` the object of the action; `document` is empty for an admin who
    may not read the collection.
    """

    id: str
    person: str
    action: str
    collection: str
    name: str
    what: str
    document: str
    created: str


@dataclass(frozen=True, slots=True)
class CollectionSummary:
    """A collection as admins see it: its owner and sizes, and nothing of its contents."""

    id: str
    owner: str
    name: str
    documents: int
    shares: int
    created: str
