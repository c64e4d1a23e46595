"""The control of G6: the same payloads drawn the way many apps draw an answer."""

import streamlit as st

from tests.guarantees.payloads import PAYLOADS, payload

for number in range(len(PAYLOADS)):
    st.markdown(payload(number), unsafe_allow_html=True)
