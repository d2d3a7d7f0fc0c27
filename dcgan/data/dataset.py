"""Any data set as one uint8 array that is prepared once, and a seeded endless stream of batches."""

import dataclasses
from pathlib import Path

import numpy as np

from dcgan.config import Config
from dcgan.data import account, class_labels, idx, source_pictures, sources
from dcgan.data.decode_workers import Shape
from dcgan.data.fingerprint import difference, digest_of
from dcgan.data.layout import layout_of
from dcgan.data.prepared import Prepared, Progress, open_prepared, prepared
from dcgan.data.prepared_files import files_of_rows, known_files
from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.images.tones import Reading, reading_of

HELD_OUT = 1_024  # test pictures at most that come along with the training split


@dataclasses.dataclass(frozen=True)
class ImageData:
    """One split of a data set."""

    images: np.ndarray  # uint8 (N, C, S, S); not to be changed, for it may be a file or a repeated view
    labels: np.ndarray | None  # int64 (N,)
    class_names: tuple[str, ...]  # class_names[label]; empty without labels
    fingerprint: str  # of the whole data set, whatever the split, the size and the channels
    skipped: list[str]  # "name: reason" for each picture that could not be read
    remark: str = ""  # what a person should know about it
    told: tuple[str, ...] = ()  # how a folder or zip is used, in sentences
    held_out: np.ndarray | None = None  # of the training split: uint8 (M, C, S, S), some of the test split, M may be 0


def load(
    spec: str | source_pictures.Source,
    image_size: int,
    channels: int,
    split: str = "train",
    cache_dir: Path | None = None,
    progress: Progress | None = None,
    crop: str = "square",
    expected: str = "",
    num_test: int = 0,
    reading: Reading | None = None,
    class_names: tuple[str, ...] = (),
) -> ImageData:
    """Load the split train or test of a data set; raises BadInput when that can't be done.

    What can be downloaded is, if it isn't there. Folders and zips of pictures are prepared once, into `cache_dir`;
    `dcgan.data.holdout` says how many of them are held out as the test split. `expected` is the
    fingerprint that a run began with: other data is refused with what differs, but pictures that are merely gone since
    they were prepared don't matter. `reading` is how the run reads pictures, None as a new run would. With
    `class_names` pictures have labels, which are places in it.
    """
    assert split in ("train", "test") and channels in (1, 3)
    folder, shape = cache_dir or sources.DATA_DIR / "cache", Shape(image_size, channels, crop, reading or Reading())

    def labelled(data: ImageData, source: source_pictures.Source | None) -> ImageData:
        """With labels, where they are asked for; of a source that is gone the names tell the classes."""
        if not class_names:
            return data
        rows = files_of_rows(data.fingerprint, shape, folder, num_test)
        names = rows[: len(data.images)] if split == "train" else rows[len(rows) - len(data.images) :]
        own = source_pictures.layout(source).classes if source else layout_of(names).classes
        return dataclasses.replace(
            data,
            labels=class_labels.labels_of(names, own, class_names, strict=split == "train"),
            class_names=tuple(class_names),
        )

    try:
        version = shape.reading.version
        source = spec if isinstance(spec, source_pictures.Source) else sources.resolve(spec, not expected, version)
        fingerprint = sources.fingerprint(source)
        if source.kind == "images" and reading is None:
            shape = shape._replace(reading=source_pictures.reading(source))
    except BadInput:
        found = open_prepared(expected, shape, folder, num_test) if expected else None
        if found is None:
            raise
        remark = f"The pictures of {spec!r} are not there any more; the run goes on with those prepared from them."
        return labelled(_split(found, expected, split, remark), None)

    remark = ""
    if expected and fingerprint != expected:
        remark = _only_gone(source, expected, folder)
        found = open_prepared(expected, shape, folder, num_test)
        if found is None:
            raise BadInput(f"{remark} The prepared ones are gone, too: put them back, or start a new run.")
        return labelled(_split(found, expected, split, remark), source)
    if source.kind == "idx":
        if split == "train":
            sources.check(source)
        originals, labels = idx.read_split(source.path, split, source.classes)  # (N, 28, 28), (N,)
        images = _of_size(originals, image_size, channels, crop)
        if progress:
            progress(len(images), len(images))
        held_out = None
        if split == "train":
            tests, _ = idx.read_split(source.path, "test", source.classes)
            held_out = _of_size(_spread(tests, HELD_OUT), image_size, channels, crop)
        names = sources.class_names(source)
        if class_names:
            places = {name: label for label, name in enumerate(class_names)}
            labels, names = np.array([places.get(name, -1) for name in names])[labels], class_names
        return ImageData(images, labels.astype(np.int64), names, fingerprint, [], held_out=held_out)
    found = prepared(source, fingerprint, shape, folder, progress, num_test)
    told = tuple(account.sentences(source, found.skipped, shape.reading)) if split == "train" else ()
    split_off = dataclasses.replace(_split(found, fingerprint, split, sources.row_remark(source)), told=told)
    return labelled(split_off, source)


def _split(found: Prepared, fingerprint: str, split: str, remark: str = "") -> ImageData:
    images, tests = found.images[: found.num_train], found.images[found.num_train :]
    if split == "test":
        return ImageData(tests, None, (), fingerprint, found.skipped, remark)
    return ImageData(images, None, (), fingerprint, found.skipped, remark, held_out=_spread(tests, HELD_OUT))


def _only_gone(source: source_pictures.Source, expected: str, folder: Path) -> str:
    """Say which pictures are gone since a run began; raises BadInput if the others are not what they were."""
    changed = f"data {source.spec!r} has changed since this run began"
    before = known_files(expected, folder) if source.kind == "images" else None
    if before is None:
        raise BadInput(f"{changed}: put it back as it was, fork the run with this data, or start a new one.")
    with source_pictures.pictures(source) as (names, read):
        now = {name: digest_of(read, name)[0] for name in names}
    differences = difference(before, now)
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


def load_for(config: Config, split: str = "train", expected: str = "", progress: Progress | None = None) -> ImageData:
    """Load the split train or test of a run's data, see `load`."""
    return load(
        *(config.data, config.image_size, config.channels, split),
        progress=progress,
        crop=config.crop,
        expected=expected,
        num_test=config.held_out,
        reading=reading_of(config),
        class_names=config.names_of_classes,
    )


def notice(found: ImageData) -> str:
    """What the person should know about the pictures that a run trains on, in a sentence or two; mostly nothing."""
    if not found.skipped:
        return found.remark
    n = len(found.skipped)
    named = "; ".join(found.skipped[:3]) + (f"; and {n - 3:,} more, listed in log.txt" if n > 3 else "")
    return f"{found.remark} {n:,} picture{'s' * (n > 1)} could not be read: {named}.".strip()


def _spread(images: np.ndarray, n: int) -> np.ndarray:
    """At most n of the images (N, ...), spread evenly over them."""
    return images if len(images) <= n else images[np.arange(n) * len(images) // n]


def _of_size(originals: np.ndarray, size: int, channels: int, crop: str) -> np.ndarray:
    """uint8 (N, 28, 28) to (N, C, size, size); several channels are a repeated view of one."""
    images = as_prepared(originals[:, None], size, crop)  # (N, 1, S, S)
    return images if channels == 1 else np.broadcast_to(images, (len(images), channels, size, size))


def as_prepared(images: np.ndarray, size: int, crop: str = "square") -> np.ndarray:
    """MNIST or Fashion-MNIST pictures for a network: uint8 (N, 1, 28, 28) to (N, 1, size, size).

    Both sets have black backgrounds. At 32 pixels they get a border of 2, which keeps every pixel as sharp as it was;
    with crop=pad they have it at other sizes, too, so that pictures of 64 are those of 32 doubled.
    """
    import torch
    import torch.nn.functional as F

    if size == images.shape[-1]:
        return images
    if size == 32 or crop == "pad":
        images = np.pad(images, ((0, 0), (0, 0), (2, 2), (2, 2)))
    if size == images.shape[-1]:
        return images
    out = np.empty((len(images), 1, size, size), np.uint8)
    for start in range(0, len(images), 4096):  # in pieces that stay small even where torch resizes through floats
        piece = torch.from_numpy(images[start : start + 4096].copy())
        out[start : start + 4096] = F.interpolate(piece, size=(size, size), mode="bilinear", antialias=True).numpy()
    return out


def real_labels(config: Config, split: str) -> np.ndarray:
    """The labels of `real_pictures`, int64 (N,), for a run that knows classes; raises BadInput as that does."""
    labels = load_for(config, split, config.data_fingerprint).labels
    assert labels is not None
    return labels


def real_pictures(config: Config, split: str) -> np.ndarray:
    """Real pictures of the split train or test, uint8 (N, H, W) or (N, H, W, 3), read-only.

    Raises BadInput when the data is gone, or has changed since the run began: nothing is then known to be held out.
    """
    found = load_for(config, split)
    if config.data_fingerprint and found.fingerprint != config.data_fingerprint:
        raise BadInput(f"data {config.data!r} has changed since this run was trained, so it can't be compared with it.")
    return found.images[:, 0] if config.channels == 1 else found.images.transpose(0, 2, 3, 1)
