"""The quality page: saved checks, run again and compared, and the questions that were missed."""

import streamlit as st

from rag.ui import chat_list, misses, quality_page
from rag.ui.page_frame import end_sidebar, frame
from rag.ui.safe_views import label

page = frame("quality")
texts, services, owner = page.texts, page.services, page.owner

with st.sidebar:
    collection = chat_list.choose_collection(page)
end_sidebar(page)

checks = services.store.checks.list(owner, collection.id)
runs = services.store.checks.runs(owner, collection.id)

st.title(label(texts("quality.title", collection=chat_list.collection_name(collection, texts))))
st.caption(texts("quality.intro"))
# What may be missing has a place of its own: what follows it would be begun anew where it comes or goes.
with st.container():
    if checks:
        quality_page.draw_start(page, collection, checks)
with st.container():
    now, before = quality_page.choose_runs(texts, runs)
    if now:
        quality_page.draw_measures(texts, now, before)
        quality_page.draw_picture(texts, runs)
missed = services.store.ratings.misses(owner, collection.id)
# Under other names, with numbers for example, the first one would be opened again at each change.
listed, to_look_at = st.tabs([texts("quality.list"), texts("rating.misses")])
with listed:
    quality_page.draw_checks(page, checks, now, before, page.right(collection))
with to_look_at:
    misses.draw_misses(page, collection, missed, checks)
