"""The models page: selection, trial, downloads, imports."""

import streamlit as st

from rag.ui import models_page
from rag.ui.page_frame import end_sidebar, frame
from rag.ui.safe_views import label
from rag.ui.task_views import redraw_at_end

page = frame("models")
texts = page.texts
end_sidebar(page)

st.title(texts("models.title"))
st.caption(texts("models.intro"))
models_page.measure(page)

models_page.draw_at_work(page)
models_page.draw_trial(page)

st.caption(label(models_page.source_line(page)))
for entry in page.services.installed_models.entries():
    models_page.draw_entry(page, entry)
models_page.draw_imports(page)
redraw_at_end(page)
