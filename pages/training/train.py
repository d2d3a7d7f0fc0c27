"""Train: start a run, or watch one; what is watched stands in the URL."""

import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs import launch
from dcgan.runs.run import Run
from pages.common.widgets import only, refuse
from pages.training import live_view, start_view


def watched_run() -> Run | None:
    """The run that the URL names, else the one that trains now, else none."""
    wanted = st.query_params.get("run", "")
    if wanted:
        try:
            return Run.named(wanted)
        except BadInput as error:
            refuse(error, st.warning, ":material/search_off:")
            del st.query_params["run"]
    if "new" in st.query_params:
        return None
    return launch.active_run()


run = watched_run()
with only("form" if run is None else "run", ("run", "form")):
    if run is None:
        start_view.draw()
    else:
        st.query_params["run"] = run.id
        live_view.draw(run)
