"""What the figures of a report come to, in plain words for somebody who has never seen one; light (no torch)."""

import math
from typing import Any, NamedTuple

from dcgan.metrics.enough import SHORT, too_few

PLACES = {  # mark of the ruler -> what lies nearer than it
    "a little blurred": "nearer to real pictures than real ones that are a little blurred",
    "blurred": "nearer to real pictures than blurred real ones",
    "very noisy": "nearer to real pictures than real ones under heavy noise",
    "one class missing": "nearer to real pictures than a set that lacks one class",
    "one picture repeated": "nearer to real pictures than one picture repeated over and over, and no more",
}
WEAK = 0.9  # a class whose precision is under this part of its floor, and clearly so, is weak
UNEVEN = 1.3  # a class so many times as common as among real pictures, or as rare, is worth a word
LEVELS = ("good", "watch", "bad")
UNKNOWN = "unknown"  # too few pictures to tell
REAL, THERE = "Do the fakes look real?", "Is everything there?"


class Verdict(NamedTuple):
    level: str  # good, watch, bad or unknown
    text: str  # a sentence or two


class Answer(NamedTuple):
    """To one of the three questions that a report answers."""

    question: str
    level: str  # good, watch or bad
    short: str  # a few words
    text: str  # a sentence or two with the figures


class _Finding(NamedTuple):
    problems: int  # 0 none, 1 some, 2 and more grave
    words: str


def verdict(report: dict[str, Any]) -> Verdict:
    """What the figures come to, for somebody who has never seen one of them; as grave as the worst of the answers."""
    found = answers(report)
    if few := too_few(report):
        return Verdict("bad" if found else UNKNOWN, " ".join([few, *(answer.text for answer in found)]))
    findings = [_place(report), _variety(report), *_classes(report), *_weakness(report), copies(report)]
    level = max((answer.level for answer in found), key=LEVELS.index)
    return Verdict(level, _sentence("; ".join(finding.words for finding in findings)))


def answers(report: dict[str, Any]) -> list[Answer]:
    """Do they look real, is everything there, does it copy: each with its figures beside those of real pictures.

    Of too few pictures only what is sure nevertheless: that it collapsed, that it copies.
    """
    if too_few(report):
        sure = []
        if (collapse := _collapse(report)).problems == 2:
            sure.append(Answer(THERE, "bad", "No", _sentence(collapse.words)))
        if copy_alarm(report):
            sure.append(_copying(report))
        return sure
    return [_looks(report), _everything(report), _copying(report)]


def _looks(report: dict[str, Any]) -> Answer:
    place, precision = _place(report), report["figures"]["precision"]
    if precision is None:
        return Answer(REAL, LEVELS[place.problems], _on_floor(report, [place]), _sentence(place.words))
    lacks = _shortfall(precision)
    findings = [place, _Finding(lacks, "")]
    if _worst(findings) < 2:
        each = _of_a_hundred(precision, "fakes could pass for real pictures", "other real pictures could")
        said = [_sentence(place.words), each, *_weakest(report, "could")]
        return Answer(REAL, _level(findings), _on_floor(report, findings), " ".join(said))
    each = _of_a_hundred(precision, "fakes come near some real picture", "other real pictures do")
    if lacks:
        said = [_sentence(place.words), f"Taken one by one, {each}", *_weakest(report, "do")]
        return Answer(REAL, "bad", "No", " ".join(said))
    said = [each, f"But {place.words}.", *_weakest(report, "do")]
    return Answer(REAL, "bad", "One by one, not as a whole", " ".join(said))


def _on_floor(report: dict[str, Any], findings: list[_Finding]) -> str:
    return _short(findings, not clearly_worse(report["figures"]["distance"], higher_is_better=False), "Nearly")


def _everything(report: dict[str, Any]) -> Answer:
    variety, classes, recall = _variety(report), _classes(report), report["figures"]["recall"]
    said = [_sentence(found.words) for found in classes]
    if recall is None:
        said.append(_sentence(variety.words))
    else:
        said.append(_of_a_hundred(recall, "real pictures have fakes like them", "have other real ones like them"))
    short = _short([variety, *classes], recall is None or not clearly_worse(recall), "Nearly everything")
    return Answer(THERE, _level([variety, *classes]), short, " ".join(said + _uneven(report)))


def _copying(report: dict[str, Any]) -> Answer:
    close, disguised = (report["pixels"][kind] for kind in ("close", "disguised"))
    where = "lie suspiciously close to a training picture"
    text = f"{close['fakes']:,} of {report['pixels']['n']:,} fakes {where}; chance alone brings about "
    text += f"{close['expected']:.0f}."
    if disguised["alarm"]:
        text += f" Moved, mirrored or in another light, {disguised['fakes']:,} do."
    short = "Perhaps: look at the pairs" if copy_alarm(report) else "No sign of it"
    return Answer("Does it copy?", _level([copies(report)]), short, text)


def _collapse(report: dict[str, Any]) -> _Finding:
    share = variety_share(report["pixels"])
    problems = 2 if share < 0.5 else 1 if share < 0.85 else 0
    words = f"two fakes are {share:.0%} as far apart as two real pictures" + ", a collapse" * (share < 0.5)
    return _Finding(problems, words)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _short(findings: list[_Finding], fully: bool, nearly: str) -> str:
    """Yes is for what can't be told from real pictures."""
    return ("Yes" if fully else nearly, "Not quite", "No")[_worst(findings)]


def _worst(findings: list[_Finding]) -> int:
    return min(2, sum(found.problems for found in findings))


def _level(findings: list[_Finding]) -> str:
    return LEVELS[_worst(findings)]


def _shortfall(found: dict[str, Any]) -> int:
    """How much a figure that should be high falls short of its floor: 0 little, 1 clearly, 2 by more than half."""
    share = found["value"] / max(found["floor"]["mean"], 1e-9)
    return 2 if share < 0.5 else int(share < SHORT)


def _of_a_hundred(found: dict[str, Any], fakes: str, real: str) -> str:
    return f"{100 * found['value']:.0f} of 100 {fakes}; {100 * found['floor']['mean']:.0f} of 100 {real}."


def _place(report: dict[str, Any]) -> _Finding:
    """Where the distance lies on the ruler."""
    found = report["figures"]["distance"]
    value, floor = found["value"], found["floor"]
    marks = {mark["label"]: mark["distance"] for mark in report["ruler"]}
    if value <= floor["mean"] + 3 * floor["deviation"]:
        return _Finding(0, "as a whole the fakes are as near to real pictures as other real pictures are")
    above = [label for label, distance in sorted(marks.items(), key=lambda mark: mark[1]) if distance > value]
    words = PLACES.get(above[0], "") if above else "farther from real pictures than one picture repeated over and over"
    good = max(marks.get("a little blurred", 0), marks.get("one class missing", 0))
    problems = 0 if value < good else 1 if value < marks.get("blurred", 0) else 2
    return _Finding(problems, f"as a whole the fakes are {words}")


def _variety(report: dict[str, Any]) -> _Finding:
    """How much of what real pictures show the fakes show; the figures themselves stand in the answer."""
    recall = report["figures"]["recall"]
    if recall is None:
        return _collapse(report)
    share = recall["value"] / max(recall["floor"]["mean"], 1e-9)
    shown = "nearly all" if share >= 0.95 else "most" if share >= SHORT else "only a part"
    if share < 0.5:
        return _Finding(2, "they show little of the real variety, which is called collapse")
    return _Finding(int(share < SHORT), f"they show {shown} of the real variety")


def _classes(report: dict[str, Any]) -> list[_Finding]:
    classes = report["classes"]
    if classes is None or classes["classes"] < 2:
        return []
    if not classes["missing"]:
        return [_Finding(0, f"all {classes['classes']} classes appear")]
    missing = listed(classes["missing"])
    return [_Finding(1 if len(classes["missing"]) == 1 else 2, f"{missing} {_are(classes['missing'])} missing")]


def _weakness(report: dict[str, Any]) -> list[_Finding]:
    """The class that looks least like its real pictures, where one clearly does."""
    weak = weak_classes(report)
    return [_Finding(0, f"the weakest class is {weak[0][0]}")] if weak else []


def _weakest(report: dict[str, Any], verb: str) -> list[str]:
    """The same with its figures, as a sentence."""
    return [
        f"The weakest class is {name}: {100 * share:.0f} of 100 {verb}, of real ones {100 * real:.0f}."
        for name, share, real in weak_classes(report)[:1]
    ]


def weak_classes(report: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Classes of which clearly fewer fakes than real pictures look real: name, share, real share; weakest first."""
    classes = report["classes"] or {}
    found = []
    shares, floors = classes.get("precision"), classes.get("real_precision")
    for name, share, floor in zip(classes.get("names", ()), shares or (), floors or (), strict=False):
        if share is not None and floor is not None and name not in classes["missing"]:
            sure = share < floor["mean"] - 3 * floor["deviation"]
            if sure and share < WEAK * floor["mean"]:
                found.append((name, share, floor["mean"]))
    return sorted(found, key=lambda one: one[1] / one[2])


def uneven_classes(report: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Classes that are clearly rarer and clearly more common than among real pictures; missing ones are not rare."""
    classes = report["classes"]
    rare, common = [], []
    if classes is not None:
        for name, share, real in zip(classes["names"], classes["share"], classes["real_share"], strict=True):
            chance = 4 * math.sqrt(max(real * (1 - real), 0) * (1 / report["n"] + 1 / report["reference"]["n"]))
            if name not in classes["missing"] and real > 0 and abs(share - real) > chance:
                rare += [name] * (share < real / UNEVEN)
                common += [name] * (share > real * UNEVEN)
    return rare, common


def _uneven(report: dict[str, Any]) -> list[str]:
    rare, common = uneven_classes(report)
    return [f"Too {how}: {listed(names)}." for names, how in ((rare, "rare"), (common, "common")) if names]


def listed(names: list[str]) -> str:
    """Up to four names, separated by commas."""
    return ", ".join(names[:4]) + (" and more" if len(names) > 4 else "")


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def copy_alarm(report: dict[str, Any]) -> bool:
    """Whether more fakes lie close to a training picture than chance allows, as they are or without disguise."""
    found = (report["pixels"].get(kind) for kind in ("close", "disguised"))  # older reports know only the former
    return any(each["alarm"] for each in found if each)


def copies(report: dict[str, Any]) -> _Finding:
    close = report["pixels"]["close"]
    if not copy_alarm(report):
        return _Finding(0, "there is no sign of copying")
    found, how = close, ""
    if not close["alarm"]:
        found, how = report["pixels"]["disguised"], ", moved, mirrored or in another light"
    return _Finding(
        2,
        f"suspiciously many ({found['fakes']:,} of {report['pixels']['n']:,}, by chance about {found['expected']:.0f}) "
        f"lie very close to a training picture{how}, so look at the pairs",
    )


def variety_share(pixels: dict[str, Any]) -> float:
    """Diversity of the fakes as a share of held-out pictures'; without those, the per-pixel spread as a share."""
    diversity, spread = pixels["diversity"], pixels["per_pixel_spread"]
    if diversity["test"]:
        return diversity["fakes"] / diversity["test"]
    return spread["fakes"] / max(spread["train"], 1e-9)


def clearly_worse(found: dict[str, Any] | None, higher_is_better: bool = True) -> bool:
    """Whether a figure lies beyond three deviations of its floor, on the wrong side."""
    if found is None or not found["floor"]:
        return False
    gap = found["floor"]["mean"] - found["value"]
    return (gap if higher_is_better else -gap) > 3 * found["floor"]["deviation"]
