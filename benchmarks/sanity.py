"""How the judge answers to known damage, the copy alarm to known copies, and both to few pictures: all of real clothes.

python -m benchmarks.sanity [--tables distance copies few]
"""

import argparse

import numpy as np

from dcgan.config import Config
from dcgan.data.dataset import load
from dcgan.data.sources import IDX_CLASS_NAMES
from dcgan.evaluation.pixel_report import fake_pictures
from dcgan.evaluation.reference import Reference
from dcgan.judges.judge import SHIPPED, ClassifierJudge, EdgeJudge, Judge
from dcgan.metrics.copies import close_calls
from dcgan.metrics.disguise import undisguised
from dcgan.metrics.enough import DRAWS
from dcgan.metrics.frechet import frechet, gaussian
from dcgan.metrics.nearest import as_it_is, nearest_training
from dcgan.metrics.neighbours import neighbours
from dcgan.metrics.spoil import SPOILT, blurred, noisy
from dcgan.networks.generator_file import load_generator
from dcgan.system.paths import PROJECT

DISTANCE_PICTURES, COPY_PICTURES, SIZE = 5000, 1000, 28
FEW_PICTURES, TRIALS, LARGEST = 12_000, 15, 500  # pictures in a draw at most
FEW = ((210, 10), (210, 42), (300, 60), (400, 80), (500, 100), (1000, 50), (1000, 200), (4000, 200))  # all, held out
BLOBS = PROJECT / "checkpoints" / "quick-fashion" / "snapshots" / "00000128.safetensors"


def distances() -> None:
    """The distance of spoilt training pictures to the test set."""
    train = load("fashion-mnist", SIZE, 1, "train")
    reference = Reference(Config(image_size=SIZE, data_fingerprint=train.fingerprint))
    pictures, labels = train.images[:DISTANCE_PICTURES, 0], np.asarray(train.labels[:DISTANCE_PICTURES])

    def far(x: np.ndarray) -> str:
        return f"{reference.distance(reference.judge.features(x)):.3g}"

    print("| damage | distance |\n|---|---|")
    print(f"| none | {far(pictures)} |", flush=True)
    for sigma in (0.5, 0.7, 1.0, 1.5, 2.5):
        print(f"| blur, deviation {sigma} pixels | {far(blurred(pictures, sigma / SIZE))} |", flush=True)
    for level in (1, 2, 4, 8, 16, 32, 64):
        print(f"| noise, deviation {level} grey levels | {far(noisy(pictures, level))} |", flush=True)
    for label, name in enumerate(IDX_CLASS_NAMES["Fashion-MNIST"]):
        print(f"| without {name} | {far(pictures[labels != label])} |", flush=True)


def copies() -> None:
    """What the copy alarm says of pictures whose origin is known."""
    train, test = (load("fashion-mnist", SIZE, 1, split).images[:, 0] for split in ("train", "test"))
    order = np.random.default_rng(0).permutation(len(test))
    held_out, other = test[order[:COPY_PICTURES]], test[order[COPY_PICTURES : 2 * COPY_PICTURES]]
    replayed = train[np.random.default_rng(1).permutation(len(train))[:COPY_PICTURES]]
    few = np.concatenate([replayed[: COPY_PICTURES // 50], other[COPY_PICTURES // 50 :]])
    sets = {
        "test pictures": other,
        "2 % training pictures, 98 % test pictures": few,
        "training pictures": replayed,
        "training pictures with noise, deviation 8 grey levels": noisy(replayed, 8),
        "training pictures, blurred, deviation 0.5 pixels": blurred(replayed, 0.5 / SIZE),
        "training pictures, half as bright": replayed // 2,
        "training pictures, moved by one pixel": np.roll(replayed, 1, axis=2),
        "training pictures, mirrored": replayed[:, :, ::-1],
    }
    floors = {seen: nearest_training(held_out, train, seen=seen)[1] for seen in (as_it_is, undisguised)}
    print("| pictures | closer than 99 % of held-out ones | without disguise | by chance | copy alarm |")
    print("|---|---|---|---|---|")
    for name, pictures in sets.items():
        pictures = np.ascontiguousarray(pictures)
        found = [close_calls(nearest_training(pictures, train, seen=s)[1], floor) for s, floor in floors.items()]
        alarm = "raised" if any(each["alarm"] for each in found) else "silent"
        counts = " | ".join(f"{each['fakes']:,}" for each in found)
        print(f"| {name} | {counts} | {found[0]['expected']:.0f} | {alarm} |", flush=True)


def few() -> None:
    """In how many trials a small data set's figures set spoilt pictures and blobs clearly apart from real ones."""
    train = load("fashion-mnist", SIZE, 1, "train").images[:FEW_PICTURES, 0]
    blobs = fake_pictures(load_generator(BLOBS), DRAWS * LARGEST, 0)
    head = ["judge", "pictures", "held out", "distance: real", "blurred", "noise", "blobs"]
    print(f"| {' | '.join([*head, 'precision: blurred', 'noise', 'blobs'])} |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    judges: dict[str, Judge] = {"edges, grey": EdgeJudge(1), "edges, colour": EdgeJudge(3)}
    judges["fmnistcnn"] = ClassifierJudge(SHIPPED)
    for name, judge in judges.items():
        shown, fakes = (coloured(x) if "colour" in name else x for x in (train, blobs))
        real = judge.features(shown)
        bad = {kind: judge.features(SPOILT[kind](shown)) for kind in ("blurred", "very noisy")}
        mush = judge.features(fakes)
        for number, held_out in FEW:
            trials = [_trial(real, bad, mush, number, held_out, seed) for seed in range(TRIALS)]
            cells = " | ".join(f"{share:.0%}" for share in np.mean(trials, 0))
            print(f"| {name} | {number:,} | {held_out} | {cells} |", flush=True)


def _trial(
    real: np.ndarray, bad: dict[str, np.ndarray], blobs: np.ndarray, number: int, held_out: int, seed: int
) -> list[bool]:
    """Whether each figure lies more than three deviations beyond its floor: see the columns of `few`."""
    order = np.random.default_rng(seed).permutation(len(real))
    test, train, others = real[order[:held_out]], order[held_out:number], order[number:]
    size, known = min(LARGEST, len(train) // DRAWS), gaussian(test)
    sides = {"real": real[others], "blurred": bad["blurred"][train], "noise": bad["very noisy"][train], "blobs": blobs}

    def figures(x: np.ndarray) -> np.ndarray:
        """Distance and negative precision of the first DRAWS pieces, (DRAWS, 2): more is worse."""
        pieces = [x[start : start + size] for start in range(0, DRAWS * size, size)]
        among = [neighbours(test[:size], piece[:held_out]) for piece in pieces]
        return np.array([[frechet(gaussian(p), known), -a.precision] for p, a in zip(pieces, among, strict=True)])

    floor = figures(real[train])
    limit = floor.mean(0) + 3 * floor.std(0, ddof=1)
    beyond = {name: figures(x).mean(0) > limit for name, x in sides.items()}
    return [bool(beyond[name][0]) for name in sides] + [bool(beyond[name][1]) for name in sides if name != "real"]


def coloured(pictures: np.ndarray) -> np.ndarray:
    """Grey pictures (N, H, W) as (N, H, W, 3), each in a colour of its own on another."""
    rng = np.random.default_rng(len(pictures))
    front, back = rng.uniform(80, 255, (len(pictures), 1, 1, 3)), rng.uniform(0, 120, (len(pictures), 1, 1, 3))
    share = pictures[..., None] / 255.0
    return (front * share + back * (1 - share)).round().astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every = ["distance", "copies", "few"]
    parser.add_argument("--tables", nargs="+", choices=every, default=every, help="default: all")
    tables = parser.parse_args().tables
    if "distance" in tables:
        distances()
    if "copies" in tables:
        copies()
    if "few" in tables:
        few()


if __name__ == "__main__":
    main()
