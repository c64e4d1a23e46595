"""The people page, for admins: people, groups, collections, audit log."""

import streamlit as st

from rag.ui import people_page
from rag.ui.page_frame import end_sidebar, frame

page = frame("people")
texts, store, owner = page.texts, page.services.store, page.owner
end_sidebar(page)

everybody = store.people.list(owner)
names = people_page.names_of(page, everybody)

st.title(texts("people.title"))
first, second, third, fourth = st.tabs([texts(f"people.tab_{key}") for key in ("all", "groups", "collections", "done")])
with first:
    people_page.draw_people(page, everybody)
with second:
    people_page.draw_groups(page, store.people.groups(owner), names)
with third:
    people_page.draw_collection_summaries(page, store.people.collection_summaries(owner), everybody, names)
with fourth:
    people_page.draw_activity(page, store.activity.list(owner), names)
