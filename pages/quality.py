"""The quality page: your own questions with their right sources, asked again, and what changed."""

import streamlit as st

from rag.ui import chats, quality
from rag.ui.frame import end_sidebar, frame
from rag.ui.views import label

page = frame("quality")
texts, services, owner = page.texts, page.services, page.owner

with st.sidebar:
    collection = chats.choose_collection(page)
end_sidebar(page)

checks = services.store.checks.list(owner, collection.id)
runs = services.store.checks.runs(owner, collection.id)

st.title(label(texts("quality.title", collection=chats.collection_name(collection, texts))))
st.caption(texts("quality.intro"))
if checks:
    quality.draw_start(page, collection, checks)
if runs:
    quality.draw_measures(texts, runs)
    quality.draw_picture(texts, runs)
quality.draw_checks(page, checks, runs, page.right(collection))
