"""Any data set as one uint8 array that is prepared once, and a seeded endless stream of batches."""

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np
import torch
import torch.nn.functional as F

from dcgan import idx, sources
from dcgan.config import BadInput
from dcgan.pictures import decode, fit, pictures

PREPARATION = 1  # raised when pictures are prepared in another way, so that older caches are made again
MIN_FOR_TEST = 200  # pictures below which none are held out
Progress = Callable[[int, int], None]  # called with (pictures done, pictures in all)


@dataclasses.dataclass(frozen=True)
class ImageData:
    """One split of a data set."""

    images: np.ndarray  # uint8 (N, C, S, S); read-only, for it may be a file or a repeated view: index it, then convert
    labels: np.ndarray | None  # int64 (N,)
    class_names: tuple[str, ...]  # class_names[label]; empty without labels
    fingerprint: str  # of the whole data set, whatever the split, the size and the channels
    skipped: list[str]  # "name: reason" for each picture that could not be read


def load(
    spec: str | sources.Source,
    image_size: int,
    channels: int,
    split: str = "train",
    cache_dir: Path | None = None,
    progress: Progress | None = None,
) -> ImageData:
    """Load the split train or test of a data set; raises BadInput when that can't be done.

    MNIST is downloaded if it isn't there. Folders and zips of pictures are prepared once, into `cache_dir`; of 200 or
    more, 5 % and at most 2,000 are held out as the test split, which is empty for fewer.
    """
    assert split in ("train", "test") and channels in (1, 3)
    source = spec if isinstance(spec, sources.Source) else sources.resolve(spec, download=True)
    if source.kind == "idx":
        if split == "train":
            sources.check(source)
        originals, labels = idx.read_split(source.path, split, source.classes)  # (N, 28, 28), (N,)
        images = _resize(originals[:, None], image_size)  # (N, 1, S, S)
        images = np.broadcast_to(images, (len(images), channels, image_size, image_size))
        if progress:
            progress(len(images), len(images))
        return ImageData(images, labels.astype(np.int64), sources.class_names(source), sources.fingerprint(source), [])

    fingerprint = sources.fingerprint(source)
    images, num_train, skipped = _cached(source, fingerprint, image_size, channels, cache_dir, progress)
    images = images[:num_train] if split == "train" else images[num_train:]
    return ImageData(images, None, (), fingerprint, skipped)


def to_float(images: torch.Tensor) -> torch.Tensor:
    """uint8 pictures to float32 in [-1, 1], the range of the generator's tanh; `dcgan.images` has the inverse."""
    return images.to(torch.float32) / 127.5 - 1


def _resize(images: np.ndarray, size: int) -> np.ndarray:
    """uint8 (N, 1, 28, 28) to (N, 1, size, size)."""
    if size == images.shape[-1]:
        return images
    if size == 32:  # both sets have black backgrounds, so a border of 2 keeps every pixel as sharp as it was
        return np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    out = np.empty((len(images), 1, size, size), np.uint8)
    for start in range(0, len(images), 4096):  # in pieces that stay small even where torch resizes through floats
        piece = torch.from_numpy(images[start : start + 4096].copy())
        out[start : start + 4096] = F.interpolate(piece, size=(size, size), mode="bilinear", antialias=True).numpy()
    return out


# ---- pictures prepared once: <cache>/<fingerprint>-<size>-<channels>.npy holds the training pictures, then the test
# pictures; the .json beside it is published last and says how many are which, so a cache without it doesn't exist


def _cached(
    source: sources.Source,
    fingerprint: str,
    size: int,
    channels: int,
    cache_dir: Path | None,
    progress: Progress | None,
) -> tuple[np.ndarray, int, list[str]]:
    folder = cache_dir or sources.DATA_DIR / "cache"
    path = folder / f"{fingerprint}-{size}-{channels}.npy"
    found = _open_cache(path, size, channels)
    if found is None:
        sources.check(source)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_stale(folder)
            _prepare(source, path, size, channels, progress)
        except OSError as error:
            raise BadInput(
                f"The prepared pictures could not be written to {folder} ({error.strerror or error}): make room there, "
                "or name another folder in the environment variable DCGAN_DATA."
            ) from error
        found = _open_cache(path, size, channels)
        assert found is not None, path
    if progress:
        progress(len(found[0]), len(found[0]))
    return found


def _open_cache(path: Path, size: int, channels: int) -> tuple[np.ndarray, int, list[str]] | None:
    """Map a prepared data set into memory; None if it isn't there, isn't whole, or was prepared in another way."""
    try:
        about = json.loads(path.with_suffix(".json").read_text())
        images = np.load(path, mmap_mode="r")
        if about["preparation"] != PREPARATION or images.shape != (about["num_images"], channels, size, size):
            return None
        return images, about["num_train"], about["skipped"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _prepare(source: sources.Source, path: Path, size: int, channels: int, progress: Progress | None) -> None:
    """Decode every picture into the cache; several processes may do so at once, each under a name of its own."""
    from PIL import Image

    Image.init()  # registers the decoders here rather than in all threads at once
    skipped: list[str] = []
    with pictures(source.path) as (names, read), _published(path) as file:
        test_names = held_out(names)
        order = [name for name in names if name not in test_names] + sorted(test_names)

        def prepared(name: str) -> np.ndarray | str:
            try:
                picture = fit(decode(read, name, size), size, channels)
            except ValueError as error:
                return str(error)
            return np.asarray(picture).reshape(size, size, channels).transpose(2, 0, 1)  # (C, S, S)

        header = _header(len(order), size, channels)
        file.write(header)
        num_images = num_train = done = 0
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # Pillow decodes without the interpreter's lock
            for start in range(0, len(order), 256):
                for name, result in zip(piece := order[start : start + 256], pool.map(prepared, piece), strict=True):
                    if isinstance(result, str):
                        skipped.append(result)
                        continue
                    file.write(result.tobytes())
                    num_images += 1
                    num_train += name not in test_names
                done += len(piece)
                if progress:
                    progress(done, len(order))
        file.seek(0)
        file.write(_header(num_images, size, channels))  # numpy leaves room for any number of rows
        if num_images < MIN_FOR_TEST:  # so many could not be read that the rest is needed for training
            num_train = num_images
    about = {"preparation": PREPARATION, "num_images": num_images, "num_train": num_train, "skipped": skipped}
    with _published(path.with_suffix(".json")) as file:
        file.write(json.dumps(about).encode())


def held_out(names: list[str]) -> set[str]:
    """The names of the test split: those with the smallest hashes, so that a new picture moves few others."""
    if len(names) < MIN_FOR_TEST:
        return set()
    hashed = sorted(names, key=lambda name: hashlib.sha256(name.encode(errors="surrogateescape")).digest())
    return set(hashed[: min(2_000, len(names) // 20)])


def _header(num_images: int, size: int, channels: int) -> bytes:
    buffer = io.BytesIO()
    shape = (num_images, channels, size, size)
    np.lib.format.write_array_header_1_0(buffer, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


@contextlib.contextmanager
def _published(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that appears at `path` whole and on disk, or not at all."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def _remove_stale(folder: Path) -> None:
    """Remove what a killed preparation left a day ago or earlier; a younger one may still be at work."""
    for path in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > 86_400:
                path.unlink()


class BatchStream:
    """Endless batches of indices; epoch e is a permutation made from (seed, e) alone, so a resume costs no replay."""

    def __init__(self, num_images: int, batch_size: int, seed: int) -> None:
        assert num_images > 0 and batch_size > 0
        self.num_images, self.batch_size, self.seed = num_images, batch_size, seed
        self.images_seen = 0
        self._order: tuple[int, torch.Tensor] | None = None  # (epoch, its permutation)

    @property
    def epoch(self) -> float:
        """Passes through the data so far."""
        return self.images_seen / self.num_images

    def next(self) -> torch.Tensor:
        """The next indices, int64 (batch_size,); a batch may begin in one epoch and end in another."""
        parts, missing = [], self.batch_size
        while missing:
            epoch, start = divmod(self.images_seen, self.num_images)
            part = self._permutation(epoch)[start : start + missing]
            self.images_seen += len(part)
            missing -= len(part)
            parts.append(part)
        return torch.cat(parts)

    def state_dict(self) -> dict[str, int]:
        return {"images_seen": self.images_seen, "num_images": self.num_images, "seed": self.seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go to a saved position; raises ValueError if it belongs to another stream. The batch size may differ."""
        for name in ("num_images", "seed"):
            if state[name] != getattr(self, name):
                raise ValueError(f"the saved stream has {name} {state[name]}, this one has {getattr(self, name)}")
        self.images_seen = int(state["images_seen"])

    def _permutation(self, epoch: int) -> torch.Tensor:
        if self._order is None or self._order[0] != epoch:
            seed = hashlib.sha256(f"{self.seed} {epoch}".encode()).digest()[:8]  # neighbours get unrelated orders
            generator = torch.Generator().manual_seed(int.from_bytes(seed, "big", signed=True))
            self._order = (epoch, torch.randperm(self.num_images, generator=generator))
        return self._order[1]
