"""The studio's entrance: page configuration and navigation, nothing else."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one core draws the pages; the training process chooses its own number

import streamlit as st  # noqa: E402

from pages.common import sidebar, style  # noqa: E402

st.set_page_config(page_title="DCGAN Studio", page_icon="assets/icon.png", layout="wide")
st.logo("assets/logo.svg", size="large", icon_image="assets/icon.png")

page = st.navigation(
    {
        "Training": [
            st.Page("pages/training/train.py", title="Train", icon=":material/model_training:", url_path="train", default=True),
            st.Page("pages/training/runs.py", title="Runs", icon=":material/inventory_2:", url_path="runs"),
        ],
        "Latent lab": [
            st.Page("pages/latent/explore.py", title="Explore", icon=":material/tune:", url_path="explore"),
            st.Page("pages/latent/interpolate.py", title="Interpolate", icon=":material/animation:", url_path="interpolate"),
        ],
        "Understanding": [
            st.Page("pages/understanding/evaluate.py", title="Evaluate", icon=":material/balance:", url_path="evaluate"),
            st.Page("pages/understanding/learn.py", title="Learn", icon=":material/school:", url_path="learn"),
        ],
    }
)
style.apply()
sidebar.now_training()
page.run()
