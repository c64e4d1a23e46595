"""The models page: what writes and searches, what fits, download, import, try, switch."""

import streamlit as st

from rag.ui import stock
from rag.ui.frame import end_sidebar, frame
from rag.ui.views import label

page = frame("models")
texts = page.texts
end_sidebar(page)

st.title(texts("models.title"))
st.caption(texts("models.intro"))
stock.measure(page)

stock.draw_at_work(page)
stock.draw_trial(page)

st.caption(label(stock.source_line(page)))
for entry in page.services.stock.entries():
    stock.draw_entry(page, entry)
stock.draw_imports(page)
