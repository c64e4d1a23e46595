"""The privacy page: every connection off this machine since the start, and what this list cannot see."""

import streamlit as st

from rag import connections
from rag.ui import privacy
from rag.ui.frame import end_sidebar, frame

page = frame("privacy")
texts = page.texts
end_sidebar(page)

seen = connections.seen(page.services.settings.data_dir / connections.SEEN_FILE)

st.title(texts("privacy.title"))
st.caption(texts("privacy.intro", when=privacy.started(seen)))
privacy.draw_processes(texts, seen)
privacy.draw_connections(texts, seen)

st.subheader(texts("privacy.limits_title"))
st.caption(texts("privacy.limits"))
st.caption(texts("privacy.rehearse"))
st.code("python -m rag doctor --offline", language=None)
