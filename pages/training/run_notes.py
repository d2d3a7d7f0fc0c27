"""The note on a run: everybody reads it, who may act writes it."""

import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs import notes
from dcgan.runs.run import Run
from pages.common import visitors
from pages.common.widgets import refuse


def draw(run: Run) -> None:
    """The note as plain text: nothing in it is formatting."""
    if written := notes.read(run):
        with st.container(border=True, key="run-note"):
            st.text(written)


def offer(run: Run) -> None:
    """The button that opens the note."""
    if not visitors.may_act():
        return
    label = "Edit the note" if notes.read(run) else "Write a note"
    if st.button(label, icon=":material/edit_note:", help="What you tried, what you saw; kept in the run's folder."):
        edit(run)


@st.dialog("A note on this run", icon=":material/edit_note:")
def edit(run: Run) -> None:
    with st.form("note", border=False):
        help = "Plain text. It is shown here, in the table of runs and in comparisons."
        text = st.text_area("Note", notes.read(run), height=180, max_chars=notes.MOST_BYTES, help=help)
        if st.form_submit_button("Save", type="primary"):
            try:
                save(run, text)
            except BadInput as error:
                refuse(error)
                return
            st.rerun()
    st.caption("Left empty, there is no note.")


def save(run: Run, text: str) -> None:
    """Keep the note; raises BadInput for whoever may only look, and as `notes.write` does."""
    visitors.check()
    notes.write(run, text)
