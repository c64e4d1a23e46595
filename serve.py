"""The app as a team runs it, with routes for health, readiness and metrics: `streamlit run serve.py`."""

import streamlit as st

from rag.ui import files, names, operations

app = st.App(
    "chat.py",
    lifespan=operations.started,
    routes=[*operations.routes, *files.routes()],
    middleware=names.middleware,
)
