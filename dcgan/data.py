"""Any data set as one uint8 array that is prepared once, and a seeded endless stream of batches."""

import dataclasses
import hashlib
import warnings
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from dcgan import identity, idx, sources
from dcgan.config import BadInput
from dcgan.decoders import Shape
from dcgan.pictures import shown
from dcgan.prepared import Prepared, Progress, advise, known_files, open_prepared, prepared

RELEASE_BYTES = 256 * 2**20  # of a mapped array that may count as this process's memory
MAPPED_AROUND = 2**16  # bytes that Linux maps around a place that is read, as long as they are in its cache
HELD_OUT = 1_024  # test pictures at most that come along with the training split
DEVICE_SHARE = 0.5  # of a GPU's free memory that a data set may take


@dataclasses.dataclass(frozen=True)
class ImageData:
    """One split of a data set."""

    images: np.ndarray  # uint8 (N, C, S, S); not to be changed, for it may be a file or a repeated view
    labels: np.ndarray | None  # int64 (N,)
    class_names: tuple[str, ...]  # class_names[label]; empty without labels
    fingerprint: str  # of the whole data set, whatever the split, the size and the channels
    skipped: list[str]  # "name: reason" for each picture that could not be read
    remark: str = ""  # what a person should know about it
    held_out: np.ndarray | None = None  # of the training split: uint8 (M, C, S, S), some of the test split, M may be 0


def load(
    spec: str | sources.Source,
    image_size: int,
    channels: int,
    split: str = "train",
    cache_dir: Path | None = None,
    progress: Progress | None = None,
    crop: str = "square",
    expected: str = "",
    num_test: int = 0,
) -> ImageData:
    """Load the split train or test of a data set; raises BadInput when that can't be done.

    What can be downloaded is, if it isn't there. Folders and zips of pictures are prepared once, into `cache_dir`;
    `dcgan.holdout` says how many of them are held out as the test split. `expected` is the
    fingerprint that a run began with: other data is refused with what differs, but pictures that are merely gone since
    they were prepared don't matter.
    """
    assert split in ("train", "test") and channels in (1, 3)
    folder, shape = cache_dir or sources.DATA_DIR / "cache", Shape(image_size, channels, crop)
    try:
        source = spec if isinstance(spec, sources.Source) else sources.resolve(spec, download=not expected)
        fingerprint = sources.fingerprint(source)
    except BadInput:
        found = open_prepared(expected, shape, folder, num_test) if expected else None
        if found is None:
            raise
        remark = f"The pictures of {spec!r} are not there any more; the run goes on with those prepared from them."
        return _split(found, expected, split, remark)

    remark = ""
    if expected and fingerprint != expected:
        remark = _only_gone(source, expected, folder)
        found = open_prepared(expected, shape, folder, num_test)
        if found is None:
            raise BadInput(f"{remark} The prepared ones are gone, too: put them back, or start a new run.")
        return _split(found, expected, split, remark)
    if source.kind == "idx":
        if split == "train":
            sources.check(source)
        originals, labels = idx.read_split(source.path, split, source.classes)  # (N, 28, 28), (N,)
        images = _of_size(originals, image_size, channels)
        if progress:
            progress(len(images), len(images))
        held_out = None
        if split == "train":
            tests, _ = idx.read_split(source.path, "test", source.classes)
            held_out = _of_size(_spread(tests, HELD_OUT), image_size, channels)
        names = sources.class_names(source)
        return ImageData(images, labels.astype(np.int64), names, fingerprint, [], held_out=held_out)
    return _split(prepared(source, fingerprint, shape, folder, progress, num_test), fingerprint, split)


def _split(found: Prepared, fingerprint: str, split: str, remark: str = "") -> ImageData:
    images, tests = found.images[: found.num_train], found.images[found.num_train :]
    if split == "test":
        return ImageData(tests, None, (), fingerprint, found.skipped, remark)
    return ImageData(images, None, (), fingerprint, found.skipped, remark, _spread(tests, HELD_OUT))


def _only_gone(source: sources.Source, expected: str, folder: Path) -> str:
    """Say which pictures are gone since a run began; raises BadInput if the others are not what they were."""
    changed = f"data {source.spec!r} has changed since this run began"
    before = known_files(expected, folder) if source.kind == "images" else None
    if before is None:
        raise BadInput(f"{changed}: put it back as it was, fork the run with this data, or start a new one.")
    with sources.pictures(source) as (names, read):
        now = {name: identity.digest_of(read, name)[0] for name in names}
    differences = identity.difference(before, now)
    words = [
        f"{len(names):,} {'is' if len(names) == 1 else 'are'} {verb} ({', '.join(map(shown, names[:3]))}"
        + (", ...)" if len(names) > 3 else ")")
        for names, verb in zip(differences, ("gone", "new", "different"), strict=True)
        if names
    ]
    if differences[1] or differences[2]:
        raise BadInput(
            f"{changed}: of its pictures {', '.join(words)}. Put them back, fork the run with this data, or start a "
            "new one."
        )
    return f"Of the pictures of {source.spec!r} {words[0]}."


def notice(found: ImageData) -> str:
    """What the person should know about the pictures that a run trains on, in a sentence or two; mostly nothing."""
    if not found.skipped:
        return found.remark
    n = len(found.skipped)
    named = "; ".join(found.skipped[:3]) + (f"; and {n - 3:,} more, listed in log.txt" if n > 3 else "")
    return f"{found.remark} {n:,} picture{'s' * (n > 1)} could not be read: {named}.".strip()


def to_float(images: torch.Tensor) -> torch.Tensor:
    """uint8 pictures to float32 in [-1, 1], the range of the generator's tanh; `dcgan.images` has the inverse."""
    assert images.dtype == torch.uint8
    return images.to(torch.float32).div_(127.5).sub_(1)


def _spread(images: np.ndarray, n: int) -> np.ndarray:
    """At most n of the images (N, ...), spread evenly over them."""
    return images if len(images) <= n else images[np.arange(n) * len(images) // n]


def _of_size(originals: np.ndarray, size: int, channels: int) -> np.ndarray:
    """uint8 (N, 28, 28) to (N, C, size, size); several channels are a repeated view of one."""
    images = as_prepared(originals[:, None], size)  # (N, 1, S, S)
    return images if channels == 1 else np.broadcast_to(images, (len(images), channels, size, size))


def as_prepared(images: np.ndarray, size: int) -> np.ndarray:
    """MNIST or Fashion-MNIST pictures for a network: uint8 (N, 1, 28, 28) to (N, 1, size, size)."""
    if size == images.shape[-1]:
        return images
    if size == 32:  # both sets have black backgrounds, so a border of 2 keeps every pixel as sharp as it was
        return np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    out = np.empty((len(images), 1, size, size), np.uint8)
    for start in range(0, len(images), 4096):  # in pieces that stay small even where torch resizes through floats
        piece = torch.from_numpy(images[start : start + 4096].copy())
        out[start : start + 4096] = F.interpolate(piece, size=(size, size), mode="bilinear", antialias=True).numpy()
    return out


class Feed:
    """Prepared pictures as the training loop wants them: no decoding, no transform but the one to floats.

    The whole array lives on the device when it fits there; otherwise batches are picked out of memory, or out of the
    map, whose pages are given back from time to time so that they don't pile up as this process's memory.
    """

    def __init__(self, images: np.ndarray, device: torch.device, room: int | None = None) -> None:
        """`images` is uint8 (N, C, S, S); `room` in bytes is what they may take on the device, found out if None."""
        self.device = device
        self.num_images, self.channels = images.shape[:2]
        if images.strides[1] == 0:  # a grey picture that is shown as three channels is kept as one
            images = images[:, :1]
        self._source = images
        self.resident = images.nbytes <= (_free_bytes(device) if room is None else room)
        self._mapped = isinstance(images, np.memmap) and not self.resident
        self._unreleased = 0  # bytes
        with warnings.catch_warnings():  # the array may be read-only, and nothing here writes into it
            warnings.simplefilter("ignore")
            self._images = torch.from_numpy(images)  # (N, C or 1, S, S) uint8
        if self.resident:
            self._images = self._images.to(device, copy=True)

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """The pictures of these indices, int64 (B,): float32 (B, C, S, S) in [-1, 1] on the device, channels last."""
        if self.resident:
            picked = self._images.index_select(0, indices.to(self._images.device, non_blocking=True))
        else:
            picked = self._images.index_select(0, indices)
            if self.device.type == "cuda":
                picked = picked.pin_memory().to(self.device, non_blocking=True)
            else:
                picked = picked.to(self.device)
        if self._mapped:
            self._unreleased += picked.nbytes + len(indices) * MAPPED_AROUND
            if self._unreleased > RELEASE_BYTES:
                advise(self._source, "MADV_DONTNEED")  # the pages stay in the system's cache
                self._unreleased = 0
        picked = picked.contiguous(memory_format=torch.channels_last)
        return to_float(picked).expand(-1, self.channels, -1, -1).contiguous(memory_format=torch.channels_last)


def _free_bytes(device: torch.device) -> int:
    """Room for a data set on a device; none on the CPU, where it is in memory already."""
    if device.type == "cuda":
        return int(DEVICE_SHARE * torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(DEVICE_SHARE * (torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()))
    return 0


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
