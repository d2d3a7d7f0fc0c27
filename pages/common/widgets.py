"""What our pages do with Streamlit's widgets again and again."""

import streamlit as st


def hold(key: str, value: object) -> None:
    """Make a widget show a value; one that does so already is left alone, lest it be sent anew."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value
