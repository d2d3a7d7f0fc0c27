"""The grid of samples that a published system ends with, drawn by this run's generator once the run has ended."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.runs.records import Status
from dcgan.runs.run import Run
from pages.common.loading import Opened, modified, open_at
from pages.common.widgets import refuse
from pages.training.originals import ORIGINALS

ENDED = ("finished", "stopped")
DRAWN = "final-grid"  # in the session: the run and step whose grid is on the page
WIDTH, HEIGHT = 560, 280  # pixels of 4 rows of 8


def place(run: Run, config: Config, status: Status) -> DeltaGenerator | None:
    """Title, words and room for the grid; None while the run goes on, or where the original ends with none."""
    original = ORIGINALS.get(config.preset)
    if original is None or original.final is None or status.state not in ENDED:
        return None
    rows, columns = original.final
    last = (config.seed + rows * columns - 1) % 2**32
    known = config.num_samples < rows * columns and not config.num_classes
    st.markdown(f"##### The end: {rows} × {columns} samples, as the original ends")
    st.caption(
        f"Drawn at step {status.step:,} from seeds {config.seed} to {last}"
        + f"; the first {config.num_samples} are those of the kept pictures" * known
        + ". The original drew z of its own: compare how good and how varied the samples are, not one by one."
    )
    drawn = st.session_state.get(DRAWN) == (run.id, modified(run))  # then the picture stays until the same one comes
    with st.container(key="pixels-final", width=WIDTH):
        room = st.container() if drawn else st.empty()
    if not drawn:
        room.skeleton(height=HEIGHT)
    return room


def fill(room: DeltaGenerator, run: Run, config: Config) -> None:
    """Draw the grid into its room; call it when the rest of the page is there, for the first drawing loads PyTorch."""
    original = ORIGINALS[config.preset]
    assert original.final is not None  # or there would be no room
    rows, columns = original.final
    recipe = {"seed": config.seed, "n": rows * columns, "columns": columns, "truncation": config.sample_truncation}
    try:
        content = _grid(str(run.path), modified(run), open_at(run), run.id, recipe)
    except BadInput as error:
        with room:
            refuse(error)
        return
    alt = f"{rows} rows of {columns} samples of the trained generator"
    st.session_state[DRAWN] = run.id, modified(run)
    room.image(content, output_format="PNG", width="stretch", alt=alt)


@st.cache_data(max_entries=8, show_spinner=False)
def _grid(run_path: str, modified: int, _opened: Opened, run_id: str, recipe: dict[str, float]) -> bytes:
    """The grid as a PNG that carries its recipe."""
    from dcgan.provenance.redraw import drawn

    whole = {"run": run_id, "step": _opened.step, "weights_hash": _opened.weights_hash} | recipe
    return drawn(_opened.generator, whole, ".png")
