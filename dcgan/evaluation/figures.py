"""What the figures are called, which way is better, and a report as text; light (no torch)."""

from typing import Any, NamedTuple

from dcgan.evaluation.asked_words import in_words
from dcgan.evaluation.verdict import copy_alarm, verdict
from dcgan.metrics.enough import too_few
from dcgan.system.names import data_title


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
    """The distance as a multiple of its floor; None where there are too few pictures for either."""
    found = report["figures"]["distance"]
    return found["value"] / found["floor"]["mean"] if found else None


def beside(figure: Figure, found: dict[str, Any]) -> str:
    """A figure's floor with its error, or none."""
    floor = found["floor"]
    return f"{floor['mean']:.{figure.digits}f} ± {floor['deviation']:.{figure.digits}f}" if floor else "none"


def origin(report: dict[str, Any]) -> str:
    """What was compared with what, so that somebody else can do it again."""
    against, judge, pixels = report["reference"], report["judge"], report["pixels"]
    copies = f"copies sought for {pixels['n']:,} fakes among {pixels['train_searched']:,} training pictures."
    fakes = (
        f"{report['n']:,} fakes of seeds {report['seed']} to {report['seed'] + report['n'] - 1}, step "
        f"{report['step']:,}, {report['weights']} weights {report['weights_hash'][:12]}"
    )
    if too_few(report):
        return f"{fakes}, on {data_title(report['data'])} at {report['image_size']} px; {copies}"
    named = judge["hash"] if judge["hash"].startswith(judge["name"]) else f"{judge['name']} {judge['hash'][:12]}"
    return (
        f"{fakes}, against {against['n']:,} {against['split']} pictures of {data_title(report['data'])} at "
        f"{report['image_size']} px. Judge {named}; {report['neighbours_n']:,} of each for precision, recall, "
        f"density and coverage; {copies}"
    )


def floors(report: dict[str, Any]) -> str:
    """What the floors are, and what their error is; empty where there are none."""
    if too_few(report):
        return ""
    number, draws = report["reference"]["floor_n"], report["figures"]["distance"]["floor"]["draws"]
    sentence = (
        f"Real against real is the floor: the same figure of {number:,} training pictures instead of the fakes, mean "
        f"and standard deviation over {draws} draws."
    )
    if number < report["n"]:
        sentence += f" The fakes are compared {number:,} at a time, too, and theirs is the mean."
    return sentence


def as_text(report: dict[str, Any]) -> str:
    """The report for a terminal."""
    if too_few(report):
        return "\n".join([verdict(report).text, *[copy_sentence(report)] * copy_alarm(report), "", origin(report)])
    lines = [
        f"{metric_name(report)}: {origin(report)}",
        floors(report),
        "",
        f"{'':18}{'fakes':>10}  {'real against real':<22}better",
    ]
    for name, figure in FIGURES.items():
        found = report["figures"][name]
        if found is not None:
            value = f"{found['value']:10.{figure.digits}f}"
            lines.append(f"{figure.label:18}{value}  {beside(figure, found):<22}{figure.better}")
    asked = report.get("asked")  # older reports have none
    lines += ["", *class_lines(report), *([in_words(asked)] if asked else []), copy_sentence(report)]
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
    close, alarm = report["pixels"]["close"], copy_alarm(report)
    if too_few(report) and not alarm:
        return "Copies can't be told from new pictures: too few are held out."
    share = f"{close['fakes']:,} of {report['pixels']['n']:,} fakes"
    by_chance = f"closer to a training picture than {close['threshold']:.1f} grey levels, by chance about"
    begin = "Copy alarm: " if alarm else "No sign of copying: "
    disguised = report["pixels"]["disguised"]
    moved = "Without regard to place, brightness, contrast and side, "
    moved += f"{disguised['fakes']:,} come so close, by chance about {disguised['expected']:.0f}."
    return f"{begin}{share} are {by_chance} {close['expected']:.0f}. {moved}"
