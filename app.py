"""Footnote: `streamlit run app.py`. The pages are `chat.py` and `pages/`; files are served by Starlette routes.

Streamlit looks for `app = st.App(…)` in the started file, and for `pages/` beside the script named here.
"""

import streamlit as st

from rag.ui import file_routes, host_names
from rag.ui.warm_start import warm_start

app = st.App("chat.py", routes=file_routes.routes(), middleware=host_names.middleware, lifespan=warm_start)
