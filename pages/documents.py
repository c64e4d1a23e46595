"""The documents page: add files and addresses, watch progress, open, re-read, remove."""

import streamlit as st

from rag.ui import chat_list, documents_page, reading_report, sharing, uploads
from rag.ui.page_frame import end_sidebar, frame
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

documents = services.store.documents.list(owner, collection.id)
documents_page.offer_reembedding(page, collection, documents, right)
added = documents_page.draw_form(page, collection, right)
if added.files or added.addresses:
    uploads.take_in(page, collection, added.files, added.addresses)
    st.rerun()
uploads.draw_jobs(page, collection)

reading_report.offer_reading_again(page, collection, documents, right)
documents_page.draw_documents(page, documents, right)
draw_source_panel(page)
