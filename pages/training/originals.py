"""What the published systems showed and reported, in one place: only what their publications say.

A figure that they don't give stands nowhere here: numbers of parameters that can only be counted from the layers, times
and scores that nobody reported.
"""

from typing import NamedTuple


class Fact(NamedTuple):
    what: str
    published: str
    own: str = ""  # how this run has the same: a key of `as_published.FIGURES`; empty where it can't be told


class Original(NamedTuple):
    title: str  # of the publication
    showed: str  # in a sentence
    facts: tuple[Fact, ...] = ()
    pictures: str = ""  # of which moments it shows its samples: epochs, steps, ends; empty where it doesn't say
    under: str = ""  # what stands under each: a key of `as_published.UNDER`
    final: tuple[int, int] | None = None  # rows and columns of the samples it ends with


_SEED_25 = Fact("Samples of a fixed seed", "25", "samples")
_LAST_32 = Fact("Samples at the end", "4 × 8", "final")

ORIGINALS: dict[str, Original] = {
    "basic-dcgan": Original(
        "BasicDCGAN",
        "an untrained sample with D's verdict on it, then 32 samples after the training.",
        (
            Fact("Epochs", "10", "epochs"),
            Fact("Samples after the training", "32", "samples"),
            Fact("D on an untrained sample", "about 0.5", "first verdict"),
        ),
        "ends",
    ),
    "synthetic-1": Original(
        "Synthetic images with DCGANs, run 1",
        "a picture of the same 25 samples for every epoch, a film of them, thinned as this studio's is, and 4 × 8 "
        "samples at the end.",
        (Fact("Epochs", "100", "epochs"), Fact("Time of training", "57 min 34 s", "time"), _SEED_25, _LAST_32),
        "epochs",
        final=(4, 8),
    ),
    "synthetic-2": Original(
        "Synthetic images with DCGANs, run 2",
        "a picture of the same 25 samples for every epoch, a film of them, and 4 × 8 samples at the end, all beside "
        "those of run 1.",
        (Fact("Epochs", "50", "epochs"), Fact("Time of training", "51 min 56 s", "time"), _SEED_25, _LAST_32),
        "epochs",
        final=(4, 8),
    ),
    "rules-64": Original(
        "Synthetic images with DCGANs, the network by the rules",
        "a network that breaks none of the paper's rules, for colour pictures of 64 px.",
        (Fact("Numbers in a picture", "3 × 64 × 64", "picture"),),
    ),
    "fashion-64": Original(
        "DCGAN on Fashion-MNIST",
        "samples rescaled from [-1, 1] to [0, 255], and an Inception score of pictures enlarged to 299 px.",
        (
            Fact("Epochs", "50 to 200", "epochs"),
            Fact("Pixels", "64 × 64 or 128 × 128", "pixels"),
            Fact(
                "Inception score called ideal",
                "9 to 10; no property of this data, whose real pictures have their own",
                "inception",
            ),
        ),
    ),
    "three-sets-fashion": Original(
        "DCGAN on MNIST, Fashion-MNIST and CelebA: Fashion-MNIST",
        "a picture of the same 25 samples for every epoch; D's accuracy, which falls as G improves.",
        (Fact("Epochs", "10", "epochs"), _SEED_25),
        "epochs",
        "accuracy",
    ),
    "three-sets-digit": Original(
        "DCGAN on MNIST, Fashion-MNIST and CelebA: the digit 0",
        "5 × 5 samples for every epoch, D's accuracy and G's loss under each picture.",
        (
            Fact("Epochs", "25", "epochs"),
            Fact("Parameters of G", "2,717,025", "G total"),
            Fact("Parameters of D", "1,027,073", "D total"),
            Fact("Both", "3,744,098", "both total"),
        ),
        "epochs",
        "accuracy",
    ),
    "three-sets-faces": Original(
        "DCGAN on MNIST, Fashion-MNIST and CelebA: faces",
        "every 50 steps 6 × 6 pictures of the same z, of deviation 0.5, with both losses and the seconds.",
        (
            Fact("Steps", "20,000", "steps"),
            Fact("Parameters of G", "14,953,987", "G total"),
            Fact("Parameters of D", "4,211,713", "D total"),
            Fact("Both", "19,165,700", "both total"),
        ),
        "steps",
        "losses",
    ),
    "custom-loop": Original(
        "Image generation with a custom training loop",
        "both losses for every epoch in one graph, with a cross at the epoch it calls best, and a film from noise to "
        "clothes. The graph stands under the curves, with a ring in place of the cross.",
        (
            Fact("Epochs", "20", "epochs"),
            Fact("Parameters of G", "1,727,233", "G total"),
            Fact("of these trained", "1,719,873", "G trainable"),
            Fact("of these frozen", "7,360", "G frozen"),
            Fact("Parameters of D", "1,658,753", "D total"),
            Fact("Both", "3,385,986", "both total"),
        ),
    ),
}
ORIGINALS["fashion-128"] = ORIGINALS["fashion-64"]
