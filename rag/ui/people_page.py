"""Parts of the admins' people page: people, groups, collections, audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from rag.core.types import AuditEvent, CollectionSummary, Group, Person
from rag.ui.page_frame import LOCAL_USER, Frame, person_name, show_errors
from rag.ui.safe_views import draw_entry, draw_muted, draw_table, label
from rag.ui.texts import Texts, moment


def names_of(page: Frame, people: Sequence[Person]) -> dict[str, str]:
    """Display names by id, including that of the owner of collections from before sign-in."""
    texts = page.texts
    named = {person.id: person_name(person, texts) for person in people}
    return {LOCAL_USER: texts("people.local")} | named


def draw_people(page: Frame, people: Sequence[Person]) -> None:
    """All people who have signed in, with role and actions."""
    hint = page.texts("people.filter")
    wanted = st.text_input(hint, label_visibility="collapsed", placeholder=hint, max_chars=200).lower()
    for person in people:
        if wanted in f"{person.name} {person.email}".lower():
            _draw_person(page, person)


def _draw_person(page: Frame, person: Person) -> None:
    texts = page.texts
    facts = [person.email or texts("people.no_email"), texts(f"people.role_{person.role}")]
    facts.append(texts("people.seen", when=moment(person.seen)))
    if person.disabled:
        facts.append(texts("people.since", when=moment(person.disabled)))
    with (
        st.container(border=True, key=f"person-{person.id}"),
        st.container(horizontal=True, wrap=False, vertical_alignment="center", horizontal_alignment="distribute"),
    ):
        draw_entry(person_name(person, texts), " · ".join(facts))
        if person.id != page.owner:
            _draw_changes(page, person)


def _draw_changes(page: Frame, person: Person) -> None:
    texts, people = page.texts, page.services.store.people
    with st.container(horizontal=True, width="content"), show_errors(page):
        if person.role == "member" and st.button(texts("people.make_admin"), key=f"up-{person.id}", type="tertiary"):
            people.set_role(page.owner, person.id, "admin")
            st.rerun()
        if person.role == "admin" and st.button(texts("people.make_member"), key=f"down-{person.id}", type="tertiary"):
            people.set_role(page.owner, person.id, "member")
            st.rerun()
        if person.disabled and st.button(texts("people.enable"), key=f"in-{person.id}", type="tertiary"):
            people.enable(page.owner, person.id)
            st.rerun()
        if not person.disabled and st.button(texts("people.disable"), key=f"out-{person.id}", type="tertiary"):
            people.disable(page.owner, person.id)
            st.rerun()


def draw_groups(page: Frame, groups: Sequence[Group], names: Mapping[str, str]) -> None:
    """The groups with their members, and a form for a new one."""
    texts, people = page.texts, page.services.store.people
    draw_muted(texts("people.groups_help"))
    for group in groups:
        with st.container(border=True, key=f"group-{group.id}"), show_errors(page):
            members = st.multiselect(
                label(group.name),
                [key for key in names if key != LOCAL_USER],
                default=[key for key in group.members if key in names],
                format_func=names.__getitem__,
                placeholder=texts("people.members"),
                key=f"members-{group.id}-{len(group.members)}",
            )
            with st.container(horizontal=True):
                if st.button(texts("people.save"), key=f"save-{group.id}", disabled=set(members) == set(group.members)):
                    people.set_members(page.owner, group.id, members)
                    st.rerun()
                if st.button(texts("people.remove_group"), key=f"drop-{group.id}", type="tertiary"):
                    people.remove_group(page.owner, group.id)
                    st.rerun()
    with st.form("new-group", clear_on_submit=True, border=False), show_errors(page):
        name = st.text_input(texts("people.new_group"), max_chars=80).strip()
        if st.form_submit_button(texts("people.create")) and name:
            people.make_group(page.owner, name)
            st.rerun()


def draw_collection_summaries(
    page: Frame, collection_summaries: Sequence[CollectionSummary], people: Sequence[Person], names: Mapping[str, str]
) -> None:
    """All collections without contents; those of disabled owners can be handed over."""
    texts = page.texts
    draw_muted(texts("people.collections_help"))
    heads = [texts(f"people.head_{key}") for key in ("collection", "owner", "documents", "shares", "since")]
    draw_table(
        heads,
        [
            (each.name, names.get(each.owner, "?"), str(each.documents), str(each.shares), moment(each.created))
            for each in collection_summaries
        ],
    )
    present = {person.id: names[person.id] for person in people if not person.disabled}
    orphaned = {summary.id: summary for summary in collection_summaries if summary.owner not in present}
    if not orphaned:
        return
    with st.form("hand-over"), show_errors(page):
        draw_muted(texts("people.left"))
        which = st.selectbox(
            texts("people.head_collection"),
            list(orphaned),
            format_func=lambda key: f"{orphaned[key].name} · {names.get(orphaned[key].owner, '?')}",
        )
        whom = st.selectbox(texts("people.hand_over_to"), list(present), format_func=present.__getitem__)
        if st.form_submit_button(texts("people.hand_over")):
            page.services.store.people.hand_over(page.owner, which, whom)
            st.rerun()


def draw_activity(page: Frame, events: Sequence[AuditEvent], names: Mapping[str, str]) -> None:
    """The audit log, newest first."""
    texts = page.texts
    draw_muted(texts("people.activity_asked" if page.services.settings.record_questions else "people.activity_help"))
    heads = [texts(f"people.head_{key}") for key in ("when", "who", "action", "collection", "details")]
    draw_table(
        heads,
        [
            (
                moment(event.created),
                names.get(event.person, "?"),
                texts(f"people.did_{event.action}"),
                event.name,
                _details(event, texts),
            )
            for event in events
        ],
    )


def _details(event: AuditEvent, texts: Texts) -> str:
    to_everybody = event.action.startswith(("shared", "withdrew")) and not event.what
    return texts("sharing.everybody") if to_everybody else event.what or event.document
