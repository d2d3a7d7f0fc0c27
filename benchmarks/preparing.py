"""How long pictures take to prepare once, in how much memory, and what a batch of them costs: made faces as CelebA's.

Writes N pictures of 178x218 px, 7 KB each (400 distinct ones, each file with a tail of its own), into a temporary
folder or zip, prepares them, and removes everything again:

    python -m benchmarks.preparing --n 10000
"""

import argparse
import contextlib
import io
import resource
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image, ImageFilter

from dcgan.data import batches, source_pictures, sources
from dcgan.data.decode_workers import Shape
from dcgan.data.prepared import prepared

DISTINCT = 400
STEPS = 2_000


def faces() -> list[bytes]:
    """Smooth noise as JPEG, about as large and as hard to decode as a photo of a face."""
    rng = np.random.default_rng(0)
    pool = []
    for _ in range(DISTINCT):
        patches = Image.fromarray(rng.integers(0, 256, (14, 12, 3), dtype=np.uint8)).resize((178, 218))
        noisy = np.asarray(patches, np.int16) + rng.integers(-9, 10, (218, 178, 3))
        picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=80)
        pool.append(buffer.getvalue())
    return pool


def write(folder: Path, n: int, as_zip: bool) -> Path:
    pool = faces()
    if as_zip:
        with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
            for i in range(1, n + 1):
                archive.writestr(f"img_align_celeba/{i:06d}.jpg", pool[i % DISTINCT] + b"%06d" % i)
        return folder / "img_align_celeba.zip"
    (folder / "img_align_celeba").mkdir()
    for i in range(1, n + 1):
        (folder / "img_align_celeba" / f"{i:06d}.jpg").write_bytes(pool[i % DISTINCT] + b"%06d" % i)
    return folder / "img_align_celeba"


def timed(what: str, n: int, work: Callable) -> object:
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    print(f"{what:44} {seconds:8.2f} s {n / seconds:12,.0f} /s   this process {_memory()}", flush=True)
    return result


def draw(feed: batches.Feed, stream: batches.BatchStream) -> None:
    for _ in range(STEPS):
        feed.batch(stream.next())


def _memory() -> str:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"peak {peak:,.0f} MiB"


class Workers(threading.Thread):
    """Watches how much memory the processes of this one take together."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mib = 0.0

    def run(self) -> None:
        while True:
            total = 0
            for child in psutil.Process().children():
                with contextlib.suppress(psutil.Error):
                    total += child.memory_info().rss
            self.peak_mib = max(self.peak_mib, total / 2**20)
            time.sleep(0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--zip", action="store_true", help="read from a zip instead of a folder")
    parser.add_argument("--folder", type=Path, help="where there is room for the files (default: the system's)")
    args = parser.parse_args()
    workers = Workers()
    workers.start()
    shape = Shape(args.size, 3, "square")
    with tempfile.TemporaryDirectory(dir=args.folder) as work:
        sources.DATA_DIR = cache = Path(work) / "data"
        path = timed("write the files", args.n, lambda: write(Path(work), args.n, args.zip))
        source = timed("find and list them", args.n, lambda: sources.resolve(str(path)))
        assert isinstance(source, source_pictures.Source)
        timed("count them, as a page does at every rerun", args.n, lambda: sources.count(source))
        timed("count them again", args.n, lambda: sources.count(source))
        fingerprint = timed("fingerprint", args.n, lambda: sources.fingerprint(source))
        assert isinstance(fingerprint, str)
        time.sleep(2.5)  # what changed a moment ago is not trusted to be known
        timed("fingerprint again", args.n, lambda: sources.fingerprint(source))
        timed("fingerprint, known", args.n, lambda: sources.fingerprint(source))
        found = timed("prepare", args.n, lambda: prepared(source, fingerprint, shape, cache))
        print(f"{'':44} its decoding processes together: peak {workers.peak_mib:,.0f} MiB")
        timed("open it again", args.n, lambda: prepared(source, fingerprint, shape, cache))
        assert found is not None
        images = found.images  # type: ignore[attr-defined]
        feed, stream = batches.Feed(images, torch.device("cpu")), batches.BatchStream(len(images), 64, 0)
        timed(f"{STEPS:,} batches of 64", 64 * STEPS, lambda: draw(feed, stream))
        now, array = psutil.Process().memory_full_info(), images.nbytes / 2**20
        print(f"array {array:,.0f} MiB; this process now: {now.rss / 2**20:,.0f} MiB, own {now.uss / 2**20:,.0f}")


if __name__ == "__main__":
    main()
