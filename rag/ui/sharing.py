"""Sharing of a collection, with sign-in: who it is shared with, and the owners' menu."""

from __future__ import annotations

from typing import Final

import streamlit as st

from rag.core.types import Collection, Right, Share
from rag.library.store.shares import Kind
from rag.ui.page_frame import Frame, show_errors
from rag.ui.safe_views import draw_muted, label

# Everybody cannot become an owner.
_ROLES: Final[dict[Kind, tuple[Right, ...]]] = {
    "person": ("reader", "editor", "owner"),
    "group": ("reader", "editor", "owner"),
    "everybody": ("reader", "editor"),
}


def draw_sharing(page: Frame, collection: Collection, right: Right) -> None:
    """The person's right and its source; for owners the sharing menu."""
    if page.person is None or collection.samples:
        return
    if right != "owner":
        names = page.services.store.people.names([collection.owner])
        owner = names.get(collection.owner, page.texts("people.nameless"))
        draw_muted(page.texts(f"sharing.as_{right}", owner=owner))
        return
    with show_errors(page):
        shares = page.services.store.shares.list(page.owner, collection.id)
        title = page.texts.count("sharing.with", len(shares)) if shares else page.texts("sharing.share")
        with st.popover(title, icon=":material/group_add:", key=f"sharing-{collection.id}"):
            for share in shares:
                _draw_share(page, share)
            if shares:
                st.divider()
            _draw_form(page, collection, len(shares))


def _draw_share(page: Frame, share: Share) -> None:
    texts = page.texts
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        draw_muted(f"{share.name or texts(f'sharing.{share.kind}')} · {texts(f'sharing.{share.role}')}")
        key = f"withdraw-{share.collection}-{share.kind}-{share.target}"
        if st.button(texts("sharing.withdraw"), key=key, type="tertiary", icon=":material/close:"):
            with show_errors(page):
                page.services.store.shares.withdraw(page.owner, share.collection, share.kind, share.target)
                st.rerun()


def _draw_form(page: Frame, collection: Collection, count: int) -> None:
    texts, store = page.texts, page.services.store
    groups = {group.id: group.name for group in store.people.groups(page.owner)}
    kinds = [kind for kind in _ROLES if kind != "group" or groups]
    # The form is reset after each share.
    key = f"{collection.id}-{count}"
    kind = st.segmented_control(
        texts("sharing.whom"),
        kinds,
        default="person",
        format_func=lambda kind: texts(f"sharing.{kind}"),
        required=True,
        key=f"share-kind-{key}",
    )
    whom = ""
    if kind == "person":
        whom = st.text_input(texts("sharing.email"), max_chars=320, key=f"share-email-{key}").strip()
    elif kind == "group":
        whom = st.selectbox(
            texts("sharing.group"), list(groups), format_func=lambda key: label(groups[key]), key=f"share-group-{key}"
        )
    role = st.selectbox(
        texts("sharing.role"),
        _ROLES[kind],
        format_func=lambda role: texts(f"sharing.{role}"),
        key=f"share-role-{kind}-{key}",
    )
    if st.button(texts("sharing.give"), key=f"share-{key}", type="primary") and (whom or kind == "everybody"):
        with show_errors(page):
            store.shares.give(page.owner, collection.id, kind, whom, role)
            st.rerun()
