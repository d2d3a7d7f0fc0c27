"""The buttons below a run: open, explore, train on, rename, download, delete."""

import base64

import streamlit as st

from dcgan.errors import BadInput
from dcgan.provenance.film import film as film_bytes
from dcgan.runs import launch, live_settings
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from pages.common import address, run_rows, upkeep, visitors
from pages.common.widgets import refuse
from pages.common.words import escaped, size
from pages.training import fork_form, run_notes

TRAIN, EXPLORE = "pages/training/train.py", "pages/latent/explore.py"


def draw(run: Run, status: Status) -> None:
    """Every button that makes sense for the run as it is now."""
    try:
        live_settings.in_force(run)
        further = upkeep.why_not_further(run, status)
        resumable = upkeep.can_resume(run, status)
    except BadInput as error:  # its settings can't be read: it can still be thrown away
        refuse(error)
        further, resumable = " ", False
    may_act = visitors.may_act()
    active, has_generator = status.state in launch.ACTIVE, run.generator_path.is_file()
    with st.container(horizontal=True, gap="small", key="run-actions"):
        if st.button("Open", type="primary", icon=":material/monitoring:", help="Show it on the Train page."):
            st.switch_page(TRAIN, query_params={"run": run.id})
        if st.button(
            "Explore", icon=":material/tune:", disabled=not has_generator, help="Move through its latent space."
        ):
            st.switch_page(EXPLORE, query_params={"run": run.id})
        if may_act and resumable:
            if st.button("Resume", icon=":material/play_arrow:", help="Go on, exactly, from its last checkpoint."):
                begin(run)
        elif may_act and not further:
            train_further(run, status)
        if has_generator:
            download(run)
        film(run)
        model_card(run)
        fork_form.offer(run, address.read_whole(st.query_params.get("step", "")))
        run_notes.offer(run)
        if may_act and st.button("Rename", icon=":material/edit:", help="Give it another name on the pages."):
            rename(run)
        why = "It is in training: stop it first." if active else "Asks before it deletes anything."
        if may_act and st.button("Delete", icon=":material/delete:", disabled=active, help=why):
            delete(run)
    if may_act and further.strip() and not active:
        st.caption(further)


def onward(run: Run, status: Status) -> None:
    """What can be done with a run that rests and has a generator."""
    if status.best_step not in (None, status.step) and run.best_path.is_file():
        label = f"Explore step {status.best_step:,}, the closest to real pictures"
        query = {"run": run.id, "step": "best"}
        st.page_link(EXPLORE, label=label, icon=":material/flag:", query_params=query)
    links = st.columns(3)
    for column, page, label, icon in zip(
        links,
        (EXPLORE, "pages/latent/interpolate.py", "pages/evaluate/evaluate.py"),
        ("Explore it", "Interpolate it", "Measure it"),
        (":material/tune:", ":material/animation:", ":material/balance:"),
        strict=True,
    ):
        with column.container(border=True):
            st.page_link(page, label=label, icon=icon, query_params={"run": run.id}, width="stretch")
    film(run)


def train_further(run: Run, status: Status) -> None:
    """Give a run that has reached its end a new one."""
    with st.popover(
        "Train further", icon=":material/fast_forward:", help="Move the end of training and go on, exactly."
    ):
        first, key = status.step + 1, f"end-{run.id}-{status.step}"
        end = st.number_input("Train until step", first, 10**9, 2 * max(1, status.step), key=key)
        if st.button("Go on", type="primary", key="go-on"):
            begin(run, int(end))


def begin(run: Run, num_steps: int | None = None) -> None:
    """Start training, perhaps up to another step than before, and go and watch; or say why not."""
    try:
        visitors.check()
        with st.spinner("Starting …"):
            if num_steps is None:
                launch.start(run)
            else:
                upkeep.train_further(run, num_steps)
    except BadInput as error:
        refuse(error)
        return
    st.switch_page(TRAIN, query_params={"run": run.id})


def download(run: Run) -> None:
    st.download_button(
        "Download generator",
        run.generator_path.read_bytes,  # read at the click, not at every look
        f"{run.id}-generator.safetensors",
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        help="generator.safetensors: weights and settings in one file that runs no code when it is opened.",
    )


def film(run: Run) -> None:
    """Take the training home as a GIF."""
    if len(run.samples()) < 2:
        return
    st.download_button(
        "Training film",
        lambda: film_bytes(run),  # made at the click
        f"{run.id}.gif",
        "image/gif",
        icon=":material/movie:",
        on_click="ignore",
        help="From noise to pictures as a GIF: the early sample grids dense, the late ones sparse, the newest held.",
    )


def model_card(run: Run) -> None:
    """Take home the model card that `python -m dcgan card` wrote, its picture inside."""
    if not ((run.path / "README.md").is_file() and (run.path / "card.png").is_file()):
        return
    st.download_button(
        "Model card",
        lambda: card_with_picture(run),  # made at the click
        f"{run.id}-card.md",
        "text/markdown",
        icon=":material/badge:",
        on_click="ignore",
        help="What it is, what it learned from, how good it is and what is wrong with it, as Markdown.",
    )


def card_with_picture(run: Run) -> str:
    """The card as one file."""
    picture = base64.b64encode((run.path / "card.png").read_bytes()).decode()
    card = (run.path / "README.md").read_text(encoding="utf-8")
    return card.replace("(card.png)", f"(data:image/png;base64,{picture})")


@st.dialog("Rename this run", icon=":material/edit:")
def rename(run: Run) -> None:
    with st.form("rename", border=False):
        name = st.text_input("Name", run.name, max_chars=80, help="What the pages call it; its folder keeps its name.")
        if st.form_submit_button("Save", type="primary"):
            try:
                visitors.check()
                run.rename(name)
            except BadInput as error:
                refuse(error)
                return
            st.rerun()
    st.caption(f"Left empty, it is called {escaped(run.id)} again.")


@st.dialog("Delete this run?", icon=":material/delete:")
def delete(run: Run) -> None:
    grids, generators = len(run.samples()), len(run.snapshots())
    st.markdown(
        f"**{escaped(run.name)}** holds {grids:,} sample grid{'s' * (grids != 1)} and {generators:,} kept "
        f"generator{'s' * (generators != 1)}, {size(run_rows.size_of(run))} in all. They leave the disk for good."
    )
    with st.container(horizontal=True):
        keep = st.button("Keep it")
        if st.button("Delete for good", type="primary", icon=":material/delete:"):
            try:
                visitors.check()
                upkeep.delete(run)
            except BadInput as error:
                refuse(error)
                return
            st.query_params.pop("run", None)
            st.rerun()
        if keep:
            st.rerun()
