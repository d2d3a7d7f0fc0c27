"""How a DCGAN works: a story in six screens, told with a run's real pictures and real numbers."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dcgan.errors import BadInput
from dcgan.presets import PRESETS
from dcgan.runs.run import list_runs
from pages.common import address, visitors
from pages.common.choose import pick_run
from pages.common.loading import generator_of
from pages.common.widgets import one_of, refuse
from pages.learn import asking, discriminator, generator, loss_curves, players, questions, rules
from pages.learn.scene import Scene

SCREEN_KEY = "learn-screen"
SCREENS = {
    1: ("Two players", players.draw),
    2: ("From z to picture", generator.draw),
    3: ("What D looks at", discriminator.draw),
    4: ("Why curves wobble", loss_curves.draw),
    5: ("The rules", rules.draw),
    6: ("Asking for a class", asking.draw),
}


def draw(chooser: DeltaGenerator) -> None:
    """The screen that is chosen; the run that it is told with is picked in `chooser`."""
    screen = _pick_screen()
    with chooser:
        scene = _scene()
    SCREENS[screen][1](scene)
    _onward(screen)


def _pick_screen() -> int:
    """The screen that the address names on arrival, then the one chosen; the address follows."""
    if address.just_arrived(SCREEN_KEY):
        st.session_state[SCREEN_KEY] = address.whole(st.query_params.to_dict(), "screen", 1, len(SCREENS), otherwise=1)
    screen = one_of("Screen", {number: f"{number} {SCREENS[number][0]}" for number in SCREENS}, SCREEN_KEY)
    address.write({"screen": str(screen)})
    return screen


def _scene() -> Scene:
    """The run to tell the story with; without one, the recipe of the first preset and its real pictures."""
    if any(run.generator_path.is_file() for run in list_runs()):
        run = pick_run("Told with")
        try:
            if run is not None:
                return Scene(run, run.config, generator_of(run))
        except BadInput as error:
            refuse(error)
    elif visitors.may_act():
        st.page_link("pages/training/train.py", label="Train a run to tell it with", icon=":material/model_training:")
    return Scene(None, next(iter(PRESETS.values())).config, None)


def _go(screen: int) -> None:
    st.session_state[SCREEN_KEY] = screen


def _onward(screen: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        back, on = screen - 1, screen + 1
        st.button("Back", icon=":material/arrow_back:", disabled=back not in SCREENS, on_click=_go, args=(back,))
        questions.ask(screen)
        if on in SCREENS:
            label = f"Next: {SCREENS[on][0]}"
            st.button(
                label, type="primary", icon=":material/arrow_forward:", icon_position="right", on_click=_go, args=(on,)
            )
        else:
            with st.container(horizontal=True, width="content"):
                st.page_link("pages/latent/explore.py", label="Play with z", icon=":material/tune:")
                if visitors.may_act():
                    st.page_link("pages/training/train.py", label="Train your own", icon=":material/model_training:")
