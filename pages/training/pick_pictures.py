"""The pictures that D takes for real: a set with a name, or a person's own; nine of them, and how many there are."""

import contextlib
import io
from collections.abc import Hashable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from dcgan.data import account, source_pictures, sources, uploads
from dcgan.data.picture_files import listing
from dcgan.data.survey import Survey, survey
from dcgan.errors import BadInput
from dcgan.images.formats import SUFFIXES
from pages.common import visitors
from pages.common.widgets import refuse
from pages.common.words import escaped, sentence
from pages.training import preset_cards

if TYPE_CHECKING:
    from PIL import Image

DATA = {
    "fashion-mnist": "Fashion-MNIST: 60,000 clothes, bundled",
    "mnist": "MNIST: 60,000 handwritten digits",
    "celeba": "CelebA: 200,000 faces",
    "upload": "My own pictures: upload them",
    "path": "My own pictures: a folder, archive or array on this computer",
}
FRESH = {
    "mnist": "Or press Start training to download it (11 MB).",
    "celeba": "Or press Start training to try the download (1.4 GB), which Google Drive often refuses.",
}
MAX_CLASSES = 60  # folders offered to choose from
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LOOKING = "Looking at the pictures …"
UPLOADED, STORED, REFUSED = "upload-identity", "upload-path", "upload-refused"


class Picked(NamedTuple):
    """What was chosen: `spec` is None while there is nothing to start with."""

    spec: str | None
    named: str | None  # the same, also where it can't be used as things are
    usable: bool  # whether nothing stood in the way of training on it just before it was drawn


def pick(crop: str = "square") -> Picked:
    """Draw the choice, the pictures made square as `crop` says, and what there is to know about them."""
    chooser, shown = st.columns([5, 7], gap="medium")
    with chooser:
        kind = st.selectbox(
            "Pictures",
            list(DATA),
            format_func=DATA.__getitem__,
            key=preset_cards.PICTURES_KEY,
            help="What D takes for real, and G learns to draw.",
        )
        spec = _upload() if kind == "upload" else _path() if kind == "path" else _classes(kind)
    if spec is None:
        return Picked(None, None, True)
    look: Survey = {}
    own = kind in ("upload", "path")
    with chooser, st.spinner(LOOKING) if own else contextlib.nullcontext():  # a packed tar is unpacked meanwhile
        fit = usable(spec)
    try:
        if own:
            source = _checked(spec)
            with chooser:
                with st.spinner(LOOKING):
                    look = survey(source.path)
                spec = _class_folders(source, look)
        source = _checked(spec)
        with shown:
            _show(source, look, crop)
    except BadInput as error:
        with shown:
            if kind in FRESH:
                st.info(f"{sentence(error.on_page)} {FRESH[kind]}", icon=":material/download:")
                return Picked(spec, spec, fit)
            refuse(error, st.warning, ":material/folder_off:")
            return Picked(None, spec, fit)
    return Picked(spec, spec, fit)


def usable(spec: str | None) -> bool:
    """Whether nothing stands in the way of training on the pictures, if some are named."""
    try:
        return spec is None or bool(_checked(spec))
    except BadInput:
        return False


def _checked(spec: str) -> source_pictures.Source:
    visitors.check()
    source = sources.resolve(spec)
    sources.check(source)
    return source


def _show(source: source_pictures.Source, look: Survey, crop: str) -> None:
    """Some of the pictures, how many there are and can be read, and what that number means."""
    picture, shown = _nine(source, listing(source.path).stamp if source.kind == "images" else None, crop)
    with st.container(key="pixels-preview"):
        alt = f"{NUMBERS[shown].capitalize()} real pictures of this data set"
        st.image(picture, output_format="PNG", width="stretch", alt=alt)
    told, number = in_words(source, look, shown)
    st.caption(escaped(told))
    broken = broken_of(source, look)
    for said in account.sentences(source, broken if len(broken) > 1 else ()):
        st.caption(f":material/info: {escaped(said)}")
    if remark := sources.remark(source, number):
        st.caption(f":material/lightbulb: {escaped(remark)}")


def in_words(source: source_pictures.Source, look: Survey, shown: int) -> tuple[str, int]:
    """How many pictures there are, of which so many are shown, and those that can't be read; and the number."""
    number = sources.count(source)
    looked_at, broken = _looked_at(source, look), broken_of(source, look)
    such = f", such as {broken[0]}" if broken else ""
    if look and len(looked_at) < number:  # there was no time for all
        found = f"{len(broken):,} can't be read{such}" if broken else "all can be read"
        tried = f" Of {len(looked_at):,} that were tried {found}." if looked_at else ""
        return f"{number:,} picture files, {NUMBERS[shown]} of them here.{tried}", number
    number -= len(broken)
    told = f"{number:,} real pictures, {NUMBERS[shown] if shown < number else 'all'} of them here."
    if broken:
        told += f" {len(broken):,} more file{'s' * (len(broken) > 1)} can't be read{such}."
    return told, number


def broken_of(source: source_pictures.Source, look: Survey) -> list[str]:
    """ "name: reason" of each picture file that was looked at and can't be read."""
    return [reason for reason in _looked_at(source, look) if reason]


def _looked_at(source: source_pictures.Source, look: Survey) -> list[str]:
    return [look[name] for name in source_pictures.picture_names(source) if name in look] if look else []


def _classes(kind: str) -> str:
    """The named set, perhaps only some of its classes."""
    names = sources.IDX_CLASS_NAMES.get(sources.IDX_TITLES.get(kind, ""), ())
    if not names:
        return kind
    with st.popover(
        "All classes" if not st.session_state.get(preset_cards.classes_key(kind)) else "Some classes", type="tertiary"
    ):
        picked = st.pills(
            "Train on these classes only",
            range(len(names)),
            format_func=names.__getitem__,
            selection_mode="multi",
            key=preset_cards.classes_key(kind),
        )
    return f"{kind}:{','.join(map(str, sorted(picked)))}" if picked else kind


def _class_folders(source: source_pictures.Source, look: Survey) -> str:
    """The person's own pictures, perhaps only those in some of the folders that they are sorted into."""
    broken = [name for name, reason in look.items() if reason]
    known = {} if source.folders else source_pictures.folder_classes(source.path, without=broken)
    names = [name for name in known if "," not in name and name == name.strip()][:MAX_CLASSES]
    if len(names) < 2:
        return source.spec
    key = f"folders-{source.spec}"
    with st.popover("All classes" if not st.session_state.get(key) else "Some classes", type="tertiary"):
        picked = st.pills(
            "Train on these folders only",
            names,
            format_func=lambda name: escaped(f"{name} ({known[name]:,})"),
            selection_mode="multi",
            key=key,
        )
    return f"{source.path}:{','.join(sorted(picked))}" if picked else source.spec


def _path() -> str | None:
    path = st.text_input(
        "Folder or archive",
        placeholder="/home/me/pictures",
        help="Pictures of any size, grey or colour; sub-folders are searched. Transparency is laid on white. Or a file "
        "of many pictures: zip, tar, packed or not, .npy, .npz, .parquet, IDX, or a .csv that holds pixels or lists "
        "picture files.",
    )
    return path if path.strip() else None


def _upload() -> str | None:
    """The SPEC of what was uploaded, which is stored once and refused once."""
    files = st.file_uploader(
        "Pictures, or one zip, .tar, .npy, .npz, .parquet or .csv file of them",
        type=[
            "zip",
            "tar",
            "tar.gz",
            "npy",
            "npz",
            "parquet",
            "csv",
            *(suffix.lstrip(".") for suffix in SUFFIXES),
            *(suffix.lstrip(".") for suffix in uploads.PACKED),
        ],  # the last are cut off on a page
        accept_multiple_files=True,
        help=f"They stay on this computer, in {escaped(str(sources.DATA_DIR / 'uploads'))}.",
    )
    if not files:
        return None
    state, identity = st.session_state, tuple(file.file_id for file in files)
    if state.get(UPLOADED) != identity:
        state[STORED], state[REFUSED] = None, None
        try:
            visitors.check()
            with st.spinner("Storing the pictures …"):
                state[STORED] = str(uploads.store_upload([(file.name, file) for file in files]))
        except BadInput as error:
            state[REFUSED] = error
        state[UPLOADED] = identity
    if state[REFUSED]:
        refuse(state[REFUSED])
    return state[STORED]


@st.cache_data(max_entries=16, show_spinner=False)
def _nine(source: source_pictures.Source, stamp: Hashable, crop: str) -> tuple[bytes, int]:
    """Nine real pictures in a row, as one PNG, or as many as there are; and their number."""
    pictures = sources.preview(source, 9, crop=crop)
    if not pictures:
        raise BadInput(f"Hardly any picture file of {source.title} can be read: take the others out.")
    return row_of(pictures), len(pictures)


def row_of(pictures: list["Image.Image"]) -> bytes:
    """Pictures side by side as one PNG."""
    from PIL import Image

    side = max((picture.width for picture in pictures), default=1)
    row = Image.new("RGB", (len(pictures) * (side + 2) - 2, side), (40, 40, 40))
    for i, picture in enumerate(pictures):
        row.paste(picture.convert("RGB"), (i * (side + 2), 0))
    buffer = io.BytesIO()
    row.save(buffer, "PNG")
    return buffer.getvalue()
