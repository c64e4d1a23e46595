"""Every way to lose a right, for G35: who is there, what Bob has at first, what takes it away, and what shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag.core.types import Collection
from rag.library.store import Store
from rag.ui.texts import Texts
from tests.guarantees.strangers import signed_in

NAME = "Papers of the committee"
ENGLISH = Texts("en")


@dataclass
class Scene:
    """A library, the people in it, and the collection at hand, which Ann has."""

    store: Store
    people: dict[str, str] = field(default_factory=dict)
    group: str = ""
    collection: Collection | None = None

    @property
    def at_hand(self) -> str:
        assert self.collection is not None
        return self.collection.id

    def share(self, kind: str, whom: str, role: str) -> None:
        self.store.shares.give(self.people["ann"], self.at_hand, kind, whom, role)  # type: ignore[arg-type]


def scene(data: Path) -> Scene:
    store = Store.open(data)
    made = Scene(store)
    for who in ("ada", "ann", "bob", "eve"):
        made.people[who] = store.people.admit(signed_in(who), hours=12, admins=["ada@example.org"]).id
    made.group = store.people.make_group(made.people["ada"], "Team").id
    return made


def begin(made: Scene) -> None:
    """As before each loss: Bob is in, a member of the group, and reaches nothing of Ann's but by what is given next."""
    store, ada, bob = made.store, made.people["ada"], made.people["bob"]
    store.people.enable(ada, bob)
    store.people.set_role(ada, bob, "member")
    if made.group not in [group.id for group in store.people.groups(ada)]:
        made.group = store.people.make_group(ada, "Team").id
    store.people.set_members(ada, made.group, [bob])
    made.collection = store.collections.create(made.people["ann"], f"{NAME} {time.monotonic_ns()}")


@dataclass(frozen=True)
class Loss:
    """A right that Bob has at first and loses; which page shows it, and what stands on it before and after."""

    give: Callable[[Scene], object]
    take: Callable[[Scene], object]
    page: str = "documents"
    before: str = NAME
    after: str = ""


def _to(kind: str, role: str = "reader") -> Callable[[Scene], object]:
    def give(made: Scene) -> None:
        whom = {"person": "bob@example.org", "group": made.group, "everybody": ""}[kind]
        made.share(kind, whom, role)

    return give


def _withdraw(kind: str) -> Callable[[Scene], object]:
    def take(made: Scene) -> None:
        target = {"person": made.people["bob"], "group": made.group, "everybody": ""}[kind]
        made.store.shares.withdraw(made.people["ann"], made.at_hand, kind, target)  # type: ignore[arg-type]

    return take


def _hand_over(made: Scene) -> None:
    store, ada = made.store, made.people["ada"]
    store.people.disable(ada, made.people["ann"])
    try:
        # Ann gave it to Bob to read; Eve, whose it becomes, takes that back.
        store.people.hand_over(ada, made.at_hand, made.people["eve"])
        store.shares.withdraw(made.people["eve"], made.at_hand, "person", made.people["bob"])
    finally:
        store.people.enable(ada, made.people["ann"])


LOSSES = {
    "shut out": Loss(
        _to("person"),
        lambda made: made.store.people.disable(made.people["ada"], made.people["bob"]),
        after=ENGLISH("errors.person_disabled")[:20],
    ),
    "no longer an admin": Loss(
        lambda made: made.store.people.set_role(made.people["ada"], made.people["bob"], "admin"),
        lambda made: made.store.people.set_role(made.people["ada"], made.people["bob"], "member"),
        page="people",
        before=ENGLISH("people.groups_help")[:20],
        after=ENGLISH("door.for_admins")[:20],
    ),
    "share taken back": Loss(_to("person"), _withdraw("person")),
    "share with all taken back": Loss(_to("everybody"), _withdraw("everybody")),
    "share with a group taken back": Loss(_to("group"), _withdraw("group")),
    "out of the group": Loss(
        _to("group"), lambda made: made.store.people.set_members(made.people["ada"], made.group, [])
    ),
    "the group is gone": Loss(
        _to("group"), lambda made: made.store.people.remove_group(made.people["ada"], made.group)
    ),
    "collection removed": Loss(
        _to("person"), lambda made: made.store.collections.remove(made.people["ann"], made.at_hand)
    ),
    "collection handed over": Loss(_to("person"), _hand_over),
    "may no longer change": Loss(
        _to("person", "editor"),
        _to("person"),
        # The form to add files.
        before="file_uploader",
        after=ENGLISH("sharing.as_reader", owner="Ann")[:20],
    ),
    # Last: a sign-in that has ended never comes back.
    "signed out elsewhere": Loss(
        _to("person"),
        lambda made: made.store.people.sign_out(made.people["bob"], signed_in("bob").key),
        after=ENGLISH("errors.sign_in_ended")[:20],
    ),
}
