"""The control of G34: a page that believes what the browser says, as many do."""

import streamlit as st

from rag.core.settings import load
from rag.library.store import Store

store = Store.open(load().data_dir)

# It changes the rows that are named, whoever names them.
with store.database.write() as connection:
    for word in (*st.query_params.values(), st.session_state.get("which", "")):
        for statement in (
            "UPDATE chats SET title = 'mine' WHERE id = ?",
            "UPDATE people SET role = 'admin' WHERE id = ?",
        ):
            connection.exec_driver_sql(statement, (word,))

which = st.text_input("Which", "0", key="which")
files = st.file_uploader("Files", accept_multiple_files=True, key="files")
if st.button("Go", key="go"):
    st.write([7, 8, 9][int(which)])
st.write([file.getvalue() for file in files])
