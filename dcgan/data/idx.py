"""IDX files, the format of MNIST: finding, downloading and reading them; light enough for a page (no torch)."""

import functools
import gzip
import math
import os
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np

from dcgan.errors import BadInput, first_line
from dcgan.system.download import fetch, make_folder

FILES = tuple(f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1"))
# Both from torchvision.datasets.MNIST; the second is the original place
MNIST_MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/")
MNIST_MD5 = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}


def find(*folders: Path) -> Path | None:
    """The first of the folders that has all four files, packed or not."""
    return next((folder for folder in folders if all(_place(folder, name) for name in FILES)), None)


def way_out(folder: Path) -> str:
    """What a person can do when the files are not there: half a sentence."""
    return f"put {', '.join(f'{name}.gz' for name in FILES)} in {folder}"


def download_mnist(folder: Path) -> Path:
    """Fetch MNIST beside its folder and move it there whole, so that a broken download leaves nothing behind.

    Raises BadInput with the way out.
    """
    make_folder(folder.parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".mnist-", dir=folder.parent) as work:
            for name in FILES:
                file = f"{name}.gz"
                fetch([f"{mirror}{file}" for mirror in MNIST_MIRRORS], Path(work) / file, MNIST_MD5[name], 2**25)
            folder.mkdir(exist_ok=True)
            for name in FILES:
                os.replace(Path(work) / f"{name}.gz", folder / f"{name}.gz")
        return folder
    except OSError as error:
        raise BadInput(f"MNIST could not be downloaded ({first_line(error)}): {way_out(folder)}.") from error


def read_split(folder: Path, split: str, classes: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, 28, 28) and labels (N,), both uint8 and not to be changed, of the split train or test.

    Only those with a label in `classes`, unless it is empty. Raises BadInput if a file is missing or damaged.
    """
    part = {"train": "train", "test": "t10k"}[split]
    images, labels = read(folder, f"{part}-images-idx3-ubyte"), read(folder, f"{part}-labels-idx1-ubyte")
    if images.shape != (len(labels), 28, 28):
        raise BadInput(f"The IDX files in {folder} don't belong together: put the original files there again.")
    if classes:
        keep = np.isin(labels, classes)
        images, labels = images[keep], labels[keep]
    return images, labels


def read(folder: Path, name: str) -> np.ndarray:
    """One of FILES as a uint8 array, not to be changed; raises BadInput if it is missing or damaged."""
    path = _place(folder, name)
    if path is None:
        raise BadInput(f"{name}.gz is missing from {folder}: put the original file there again.")
    return read_file(path)


def read_file(path: Path) -> np.ndarray:
    """An IDX file of bytes, packed or not, as a uint8 array, not to be changed; raises BadInput if it is damaged."""
    try:
        stat = path.stat()
    except OSError as error:
        raise BadInput(f"{path} can't be read ({error.strerror}).") from error
    return _read_file(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=4)  # one whole data set, 55 MB; time and size notice a changed file
def _read_file(path: Path, mtime_ns: int, size: int) -> np.ndarray:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as file:
            zero, kind, rank = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{rank}I", file.read(4 * rank))
            if zero or kind != 8 or not 1 <= rank <= 3 or math.prod(shape) > 2**32:
                raise ValueError("not an IDX file of bytes")
            content = file.read(math.prod(shape) + 1)  # one more, to notice a tail
        return np.frombuffer(content, np.uint8).reshape(shape)
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        raise BadInput(f"{path} is damaged ({first_line(error)}): put the original file there again.") from error


def _place(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)
