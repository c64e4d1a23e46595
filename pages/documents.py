"""The documents page: add files and addresses, watch progress; find, open, sort, tag, move, re-read, remove."""

import streamlit as st

from rag.ui import chat_list, document_acts, document_table, documents_page, reading_report, sharing, uploads
from rag.ui.page_frame import end_sidebar, frame
from rag.ui.queue_bar import draw_queue, look
from rag.ui.safe_views import label
from rag.ui.source_panel import draw_source_panel

page = frame("documents")
texts, services, owner = page.texts, page.services, page.owner

with st.sidebar:
    collection = chat_list.choose_collection(page)
    right = page.right(collection)
    documents_page.manage_collections(page, collection, right)
end_sidebar(page)

st.title(label(chat_list.collection_name(collection, texts)))
st.caption(texts("documents.intro"))
sharing.draw_sharing(page, collection, right)

# What comes and goes stands in places of its own: the browser would else draw all below it anew, without its ticks.
with st.container():
    documents_page.offer_reembedding(page, collection, right)
with st.container():
    added = documents_page.draw_form(page, collection, right)
    if added.files or added.addresses:
        uploads.take_in(page, collection, added.files, added.addresses)
        st.rerun()
with st.container():
    uploads.draw_notes()
    waiting = look(page, collection)
    draw_queue(page, collection, waiting)
with st.container():
    reading_report.offer_reading_again(page, collection, right)

document_table.draw_table(page, collection, right, growing=waiting.open > 0)
if act := document_table.take_act():
    document_acts.draw_act(page, collection, act)
draw_source_panel(page)
