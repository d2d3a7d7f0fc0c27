"""What the figures are called, which way is better, and what a report says in plain words; light (no torch)."""

from typing import Any, NamedTuple


class Figure(NamedTuple):
    label: str
    meaning: str  # one line for a beginner
    better: str  # lower or higher
    digits: int


FIGURES = {  # name in a report -> what it is
    "distance": Figure(
        "Distance",
        "Fréchet distance: how far the fakes as a whole are from real pictures. The floor is real against real.",
        "lower",
        3,
    ),
    "kernel": Figure(
        "Kernel distance",
        "The same question asked another way, fair at any number of pictures; around 0 for real ones.",
        "lower",
        4,
    ),
    "precision": Figure(
        "Precision", "Share of the fakes that look like some real pictures: is what it makes real?", "higher", 3
    ),
    "recall": Figure(
        "Recall", "Share of the real pictures that look like some fakes: can it make everything?", "higher", 3
    ),
    "density": Figure(
        "Density", "How typical the fakes are: high where they sit in the middle of many real pictures.", "higher", 3
    ),
    "coverage": Figure("Coverage", "Share of the real pictures with a fake right beside them.", "higher", 3),
    "score": Figure(
        "Class score",
        "Inception-style score: high when each fake is clearly one thing and all things occur. It sees no copying.",
        "higher",
        2,
    ),
    "divergence": Figure(
        "Class imbalance",
        "How far the mix of classes is from the real one, in bits: 0 is equal, 1 shares none.",
        "lower",
        4,
    ),
}


def metric_name(report: dict[str, Any]) -> str:
    """The Frechet distance's full name, such as FD-fmnistcnn-v1."""
    return f"FD-{report['judge']['name']}"


def times_floor(report: dict[str, Any]) -> float | None:
    """The distance as a multiple of its floor; None without a floor."""
    found = report["figures"]["distance"]
    floor = found["floor"] and found["floor"]["mean"]
    return found["value"] / floor if floor else None


PLACES = {  # mark of the ruler -> what lies nearer than it
    "a little blurred": "nearer to real pictures than real ones that are a little blurred",
    "blurred": "nearer to real pictures than blurred real ones",
    "very noisy": "nearer to real pictures than real ones under heavy noise",
    "one class missing": "nearer to real pictures than a set that lacks one class",
    "one picture repeated": "nearer to real pictures than one picture repeated over and over, and no more",
}


class Verdict(NamedTuple):
    level: str  # good, watch or bad
    text: str  # one sentence


def verdict(report: dict[str, Any]) -> Verdict:
    """What the figures come to, for somebody who has never seen one of them."""
    findings = [_place(report), _variety(report), *_classes(report), _copies(report)]
    problems = sum(problem for problem, _ in findings)
    words = [text for _, text in findings]
    sentence = f"{'; '.join(words)}."
    return Verdict(("good", "watch", "bad")[min(problems, 2)], sentence[0].upper() + sentence[1:])


def _place(report: dict[str, Any]) -> tuple[int, str]:
    """Where the distance lies on the ruler."""
    found = report["figures"]["distance"]
    value, floor = found["value"], found["floor"]
    marks = {mark["label"]: mark["distance"] for mark in report["ruler"]}
    if floor is None:
        return 0, f"the distance to the training pictures is {value:.2f}, and nothing is held out to compare that with"
    if value <= floor["mean"] + 3 * floor["deviation"]:
        return 0, "as a whole the fakes are as near to real pictures as other real pictures are"
    above = [label for label, distance in sorted(marks.items(), key=lambda mark: mark[1]) if distance > value]
    words = PLACES.get(above[0], "") if above else "farther from real pictures than one picture repeated over and over"
    good = max(marks.get("a little blurred", 0), marks.get("one class missing", 0))
    return 0 if value < good else 1 if value < marks.get("blurred", 0) else 2, f"as a whole the fakes are {words}"


def _variety(report: dict[str, Any]) -> tuple[int, str]:
    recall = report["figures"]["recall"]
    if recall is None or not recall["floor"]:
        share = variety_share(report["pixels"])
        problems = 2 if share < 0.5 else 1 if share < 0.85 else 0
        return problems, f"two fakes are {share:.0%} as far apart as two real pictures" + ", a collapse" * (share < 0.5)
    share = recall["value"] / max(recall["floor"]["mean"], 1e-9)
    if share < 0.5:
        return 2, f"they show only {share:.0%} of the real variety, which is called collapse"
    return int(share < 0.8), f"they show {min(share, 1):.0%} of the real variety"


def _classes(report: dict[str, Any]) -> list[tuple[int, str]]:
    classes = report["classes"]
    if classes is None or classes["classes"] < 2:
        return []
    if not classes["missing"]:
        return [(0, f"all {classes['classes']} classes appear")]
    missing = ", ".join(classes["missing"][:4]) + (" and more" if len(classes["missing"]) > 4 else "")
    return [(1 if len(classes["missing"]) == 1 else 2, f"{missing} {_are(classes['missing'])} missing")]


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _copies(report: dict[str, Any]) -> tuple[int, str]:
    close = report["pixels"]["close"]
    if close is None:
        return 0, "whether they are copies can't be said without held-out pictures"
    if not close["alarm"]:
        return 0, "there is no sign of copying"
    return 2, (
        f"suspiciously many ({close['fakes']:,} of {report['pixels']['n']:,}, by chance about {close['expected']:.0f}) "
        "lie very close to a training picture, so look at the pairs"
    )


def variety_share(pixels: dict[str, Any]) -> float:
    """Diversity of the fakes as a share of held-out pictures'; without those, the per-pixel spread as a share."""
    diversity, spread = pixels["diversity"], pixels["per_pixel_spread"]
    if diversity["test"]:
        return diversity["fakes"] / diversity["test"]
    return spread["fakes"] / max(spread["train"], 1e-9)


def as_text(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    against = report["reference"]
    lines = [
        f"{metric_name(report)} of step {report['step']:,}: {report['n']:,} fakes of seeds {report['seed']} to "
        f"{report['seed'] + report['n'] - 1}, {report['weights']} weights {report['weights_hash'][:12]}",
        f"against {against['n']:,} {against['split']} pictures of {report['data']} at {report['image_size']} px; "
        f"judge {report['judge']['hash'][:12]}",
        "",
        f"{'':18}{'fakes':>10}  {'floor: real against real':<26}better",
    ]
    for name, figure in FIGURES.items():
        found = report["figures"][name]
        if found is not None:
            floor = found["floor"]
            beside = f"{floor['mean']:.{figure.digits}f} ± {floor['deviation']:.{figure.digits}f}" if floor else "none"
            lines.append(f"{figure.label:18}{found['value']:10.{figure.digits}f}  {beside:<26}{figure.better}")
    lines += ["", *class_lines(report), copy_sentence(report)]
    return "\n".join([*lines, *(f"Note: {note}" for note in report["notes"])])


def class_lines(report: dict[str, Any]) -> list[str]:
    """The classes in one or two lines; none where the judge knows no classes."""
    classes = report["classes"]
    if classes is None:
        return []
    lines = [f"Classes covered: {classes['covered']} of {classes['classes']}."]
    if classes["missing"]:
        lines[0] += f" Missing: {', '.join(classes['missing'])}."
    shares = zip(classes["names"], classes["share"], classes["real_share"], strict=True)
    return [*lines, "; ".join(f"{name} {share:.1%} (real {real:.1%})" for name, share, real in shares)]


def copy_sentence(report: dict[str, Any]) -> str:
    """Whether the fakes lie closer to training pictures than chance allows."""
    close = report["pixels"]["close"]
    if close is None:
        return "Copies can't be told from new pictures without held-out ones."
    share = f"{close['fakes']:,} of {report['pixels']['n']:,} fakes"
    by_chance = f"closer to a training picture than {close['threshold']:.1f} grey levels, by chance about"
    verdict = "Copy alarm: " if close["alarm"] else "No sign of copying: "
    return f"{verdict}{share} are {by_chance} {close['expected']:.0f}."
