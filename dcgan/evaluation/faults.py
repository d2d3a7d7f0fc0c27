"""What is wrong with a generator, in plain words derived from its report, for its model card; light (no torch)."""

from typing import Any

from dcgan.evaluation.verdict import answers, clearly_worse, copies, copy_alarm, uneven_classes, weak_classes
from dcgan.metrics.enough import too_few

VISIBLE = 4  # grey levels of 255


def faults(report: dict[str, Any]) -> list[str]:
    """What is wrong with the generator as far as these figures show, one sentence each; empty without any."""
    if too_few(report):
        return [answer.text for answer in answers(report)]
    found = [_told_apart(report), _unreal(report), _left_out(report), *_of_classes(report), _light(report)]
    if copy_alarm(report):
        words = copies(report).words
        found.append(f"{words[0].upper()}{words[1:]}.")
    return [sentence for sentence in found if sentence]


def _told_apart(report: dict[str, Any]) -> str:
    found = report["figures"]["distance"]
    if not clearly_worse(found, higher_is_better=False):
        return ""
    floor = found["floor"]
    return (
        f"As a whole its pictures can be told from real ones: their distance is {found['value']:.2f}, "
        f"{found['value'] / max(floor['mean'], 1e-9):.0f} times that of other real pictures ({floor['mean']:.3f})."
    )


def _unreal(report: dict[str, Any]) -> str:
    found = report["figures"]["precision"]
    if not clearly_worse(found):
        return ""
    return (
        f"Some pictures look like nothing real: {100 * (1 - found['value']):.0f} of 100 do, of other real pictures "
        f"{100 * (1 - found['floor']['mean']):.0f}."
    )


def _left_out(report: dict[str, Any]) -> str:
    found = report["figures"]["recall"]
    if not clearly_worse(found):
        return ""
    return (
        f"It leaves things out: {100 * (1 - found['value']):.0f} of 100 real pictures have nothing like them among its "
        f"own; {100 * (1 - found['floor']['mean']):.0f} have nothing like them among other real pictures."
    )


def _of_classes(report: dict[str, Any]) -> list[str]:
    if report["classes"] is None:
        return []
    said = []
    if missing := report["classes"]["missing"]:
        said.append(f"Missing: {', '.join(missing)}.")
    if weak := weak_classes(report):
        each = [
            f"{name} ({100 * share:.0f} of 100 look real, of real ones {100 * real:.0f})" for name, share, real in weak
        ]
        said.append(f"Weak classes, the weakest first: {', '.join(each)}.")
    rare, common = uneven_classes(report)
    shares = dict(zip(report["classes"]["names"], report["classes"]["share"], strict=True))
    for names, how in ((rare, "Too rare"), (common, "Too common")):
        if names:
            said.append(f"{how}: {', '.join(f'{name} ({shares[name]:.1%} of the pictures)' for name in names)}.")
    if clearly_worse(score := report["figures"]["score"]):
        said.append(
            "More of its pictures lie between two classes: the class score is "
            f"{score['value']:.2f}, that of real pictures {score['floor']['mean']:.2f}."
        )
    return said


def _light(report: dict[str, Any]) -> str:
    """Brightness or contrast that is off by so much that an eye sees it."""
    said = []
    for key, words in (("mean", ("darker", "brighter")), ("spread", ("flatter", "harsher"))):
        values = report["pixels"][key]
        real = values["train"] if values["test"] is None else values["test"]
        if abs(gap := values["fakes"] - real) > VISIBLE:
            said.append(f"{words[gap > 0]} by {abs(gap):.0f} of 255 grey levels")
    return f"Its pictures are {' and '.join(said)}." if said else ""
