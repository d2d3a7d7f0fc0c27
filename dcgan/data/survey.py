"""Which picture files of a folder or zip can be read, as far as there is time to look; no torch."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dcgan.data import rows
from dcgan.data.picture_files import listing, once, reader
from dcgan.images.decode import verify
from dcgan.images.formats import has_heif

SECONDS = 3.0  # of looking: enough for some thousand pictures
THREADS = 4
MAX_ROWS = 1_000  # of parquet files, which are read in passes

Survey = dict[str, str]  # the name of each file that was looked at -> "", or "name: reason" if it can't be read


def survey(path: Path, seconds: float = SECONDS) -> Survey:
    """Look at the picture files in an order of chance, all of them or as many as the time allows; raises BadInput.

    A file that is begun in time is finished. The answer is kept as long as no file comes or goes. It is empty for an
    array, of which every row is a picture.
    """
    if rows.kind_of(path) in rows.ARRAYS:
        return {}
    found = listing(path)
    return once(found, ("survey", seconds, has_heif()), lambda: _look(path, found.names, time.monotonic() + seconds))


def _look(path: Path, names: tuple[str, ...], until: float) -> Survey:
    chosen = random.Random(0).sample(names, len(names))  # so that few stand for all
    if rows.kind_of(path) == "parquet":
        chosen = rows.forward(path, chosen[:MAX_ROWS])
    todo = iter(chosen)  # one for all threads
    with reader(path) as read, ThreadPoolExecutor(THREADS) as pool:
        parts = [pool.submit(lambda: dict(_told(todo, read, until))) for _ in range(THREADS)]
        return {name: reason for part in parts for name, reason in part.result().items()}


def _told(names: Iterator[str], read: Callable[[str], bytes], until: float) -> Iterable[tuple[str, str]]:
    while time.monotonic() < until and (name := next(names, None)) is not None:
        try:
            verify(read, name)
            yield name, ""
        except ValueError as error:
            yield name, str(error)
