"""What the figures of a report come to, in plain words for somebody who has never seen one; light (no torch)."""

import math
from typing import Any, NamedTuple

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


class Verdict(NamedTuple):
    level: str  # good, watch or bad
    text: str  # one sentence


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
    """What the figures come to, for somebody who has never seen one of them."""
    findings = [_place(report), _variety(report), *_classes(report), *_weakness(report), copies(report)]
    sentence = f"{'; '.join(found.words for found in findings)}."
    return Verdict(_level(findings), sentence[0].upper() + sentence[1:])


def answers(report: dict[str, Any]) -> list[Answer]:
    """Do they look real, is everything there, does it copy: each with its figures beside those of real pictures."""
    look, there, copy = [_place(report)], [_variety(report), *_classes(report)], [copies(report)]
    precision, recall, close = report["figures"]["precision"], report["figures"]["recall"], report["pixels"]["close"]
    place = _place(report).words
    looks = [f"{place[0].upper()}{place[1:]}."]
    if precision is not None:
        look.append(_Finding(_shortfall(precision), ""))
        looks.append(_of_a_hundred(precision, "fakes could pass for real pictures", "other real pictures could"))
    looks += _weakest(report)
    shown = [f"{found.words[0].upper()}{found.words[1:]}." for found in _classes(report)]
    if recall is None:
        shown.append(f"{_variety(report).words[0].upper()}{_variety(report).words[1:]}.")
    else:
        shown.append(_of_a_hundred(recall, "real pictures have fakes like them", "have other real ones like them"))
    shown += _uneven(report)
    if close is None:
        copied = "It can't be said: no real pictures were held out to compare with."
    else:
        where = "lie suspiciously close to a training picture"
        copied = f"{close['fakes']:,} of {report['pixels']['n']:,} fakes {where}; chance alone brings about "
        copied += f"{close['expected']:.0f}."
        disguised = report["pixels"]["disguised"]
        if disguised["alarm"]:
            copied += f" Moved, mirrored or in another light, {disguised['fakes']:,} do."
    found = report["figures"]["distance"]
    on_floor = found["floor"] is None or not clearly_worse(found, higher_is_better=False)
    everything = recall is None or not clearly_worse(recall)
    return [
        Answer("Do the fakes look real?", _level(look), _short(look, on_floor, "Nearly"), " ".join(looks)),
        Answer("Is everything there?", _level(there), _short(there, everything, "Nearly everything"), " ".join(shown)),
        Answer(
            "Does it copy?",
            _level(copy),
            "Unknown" if close is None else "Perhaps: look at the pairs" if copy_alarm(report) else "No sign of it",
            copied,
        ),
    ]


def _short(findings: list[_Finding], fully: bool, nearly: str) -> str:
    """Yes is for what can't be told from real pictures."""
    return ("Yes" if fully else nearly, "Not quite", "No")[_worst(findings)]


def _worst(findings: list[_Finding]) -> int:
    return min(2, sum(found.problems for found in findings))


def _level(findings: list[_Finding]) -> str:
    return LEVELS[_worst(findings)]


def _shortfall(found: dict[str, Any]) -> int:
    """How much a figure that should be high falls short of its floor: 0 little, 1 clearly, 2 by more than half."""
    share = found["value"] / max(found["floor"]["mean"], 1e-9) if found["floor"] else 1
    return 2 if share < 0.5 else int(share < 0.8)


def _of_a_hundred(found: dict[str, Any], fakes: str, real: str) -> str:
    sentence = f"{100 * found['value']:.0f} of 100 {fakes}"
    return sentence + (f"; {100 * found['floor']['mean']:.0f} of 100 {real}." if found["floor"] else ".")


def _place(report: dict[str, Any]) -> _Finding:
    """Where the distance lies on the ruler."""
    found = report["figures"]["distance"]
    value, floor = found["value"], found["floor"]
    marks = {mark["label"]: mark["distance"] for mark in report["ruler"]}
    if floor is None:
        none = f"the distance to the training pictures is {value:.2f}, and nothing is held out to compare that with"
        return _Finding(0, none)
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
    if recall is None or not recall["floor"]:
        share = variety_share(report["pixels"])
        problems = 2 if share < 0.5 else 1 if share < 0.85 else 0
        words = f"two fakes are {share:.0%} as far apart as two real pictures" + ", a collapse" * (share < 0.5)
        return _Finding(problems, words)
    share = recall["value"] / max(recall["floor"]["mean"], 1e-9)
    shown = "nearly all" if share >= 0.95 else "most" if share >= 0.8 else "only a part"
    if share < 0.5:
        return _Finding(2, "they show little of the real variety, which is called collapse")
    return _Finding(int(share < 0.8), f"they show {shown} of the real variety")


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


def _weakest(report: dict[str, Any]) -> list[str]:
    """The same with its figures, as a sentence."""
    return [
        f"The weakest class is {name}: {100 * share:.0f} of 100 could, of real ones {100 * real:.0f}."
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
            chance = 4 * math.sqrt(max(real * (1 - real), 0) / max(report["n"], 1))
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
    if close is None:
        return _Finding(0, "whether they are copies can't be said without held-out pictures")
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
