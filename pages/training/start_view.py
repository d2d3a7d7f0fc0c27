"""Before a run: choose a recipe and pictures, press Start training."""

import contextlib
import io

import numpy as np
import streamlit as st

from dcgan import images, launch, sources, uploads
from dcgan.config import BadInput
from dcgan.order import order
from dcgan.runs import Run, list_runs
from pages.common.widgets import refuse
from pages.common.words import escaped
from pages.training import advanced, go_on, needs, recipe

DATA = {
    "fashion-mnist": "Fashion-MNIST: 60,000 clothes, bundled",
    "mnist": "MNIST: 60,000 handwritten digits",
    "celeba": "CelebA: 200,000 faces",
    "upload": "My own pictures: upload them",
    "path": "My own pictures: a folder or zip on this computer",
}
FRESH = {
    "mnist": "Press Start training to download it (11 MB), or put its four IDX files into `data/mnist/`.",
    "celeba": "Or press Start training to try the download (1.4 GB), which Google Drive often refuses.",
}

MAX_CLASSES = 60  # folders offered to choose from


def draw() -> None:
    _hero()
    busy = launch.active_run()
    if busy is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                f"{escaped(busy.name)} is in training; one run trains at a time.",
                icon=":material/model_training:",
                width="stretch",
            )
            st.page_link(
                "pages/training/train.py", label="Watch it", icon=":material/visibility:", query_params={"run": busy.id}
            )
    else:
        go_on.offer()

    preset = recipe.pick()
    spec = _pick_data()
    values = advanced.draw(preset, spec)
    fits = needs.draw(preset, values, spec)
    problem = st.empty()
    cannot = spec is None or not fits
    if st.button("Start training", type="primary", icon=":material/play_arrow:", width="stretch", disabled=cannot):
        assert spec is not None
        try:
            with st.spinner("Checking the pictures and starting …"):
                run = _start(preset, values, spec)
        except BadInput as error:
            refuse(error, problem.error)
            return
        st.query_params.from_dict({"run": run.id})
        st.rerun()


def _start(preset: str, values: dict[str, object], spec: str) -> Run:
    """Check everything, make the run directory, start its process; raises BadInput and leaves nothing behind."""
    config = order(preset, values, spec)
    run = Run.create(config, name=str(st.session_state.get("run-name", "")).strip())
    try:
        launch.start(run)
    except BadInput:
        run.delete()
        raise
    return run


def _hero() -> None:
    st.title("Train a GAN", anchor=False)
    words, strip = st.columns([5, 7], vertical_alignment="center", gap="medium")
    words.markdown(
        "Two networks play against each other: **G** draws clothes from noise, **D** tells drawn from real. "
        "Press **Start training** and watch G learn."
    )
    picture = _showpiece()
    if picture:
        with strip.container(key="pixels-hero"):
            st.image(picture, output_format="PNG", width="stretch", alt="Clothes drawn by a trained generator")


def _showpiece() -> bytes | None:
    """A strip of the shipped model's samples, or of any finished run's."""
    for run in sorted(list_runs(), key=lambda run: run.id != "quick-fashion"):
        steps = run.samples()
        if steps and run.status().state in ("finished", "stopped"):
            with contextlib.suppress(BadInput):  # a run whose settings can't be read has no picture here
                return _strip(str(run.sample_path(steps[-1])), run.config.image_size)
    return None


@st.cache_data(max_entries=8, show_spinner=False)
def _strip(path: str, image_size: int) -> bytes:
    from PIL import Image

    with Image.open(path) as grid:
        return images.png_bytes(images.corner(np.asarray(grid), image_size, 12, 2))


def _pick_data() -> str | None:
    """The data SPEC that was chosen, or None while it can't be used."""
    chooser, shown = st.columns([5, 7], gap="medium")
    with chooser:
        kind = st.selectbox(
            "Pictures",
            list(DATA),
            format_func=DATA.__getitem__,
            key=recipe.PICTURES_KEY,
            help="What D takes for real, and G learns to draw.",
        )
        spec = _upload() if kind == "upload" else _path() if kind == "path" else _classes(kind)
        if spec and kind in ("upload", "path"):
            spec = _class_folders(spec)
    with shown:
        if spec is None:
            return None
        try:
            source = sources.resolve(spec)
            sources.check(source)
            pictures = _nine(source)
        except BadInput as error:
            if kind in FRESH:
                st.info(f"{escaped(str(error))} {FRESH[kind]}", icon=":material/download:")
                return spec
            refuse(error, st.warning, ":material/folder_off:")
            return None
        with st.container(key="pixels-preview"):
            st.image(pictures, output_format="PNG", width="stretch", alt="Nine real pictures of this data set")
        st.caption(escaped(f"{sources.count(source):,} real pictures, nine of them here. {sources.remark(source)}"))
    return spec


def _classes(kind: str) -> str:
    """The named set, perhaps only some of its classes."""
    names = sources.IDX_CLASS_NAMES.get(sources.IDX_TITLES.get(kind, ""), ())
    if not names:
        return kind
    with st.popover(
        "All classes" if not st.session_state.get(recipe.classes_key(kind)) else "Some classes", type="tertiary"
    ):
        picked = st.pills(
            "Train on these classes only",
            range(len(names)),
            format_func=names.__getitem__,
            selection_mode="multi",
            key=recipe.classes_key(kind),
        )
    return f"{kind}:{','.join(map(str, sorted(picked)))}" if picked else kind


def _class_folders(spec: str) -> str:
    """The person's own pictures, perhaps only those in some of the folders that they are sorted into."""
    try:
        source = sources.resolve(spec)
        known = {} if source.folders else sources.folder_classes(source.path)
    except BadInput:
        return spec
    names = [name for name in known if "," not in name and name == name.strip()][:MAX_CLASSES]
    if len(names) < 2:
        return spec
    key = f"folders-{spec}"
    with st.popover("All classes" if not st.session_state.get(key) else "Some classes", type="tertiary"):
        picked = st.pills(
            "Train on these folders only",
            names,
            format_func=lambda name: escaped(f"{name} ({known[name]:,})"),
            selection_mode="multi",
            key=key,
        )
    return f"{source.path}:{','.join(sorted(picked))}" if picked else spec


def _path() -> str | None:
    path = st.text_input(
        "Folder or zip",
        placeholder="/home/me/pictures",
        help="Pictures of any size, grey or colour; sub-folders are searched. Transparency is laid on white.",
    )
    return path.strip() or None


def _upload() -> str | None:
    files = st.file_uploader(
        "Pictures, or one zip of pictures",
        type=["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "zip"],
        accept_multiple_files=True,
        help="They stay on this computer, under data/uploads/.",
    )
    if not files:
        return None
    identity = tuple(file.file_id for file in files)
    if st.session_state.get("upload-identity") != identity:
        try:
            with st.spinner("Storing the pictures …"):
                stored = uploads.store_upload([(file.name, file) for file in files], "upload")
        except BadInput as error:
            refuse(error)
            return None
        st.session_state["upload-identity"], st.session_state["upload-path"] = identity, str(stored)
    return st.session_state["upload-path"]


@st.cache_data(max_entries=16, show_spinner=False)
def _nine(source: sources.Source) -> bytes:
    """Nine real pictures in a row, as one PNG."""
    from PIL import Image

    pictures = sources.preview(source, 9)
    side = max(picture.width for picture in pictures)
    row = Image.new("RGB", (len(pictures) * (side + 2) - 2, side), (40, 40, 40))
    for i, picture in enumerate(pictures):
        row.paste(picture.convert("RGB"), (i * (side + 2), 0))
    buffer = io.BytesIO()
    row.save(buffer, "PNG")
    return buffer.getvalue()
