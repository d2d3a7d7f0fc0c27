"""The studio's entrance: page configuration and navigation, nothing else."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core draws the pages; the training process chooses its own number

import streamlit as st

TRAIN = "pages/training/train.py"
ASSETS = Path(__file__).parent / "assets"  # wherever the studio was started


def front_door() -> None:
    """The bare address leads to Train, which so has an address of its own, as a default page can't."""
    st.switch_page(TRAIN, query_params=st.query_params.to_dict())


def studio() -> None:
    """Draw the frame of every page, then the page that the address names."""
    from pages.common import address, sidebar, style, visitors

    st.set_page_config(page_icon=ASSETS / "icon.png", layout="wide")  # first: navigation fetches icons from afar
    st.logo(ASSETS / "logo.svg", size="large", icon_image=ASSETS / "icon.png")
    page = st.navigation(
        {
            "": [st.Page(front_door, title="DCGAN Studio", default=True, visibility="hidden")],
            "Training": [
                st.Page(TRAIN, title="Train", icon=":material/model_training:", url_path="train"),
                st.Page("pages/training/runs.py", title="Runs", icon=":material/inventory_2:", url_path="runs"),
            ],
            "Latent lab": [
                st.Page("pages/latent/explore.py", title="Explore", icon=":material/tune:", url_path="explore"),
                st.Page(
                    "pages/latent/interpolate.py",
                    title="Interpolate",
                    icon=":material/animation:",
                    url_path="interpolate",
                ),
            ],
            "Understanding": [
                st.Page("pages/evaluate/evaluate.py", title="Evaluate", icon=":material/balance:", url_path="evaluate"),
                st.Page("pages/learn/learn.py", title="Learn", icon=":material/school:", url_path="learn"),
            ],
        }
    )
    st.set_page_config(page_title=f"{page.title} · DCGAN Studio")
    style.apply()
    address.follow()
    sidebar.now_training()
    with st.sidebar:
        visitors.draw()
    page.run()


if __name__ == "__main__":  # Streamlit runs this file for every view of a page ...
    studio()
else:  # ... and imports it once, when the server starts
    from starlette.middleware import Middleware
    from streamlit.runtime.pages_manager import PagesManager

    from dcgan.errors import BadInput
    from pages.common import visitors
    from pages.common.protection import Protection
    from pages.training.sample_history import Answers

    try:
        visitors.announce()
    except BadInput as error:
        sys.exit(str(error))

    # A folder named pages/ switches Streamlit to its old discovery until the first view has run, and the first visitor
    # of a deep link (or a tab that reconnects to a restarted server) is told that the page does not exist.
    PagesManager.uses_pages_directory = False
    app = st.App(__file__, middleware=[Middleware(Protection), Middleware(visitors.Key), Middleware(Answers)])
