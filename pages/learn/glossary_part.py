"""The glossary: every word that the pages underline with dots, with a box to search; the search is in the address."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.common import address, glossary
from pages.common.words import escaped

SEARCH_KEY = "glossary-search"
MAX_CHARS = 40
STYLE = """
<style>
@media (min-width: 1000px) { .st-key-glossary [data-testid="stMarkdownContainer"] { columns: 2; column-gap: 3rem; } }
.st-key-glossary h5 { break-after: avoid; padding: 0.4rem 0 0.1rem; }
.st-key-glossary p { break-inside: avoid; }
</style>
"""


def draw(chooser: DeltaGenerator) -> None:
    if address.just_arrived(SEARCH_KEY):
        st.session_state[SEARCH_KEY] = st.query_params.get("word", "")[:MAX_CHARS]
    wanted = str(
        chooser.text_input(
            "Search", key=SEARCH_KEY, max_chars=MAX_CHARS, live="250ms", icon=":material/search:", placeholder="a word"
        )
        or ""
    )
    address.write({"word": wanted or None})
    found = glossary.found(wanted)
    if not found:
        st.info(f"No word here is, or speaks of, {escaped(wanted)}.", icon=":material/search_off:")
        return
    st.html(STYLE)
    if len(found) == len(glossary.ENTRIES):
        st.caption("Wherever a page underlines a word with dots, its sentence is this one.")
    with st.container(key="glossary"):
        st.markdown("\n\n".join(f"##### {word}\n\n{glossary.says(word)}" for word in found))
