"""The chat page: input, turns, sources."""

import streamlit as st

from rag.ui import actions, chat_list, chat_sidebar, chat_turns, uploads
from rag.ui.page_frame import end_sidebar, frame, show_errors
from rag.ui.queue_bar import draw_queue, look
from rag.ui.source_panel import draw_source_panel

page = frame("chat")
texts, services, owner = page.texts, page.services, page.owner

# Read: which chat, which collection, which documents of it.
chat = chat_list.current_chat(page)
with st.sidebar:
    collection = chat_list.choose_collection(page, chat)
    # Before they are counted: what is read meanwhile is drawn again, see `draw_queue`.
    waiting = look(page, collection)
    reading = waiting.open > 0
    documents = services.store.listing.count(owner, collection.id)
    scope, selection = chat_list.choose_scope(page, collection, chat)
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
with st.container():
    question = chat_turns.due(page, documents, entry, reading=reading)
if question:
    with show_errors(page):
        if chat is None:
            chat = services.store.chats.create(owner, collection.id, scope, selection=selection)
            chat_list.go_to(chat.id)
        actions.ask(page, chat, question, scope, selection)

# Draw: the list of chats, the current one or the start screen, and running ingestion jobs.
with known_chats:
    chat_sidebar.draw_chats(page, chat)
with above:
    known = services.store.chats.turn_ids(owner, chat.id) if chat else []
    if chat is None or not known:
        chat_turns.draw_welcome(page, collection, documents, reading=reading)
    else:
        chat_turns.draw_turns(page, chat, known, services.store.shares.right(owner, collection.id))
with st.bottom:
    uploads.draw_notes()
    draw_queue(page, collection, waiting, folded=True)

# Show: the source of a clicked footnote.
draw_source_panel(page, chat.id if chat else "")
