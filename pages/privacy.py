"""The privacy page: connections off this machine since the start, and the limits of that log."""

import streamlit as st

from rag.network import connection_log
from rag.ui import privacy_page
from rag.ui.page_frame import end_sidebar, frame

page = frame("privacy")
texts = page.texts
end_sidebar(page)

seen = connection_log.seen(page.services.settings.data_dir / connection_log.SEEN_FILE)

st.title(texts("privacy.title"))
st.caption(texts("privacy.intro", when=privacy_page.started(seen)))
privacy_page.draw_processes(texts, seen)
privacy_page.draw_connections(texts, seen)

st.header(texts("privacy.limits_title"))
st.caption(texts("privacy.limits"))
st.caption(texts("privacy.rehearse"))
st.code("python -m rag doctor --offline", language=None)
