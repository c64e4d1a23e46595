"""The app as a team runs it, with routes for health, readiness and metrics: `streamlit run serve.py`."""

import streamlit as st

from rag.ui import operations

app = st.App("app.py", lifespan=operations.started, routes=operations.routes)
