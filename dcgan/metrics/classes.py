"""Which classes a generator makes, and which it leaves out."""

from typing import Any

import numpy as np

MISSING = 0.1  # a class with less than this part of its real share is missing
ROUNDS = 300
FEW = 10  # pictures; of fewer no share is worked out


def histogram(named: np.ndarray, num_classes: int) -> np.ndarray:
    """How many pictures were named each class, int64 (K,); `named` (N,) or class probabilities (N, K)."""
    named = named.argmax(1) if named.ndim == 2 else named
    return np.bincount(named, minlength=num_classes)


def confusion(named: np.ndarray, true: np.ndarray, num_classes: int) -> np.ndarray:
    """Share of the pictures of class t that are named k, float64 (K, K) at [k, t]; columns sum to 1.

    A class without any picture counts as always named right.
    """
    counts = np.zeros((num_classes, num_classes))
    np.add.at(counts, (named, true), 1)
    empty = counts.sum(0) == 0
    counts[empty, empty] = 1
    return counts / counts.sum(0)


def true_shares(counts: np.ndarray, confused: np.ndarray) -> np.ndarray:
    """The shares of the classes, (K,), most likely to give these counts of names, (K,), by a judge that errs.

    A judge that takes one shirt in five for a coat names shirts and coats among the fakes although one of the two is
    missing. If fakes of a class are confused as real ones are, the counts are a mixture of the columns of `confused`
    and the weights follow by expectation maximisation (Vardi & Lee 1993; for shifted classes Lipton et al. 2018).
    """
    shares = np.full(len(counts), 1 / len(counts))
    wanted = counts / max(counts.sum(), 1)
    for _ in range(ROUNDS):
        mixed = confused @ shares
        shares = shares * (confused.T @ (wanted / np.maximum(mixed, 1e-12)))
    return shares / max(shares.sum(), 1e-12)


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    """Jensen-Shannon divergence of two histograms in bits: 0 for equal shares, 1 for no class in common."""
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2

    def from_middle(a: np.ndarray) -> float:
        some = a > 0
        return float((a[some] * np.log2(a[some] / middle[some])).sum())

    return max(0.0, (from_middle(p) + from_middle(q)) / 2)


def precision_by_class(named: np.ndarray, inside: np.ndarray, num_classes: int) -> list[float | None]:
    """Of the pictures named each class (N,), the share that lie among real pictures (N,); None for a handful."""
    counts = np.bincount(named, minlength=num_classes)
    real = np.bincount(named, weights=inside, minlength=num_classes)
    return [float(part / count) if count >= FEW else None for part, count in zip(real, counts, strict=True)]


def class_report(
    fakes: np.ndarray, real: np.ndarray, confused: np.ndarray, class_names: tuple[str, ...]
) -> dict[str, Any]:
    """What the judge makes of fakes (N, K) and of real test pictures (M, K), both as class probabilities.

    Only classes that the real pictures have count; a data SPEC may leave some out.
    """
    counts, real_counts = (histogram(p, len(class_names)) for p in (fakes, real))
    shares, real_shares = true_shares(counts, confused), true_shares(real_counts, confused)
    present = real_shares > 0.5 / len(real)  # less than half a picture is a mistake of the judge
    missing = [
        name
        for name, share, due, here in zip(class_names, shares, real_shares, present, strict=True)
        if here and share < MISSING * due
    ]
    return {
        "names": list(class_names),
        "fakes": counts.tolist(),
        "real": real_counts.tolist(),
        "share": [round(float(share), 4) for share in shares],  # corrected for the judge's mistakes
        "real_share": [round(float(share), 4) for share in real_shares],
        "covered": int(present.sum()) - len(missing),
        "classes": int(present.sum()),
        "missing": missing,
        "divergence": divergence(counts, real_counts),
    }
