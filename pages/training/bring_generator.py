"""A generator that another program trained, brought to the shelf as a file."""

import tempfile
from pathlib import Path
from typing import IO

import streamlit as st

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.system.files import private
from dcgan.system.names import clean_name
from pages.common import visitors
from pages.common.widgets import refuse, setting

KINDS = ["pth", "pt", "safetensors", "ckpt", "tar", "bin"]  # what such files are called; their contents decide
UNTOLD = ("g_activation", "output", "z_prior")  # settings that weights don't tell


def button() -> None:
    """The way to the form, for those who may act."""
    if visitors.may_act() and st.button("Bring a generator", icon=":material/upload_file:"):
        st.dialog("Bring a generator", icon=":material/upload_file:")(form)()


def form() -> None:
    """Ask for the file, and for what its weights don't tell."""
    st.markdown(
        "The weights of a DCGAN's generator, such as `netG.pth` of PyTorch's example, of 16 to 128 px: Explore, "
        "Interpolate and Evaluate work on it as on one from here. Opening it runs no code."
    )
    with st.form("bring", border=False):
        file = st.file_uploader("File of weights", type=KINDS, key="bring-file")
        name = st.text_input("Name", max_chars=80, placeholder="that of the file", key="bring-name")
        data = st.text_input(
            "Pictures it was trained on",
            placeholder="fashion-mnist, or /home/me/pictures",
            help="A folder, zip or tar on this computer, or a set with a name. Without them only Evaluate can't work.",
            key="bring-data",
        )
        with st.expander("If its pictures look wrong") as place:
            settings = {each: setting(place, each, getattr(Config(), each), f"bring-{each}") for each in UNTOLD}
        pressed = st.form_submit_button("Bring it", type="primary", icon=":material/check:")
    if pressed:
        take(file, name, data, {each: value for each, value in settings.items() if value != getattr(Config(), each)})


def take(file: "IO[bytes] | None", name: str, data: str, settings: dict[str, object]) -> None:
    """Make a run of the file and show it on the shelf, or say why not."""
    try:
        if file is None:
            raise BadInput("There is no file yet: choose one.")
        with st.spinner("Opening it …"):
            run_id = _brought(file, name, data, settings)
    except BadInput as error:
        refuse(error)
        return
    st.query_params["run"] = run_id
    st.rerun()


def _brought(file: IO[bytes], name: str, data: str, settings: dict[str, object]) -> str:
    """The id of the new run. The file lies on the disk, for its owner alone, as long as it is read."""
    from dcgan.imports.bring import bring

    visitors.check()
    with tempfile.TemporaryDirectory(prefix="dcgan-") as folder:
        path = Path(folder) / "weights"
        with open(path, "wb", opener=private) as copy:
            file.seek(0)  # a page offers the same file again
            copy.write(file.read())
        return bring(path, data.strip(), settings, clean_name(name), file=file.name)[0].id
