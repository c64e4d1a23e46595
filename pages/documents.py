"""The documents page: add files and addresses, watch progress, open, re-read, remove."""

import streamlit as st

from rag.ui import chats, library, reading, sharing
from rag.ui.frame import end_sidebar, frame
from rag.ui.source import draw_open_source
from rag.ui.views import label

page = frame("documents")
texts, services, owner = page.texts, page.services, page.owner

with st.sidebar:
    collection = chats.choose_collection(page)
    right = page.right(collection)
    library.manage_collections(page, collection, right)
end_sidebar(page)

st.title(label(chats.collection_name(collection, texts)))
st.caption(texts("documents.intro"))
sharing.draw_sharing(page, collection, right)

library.offer_reembedding(page, collection, right)
added = library.draw_form(page, collection, right)
if added.files or added.addresses:
    reading.take_in(page, collection, added.files, added.addresses)
    st.rerun()
reading.draw_jobs(page, collection)

library.draw_documents(page, services.store.documents.list(owner, collection.id), right)
draw_open_source(page)
