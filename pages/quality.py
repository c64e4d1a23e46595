"""The quality page: saved checks, run again and compared."""

import streamlit as st

from rag.ui import chat_list, quality_page
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
if checks:
    quality_page.draw_start(page, collection, checks)
if runs:
    quality_page.draw_measures(texts, runs)
    quality_page.draw_picture(texts, runs)
quality_page.draw_checks(page, checks, runs, page.right(collection))
