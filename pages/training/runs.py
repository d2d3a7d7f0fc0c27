"""Runs: every run on the shelf; tick one to look closer, more to compare. The choice stands in the URL."""

from typing import Any

import streamlit as st

from dcgan.runs import launch
from dcgan.runs.run import list_runs
from pages.common import address, glossary, run_rows, visitors
from pages.common.widgets import only
from pages.common.words import escaped
from pages.training import bring_generator, compare_runs, run_detail

ROW_HEIGHT = 58  # pixels: two rows of small pictures
NUM_ROWS = 6  # in view; of more, half a row says that they are there
REFRESH_SECONDS = 3.0  # of the table, while a run trains


def draw_shelf(known: list[str]) -> None:
    """The table of all runs, `known` by id when the page was drawn; redraws the page when shelf or choice change."""
    runs = list_runs()
    ids = [run.id for run in runs]
    if ids != known:
        st.rerun()
    before = [ids.index(run_id) for run_id in chosen_ids() if run_id in ids]
    key = f"shelf-{hash(tuple(ids))}"  # rows are known by place, so another shelf is another table
    if key not in st.session_state:
        rows = before or [0] * ("run" not in st.query_params)  # the newest run, for who asks for none
    else:
        ticked = list(st.session_state[key]["selection"]["rows"])
        rows = before if address.just_arrived(key) else run_rows.in_order(before, ticked)
        if set(rows) != set(ticked):
            st.session_state[key] = selection(rows)
    table = [run_rows.row(run) for run in runs]
    absent = {name for name in ("Forked from", "Note") if not any(row[name] for row in table)}
    table = [{name: value for name, value in row.items() if name not in absent} for row in table]
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default=selection(rows),
        row_height=ROW_HEIGHT,
        height=round(38 + ROW_HEIGHT * (len(runs) if len(runs) <= NUM_ROWS else NUM_ROWS + 0.5)),
        column_config=columns(),
        placeholder="–",
        alt="All runs, newest first",
    )
    if rows != before:
        st.query_params["run"] = [ids[row] for row in rows]
        st.rerun()


def chosen_ids() -> list[str]:
    """The ids in the URL, run_rows.MOST at most."""
    return list(dict.fromkeys(filter(None, st.query_params.get_all("run"))))[: run_rows.MOST]


def selection(rows: list[int]) -> Any:
    return {"selection": {"rows": rows, "columns": [], "cells": []}}


def columns() -> dict[str, Any]:
    """How each column is shown, and what it means; all are in view on a laptop's screen."""
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "Samples": st.column_config.ImageColumn(width=94, help="A corner of the newest sample grid."),
        "Name": text(width=126),
        "State": text(width=84, help="What its training process is doing."),
        "Steps": number(width=62, format="localized", help=glossary.says("step")),
        "D loss": number(width=58, format="%.2f", help="The discriminator's newest loss."),
        "G loss": number(width=58, format="%.2f", help="The generator's newest loss."),
        "Distance": number(width=66, format="%.2f", help=f"Of its newest fakes. {glossary.says('distance')}"),
        "Preset": text(width=82, help=glossary.says("preset")),
        "Data": text(width=98, help="The pictures it learns from."),
        "Forked from": text(width=104, help="The run and step that it goes on from."),
        "Note": text(width=150, help="The beginning of what was noted about it."),
        "Made": st.column_config.DatetimeColumn(width=96, format="distance", help="When it was made."),
        "Size": number(width=70, format="%.1f MB", help="All its files together."),
    }


st.title("Runs", anchor=False)
shelf_runs = list_runs()
if not shelf_runs:
    st.info(
        "The shelf is empty."
        + " With the quick preset the first clothes appear after about a minute." * visitors.may_act(),
        icon=":material/inventory_2:",
    )
    if visitors.may_act() and st.button("Train the first run", type="primary", icon=":material/model_training:"):
        st.switch_page("pages/training/train.py")
    bring_generator.button()
    st.stop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    words = "Every run, newest first. Tick one to look closer, two or more to compare."
    st.caption(glossary.marker()(words), width="content")
    bring_generator.button()
training = any(launch.observe(run).state in launch.ACTIVE for run in shelf_runs)
st.fragment(draw_shelf, run_every=REFRESH_SECONDS if training else None)([run.id for run in shelf_runs])

by_id = {run.id: run for run in shelf_runs}
for run_id in chosen_ids():
    if run_id not in by_id:
        st.info(f"There is no run {escaped(run_id[:80])} here, or no longer.", icon=":material/search_off:")
chosen = [by_id[run_id] for run_id in chosen_ids() if run_id in by_id]
views = ("none", "one", "several")
with only(views[min(len(chosen), 2)], views):
    if len(chosen) > 1:
        compare_runs.draw(chosen)
    elif chosen:
        address.write({"figure": None, "axis": None})  # of a comparison
        run_detail.one(chosen[0])
    else:
        st.caption("Nothing is ticked: tick a run at its left edge to see its pictures, curves and settings.")
