"""The app as a team runs it, with routes for health, readiness and metrics: `streamlit run serve.py`."""

import streamlit as st

from rag.ui import file_routes, health_routes, host_names

app = st.App(
    "chat.py",
    lifespan=health_routes.started,
    routes=[*health_routes.routes, *file_routes.routes()],
    middleware=host_names.middleware,
)
