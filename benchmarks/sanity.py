"""How the judge answers to known damage, and the copy alarm to known copies: real pictures of Fashion-MNIST only.

python benchmarks/sanity.py [--tables distance copies]
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dcgan.config import Config  # noqa: E402
from dcgan.data import load  # noqa: E402
from dcgan.metrics.copies import close_calls  # noqa: E402
from dcgan.metrics.disguise import undisguised  # noqa: E402
from dcgan.metrics.nearest import as_it_is, nearest_training  # noqa: E402
from dcgan.metrics.reference import Reference  # noqa: E402
from dcgan.metrics.spoil import blurred, noisy  # noqa: E402
from dcgan.sources import IDX_CLASS_NAMES  # noqa: E402

DISTANCE_PICTURES, COPY_PICTURES, SIZE = 5000, 1000, 28


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    both = ["distance", "copies"]
    parser.add_argument("--tables", nargs="+", choices=both, default=both, help="default: both")
    tables = parser.parse_args().tables
    if "distance" in tables:
        distances()
    if "copies" in tables:
        copies()


if __name__ == "__main__":
    main()
