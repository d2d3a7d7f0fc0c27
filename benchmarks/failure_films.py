"""The four films of the Learn page: a healthy training and three that fail, small and real, with what the alarms said.

    python -m benchmarks.failure_films --root DIR [--only NAME ...]

Each film is a run of its own below DIR, trained on one thread in some minutes; those that are there already are only
read. Then assets/failures/ is written anew: films.json, which `pages/learn/failure_films.py` reads, one sheet of frames
for each film, and the last fakes of what was learnt by heart beside their nearest training pictures.
"""

import argparse
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dcgan.data.dataset import real_pictures
from dcgan.metrics.nearest import nearest_training
from dcgan.monitoring.alarms import Watcher
from dcgan.presets import preset_config
from dcgan.runs import live_settings
from dcgan.runs.run import Run
from dcgan.runs.sample_grids import grid_of
from dcgan.system.files import publish
from dcgan.system.paths import PROJECT
from dcgan.training.worker import work

OUT = PROJECT / "assets" / "failures"
STEPS, TILES, SIZE = 1_400, 16, 32
ACROSS = 10  # frames in a row of a sheet
QUALITY = 70  # of WebP
NEWEST = 12  # grids over which copies are looked for
COARSE = 4  # pixels on a side, over which pictures are averaged to be compared
TRAINED_ON, HELD_OUT = 16, 256  # pictures of the film that learns by heart

# Each picture as the generator of that step draws it: without an average, which would be late to show a fault
BASE: dict[str, Any] = {
    **{"image_size": SIZE, "ngf": 24, "ndf": 24, "batch_size": 32, "ema_half_life_images": 0, "augment": "off"},
    **{"lr_g": 1e-3, "lr_d": 1e-3, "lr_decay": 0.0, "num_steps": STEPS, "precision": "float32", "num_threads": 1},
    **{"log_every": 5, "sample_every": 25, "num_samples": TILES, "max_samples": 400, "max_snapshots": 2},
    **{"max_states_mb": 0, "measure_images": 0},
}
CHANGED = 500  # the step after which two of the trainings, healthy so far, get other rates
FILMS: dict[str, dict[str, float]] = {  # name -> what is changed then
    "healthy": {},
    "d-too-strong": {"lr_g": 1e-5},
    "collapse": {"lr_d": 1e-5},
    "by-heart": {},  # here the data are others from the start
}
CURVES = ("d_loss", "g_loss", "d_real", "d_fake", "d_accuracy")
LOOKS = ("spread", "nearest", "held_gap", "update_g")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, required=True, help="where the runs are kept")
    parser.add_argument("--only", nargs="+", choices=list(FILMS), default=list(FILMS), metavar="NAME")
    args = parser.parse_args()
    for name in args.only:
        if not (args.root / name).exists():
            train(name, args.root)
    OUT.mkdir(exist_ok=True)
    films = {name: film(name, Run(args.root / name)) for name in FILMS if (args.root / name).exists()}
    publish(OUT / "films.json", (json.dumps({"tiles": TILES, "size": SIZE, "films": films}) + "\n").encode())
    for path in sorted(OUT.iterdir()):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def train(name: str, root: Path) -> None:
    """Train a film's run to its end; those on all pictures begin as one and the same run."""
    config = preset_config("quick").replace(**BASE)
    if name == "by-heart":
        config = config.replace(data=str(few_pictures(root)), held_out=HELD_OUT, batch_size=TRAINED_ON)
        work(Run.create(config, root, name), parallel=True, show=True)
        return
    before = Run(root / "before") if (root / "before").exists() else Run.create(config, root, "before")
    before.extend(CHANGED)
    work(before, parallel=True, show=True)
    shutil.copytree(before.path, root / name)
    run = Run(root / name)
    live_settings.ask(run, FILMS[name])
    run.extend(STEPS)
    work(run, parallel=True, show=True)


def few_pictures(root: Path) -> Path:
    """A file with TRAINED_ON + HELD_OUT pictures of Fashion-MNIST, of which a run that holds out HELD_OUT trains on
    the rest."""
    root.mkdir(parents=True, exist_ok=True)
    path = root / "few.npy"
    if not path.exists():
        every = real_pictures(preset_config("quick"), "train")  # (N, H, W)
        chosen = np.random.default_rng(0).permutation(len(every))[: TRAINED_ON + HELD_OUT]
        np.save(path, every[chosen])
    return path


# ---- what of a run goes into the studio


def film(name: str, run: Run) -> dict[str, Any]:
    """Write a run's frames; returns its facts, as films.json holds them."""
    frames = np.stack([tiles_of(run, step) for step in kept(run)])  # (F, TILES, SIZE, SIZE)
    publish(OUT / f"{name}.webp", webp(sheet(frames)))
    rows = [row for row in run.read_lines()[0] if row["step"] <= STEPS]
    points = [row for row in rows if "g_loss" in row]
    looks = [row for row in points if "spread" in row]
    watcher = Watcher()
    watcher.feed(rows)
    status = run.status()
    return {
        "changed": {"step": CHANGED, "settings": FILMS[name]} if FILMS[name] else None,
        "pictures": TRAINED_ON if name == "by-heart" else len(real_pictures(run.config, "train")),
        "batch": run.config.batch_size,
        "lr_g": run.config.lr_g,
        "lr_d": run.config.lr_d,
        "seconds": round(status.time_s),
        "frames": kept(run),
        "curves": columns(points, ("step", *CURVES)),
        "looks": columns(looks, ("step", *LOOKS)),
        "alarms": [alarm._asdict() | {"look": rounded(alarm.look)} for alarm in watcher.raisings],
        "proof": proof(name, run),
    }


def proof(name: str, run: Run) -> dict[str, Any]:
    """How a film can be told from a healthy one by its pictures alone, in grey levels of 255.

    `change`: how much a pixel differs from one kept grid to the next after step CHANGED, on average. `nearest`, of what
    was learnt by heart: medians of the distance to the nearest training picture, both `coarse`, of the fakes in the
    last grids and of the pictures that were held out; the grid whose fakes came `closest` is kept beside what they
    came close to.
    """
    if name != "by-heart":
        grids = [tiles_of(run, step).astype(float) for step in kept(run) if step >= CHANGED]
        steps = [np.abs(new - old).mean() for old, new in zip(grids, grids[1:], strict=False)]
        return {"change": round(float(np.mean(steps)), 1)}
    train, test = real_pictures(run.config, "train"), real_pictures(run.config, "test")
    assert (len(train), len(test)) == (TRAINED_ON, HELD_OUT)
    steps = kept(run)[-NEWEST:]
    grids = [tiles_of(run, step) for step in steps]
    found = [nearest_training(coarse(grid), coarse(train)) for grid in grids]
    closest = min(range(len(steps)), key=lambda i: float(np.median(found[i][1])))
    publish(OUT / f"{name}-nearest.webp", webp(sheet(np.stack([grids[closest], train[found[closest][0]]]))))
    distances = {"fakes": [each for _, each in found], "test": nearest_training(coarse(test), coarse(train))[1]}
    medians = {kind: round(float(np.median(each)), 1) for kind, each in distances.items()}
    return {"nearest": medians, "grids": len(steps), "closest": steps[closest], "compared_at": SIZE // COARSE}


def coarse(pictures: np.ndarray) -> np.ndarray:
    """Means over squares of COARSE pixels, in which the noise of a young G is gone: uint8 (N, S, S) to smaller ones."""
    n, size, _ = pictures.shape
    squares = pictures.reshape(n, size // COARSE, COARSE, size // COARSE, COARSE)
    return np.rint(squares.mean((2, 4))).astype(np.uint8)


def kept(run: Run) -> list[int]:
    """The steps of a run's sample grids, up to where a film ends."""
    return [step for step in run.samples() if step <= STEPS]


def tiles_of(run: Run, step: int) -> np.ndarray:
    """The pictures of a kept grid, uint8 (TILES, SIZE, SIZE)."""
    with Image.open(io.BytesIO(grid_of(run, step))) as opened:
        whole = np.asarray(opened.convert("L"))
    pitch, per_row = SIZE + 2, 4  # the gap of dcgan.images.grids.grid
    corners = [(i // per_row * pitch, i % per_row * pitch) for i in range(TILES)]
    return np.stack([whole[top : top + SIZE, left : left + SIZE] for top, left in corners])


def sheet(frames: np.ndarray) -> np.ndarray:
    """Frames of tiles (F, TILES, S, S) side by side without gaps, ACROSS in a row, each with its tiles four by four."""
    count, tiles, size, _ = frames.shape
    side = 4 * size
    whole = np.zeros((-(-count // ACROSS) * side, min(count, ACROSS) * side), np.uint8)
    for i, frame in enumerate(frames):
        square = frame.reshape(4, 4, size, size).transpose(0, 2, 1, 3).reshape(side, side)
        top, left = i // ACROSS * side, i % ACROSS * side
        whole[top : top + side, left : left + side] = square
    return whole


def webp(picture: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).convert("RGB").save(out, "WEBP", quality=QUALITY, method=6)
    return out.getvalue()


def columns(rows: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, list[float | None]]:
    """Rows as columns, null where a row lacks a figure."""
    return {name: [short(row.get(name)) for row in rows] for name in names}


def rounded(look: Any) -> dict[str, Any]:
    return {name: short(value) if isinstance(value, int | float) else value for name, value in look.items()}


def short(value: float | None) -> float | None:
    """Four digits, which charts and sentences need at most."""
    return value if value is None or isinstance(value, int) else float(f"{value:.4g}")


if __name__ == "__main__":
    main()
