"""The chat page: ask, replay, stream, show evidence."""

import streamlit as st

from rag.ui import chats, reading, turns
from rag.ui.frame import end_sidebar, frame, told
from rag.ui.source import draw_open_source

page = frame("chat")
texts, services, owner = page.texts, page.services, page.owner

# Read: which chat, which collection, which documents of it.
chat = chats.current_chat(page)
with st.sidebar:
    collection = chats.choose_collection(page, chat)
    documents = services.store.documents.list(owner, collection.id)
    scope = chats.choose_documents(page, documents, chat)
    known_chats = st.container()
end_sidebar(page)

# Ask: a question, with files dropped beside it, or one of the examples. It comes before the chat is drawn, though
# its box stands below: so the page is drawn once, with the answer on its way.
above = st.container()
entry = turns.draw_input(page, collection, documents)
if entry.files:
    turns.hold(entry.question)
    reading.take_in(page, collection, entry.files)
    st.rerun()
if question := turns.due(page, collection, documents, entry):
    with told(page):
        if chat is None:
            chat = services.store.chats.create(owner, collection.id, scope)
            chats.go_to(chat.id)
        turns.ask(page, chat, question, scope)

# Draw: the chats there are, the one at hand or a welcome, and what is being read.
with known_chats:
    chats.draw_chats(page, chat)
with above:
    replayed = services.store.chats.turns(owner, chat.id) if chat else []
    right = services.store.shares.right(owner, collection.id) if replayed else None
    if not replayed:
        turns.draw_welcome(page, collection, documents)
    for turn in replayed:
        turns.draw_turn(page, chat, turn, right, last=turn is replayed[-1])
    reading.draw_jobs(page, collection)

# Show: the place a clicked footnote points to.
draw_open_source(page)
