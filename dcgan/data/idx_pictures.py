"""A person's own IDX files, such as those of MNIST, EMNIST or KMNIST: pictures and their labels; no torch."""

import gzip
import re
import zlib
from pathlib import Path

import numpy as np

from dcgan.data import idx
from dcgan.errors import BadInput

PICTURES = b"\0\0\x08\x03"  # bytes in three dimensions


def is_one(path: Path) -> bool:
    """Whether a file, packed or not, holds pictures in the format IDX."""
    try:
        with open(path, "rb") as file:
            start = file.read(4)
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as unpacked:
                start = unpacked.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return start == PICTURES


def title(path: Path) -> str:
    """emnist-letters for `emnist-letters-train-images-idx3-ubyte.gz`; the folder where a name has no such beginning."""
    own = re.sub(r"[-_.]?(train|t10k|test)?[-_.]?(images|imgs)[-_.]idx3.*", "", path.name, flags=re.IGNORECASE)
    return own or path.absolute().parent.name or path.name


def labels_beside(path: Path) -> Path | None:
    """The file of labels that belongs to one of pictures by its name."""
    name = path.name.removesuffix(".gz").replace("images", "labels").replace("idx3", "idx1")
    places = (path.with_name(name), path.with_name(f"{name}.gz"))
    return next((place for place in places if place != path and place.is_file()), None)


def read(path: Path) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Pictures (N, H, W) and labels (N,), both uint8, and how they are used; raises BadInput for damaged files."""
    pictures, labels, remark = idx.read_file(path), None, ""
    if (beside := labels_beside(path)) is not None:
        labels = idx.read_file(beside)
        if labels.shape != pictures.shape[:1]:
            raise BadInput(
                f"{beside.name} holds {labels.shape[0]:,} labels, but {path.name} {len(pictures):,} pictures: put the "
                "files there that belong together."
            )
        remark = f"The classes are those of {beside.name}."
    if path.name.lower().startswith("emnist"):  # Cohen et al. 2017, arXiv:1702.05373: as MATLAB has them
        pictures, remark = pictures.transpose(0, 2, 1), f"{remark} EMNIST's pictures lie on their side: turned upright."
    return pictures, labels, remark.strip()
