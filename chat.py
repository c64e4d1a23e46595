"""The chat page: input, turns, sources."""

import streamlit as st

from rag.ui import actions, chat_list, chat_turns, uploads
from rag.ui.page_frame import end_sidebar, frame, show_errors
from rag.ui.source_panel import draw_source_panel

page = frame("chat")
texts, services, owner = page.texts, page.services, page.owner

# Read: which chat, which collection, which documents of it.
chat = chat_list.current_chat(page)
with st.sidebar:
    collection = chat_list.choose_collection(page, chat)
    documents = services.store.documents.list(owner, collection.id)
    scope = chat_list.choose_documents(page, documents, chat)
    known_chats = st.container()
end_sidebar(page)

# Ask: a question, perhaps with files, or an example. Handled before the chat is drawn, so that the new turn is drawn in
# the same run, though the input box is below.
above = st.container()
entry = chat_turns.draw_input(page, collection, documents)
if entry.files:
    chat_turns.hold(entry.question)
    uploads.take_in(page, collection, entry.files)
    st.rerun()
if question := chat_turns.due(page, collection, documents, entry):
    with show_errors(page):
        if chat is None:
            chat = services.store.chats.create(owner, collection.id, scope)
            chat_list.go_to(chat.id)
        actions.ask(page, chat, question, scope)

# Draw: the list of chats, the current one or the start screen, and running ingestion jobs.
with known_chats:
    chat_list.draw_chats(page, chat)
with above:
    replayed = services.store.chats.turns(owner, chat.id) if chat else []
    right = services.store.shares.right(owner, collection.id) if replayed else None
    if not replayed:
        chat_turns.draw_welcome(page, collection, documents)
    for turn in replayed:
        chat_turns.draw_turn(page, chat, turn, right, last=turn is replayed[-1])
    uploads.draw_jobs(page, collection)

# Show: the source of a clicked footnote.
draw_source_panel(page, chat.id if chat else "")
