"""What is said beside each of the five frames of a training step."""

from typing import Any

ORDER = ("z", "fakes", "verdicts", "gradient", "after")
TITLES = {
    "z": "The z drawn",
    "fakes": "The fakes",
    "verdicts": "D's verdicts",
    "gradient": "Back to the pixels",
    "after": "Before and after",
}


def frames(facts: dict[str, Any], shown: int) -> list[dict[str, str]]:
    """Name, title and words of each frame, for the facts of `StepFrames` with so many pictures shown."""
    words = {name: " ".join(_WORDS[name](facts, shown).split()) for name in ORDER}
    return [{"name": name, "title": TITLES[name], "text": words[name]} for name in ORDER]


def _z(facts: dict[str, Any], shown: int) -> str:
    prior = "a normal distribution" if facts["z_prior"] == "normal" else "the range from −1 to 1"
    return (
        f"Step {facts['step'] + 1:,} begins with chance, and nowhere else in it is G given anything: "
        f"{facts['batch_size']} times {facts['z_dim']} numbers from {prior}, by the run's own random stream. Here are "
        f"the first {shown}."
    )


def _fakes(facts: dict[str, Any], shown: int) -> str:
    fresh = "In this run G's move draws z of its own, so these are not the fakes that D has just learned from. "
    return (
        f"G makes one picture of each z, all {facts['batch_size']} at once. "
        f"{fresh if facts['g_noise'] == 'fresh' else ''}"
        "These come from G as it is at this moment; the samples on other pages come from its average, which is calmer."
    )


def _verdicts(facts: dict[str, Any], shown: int) -> str:
    if facts["scores"]:
        means = f"Over the batch it scores real ones {facts['d_real']:.2f} and fakes {facts['d_fake']:.2f}."
    else:
        means = f"Over the batch it gives real ones {facts['d_real']:.0%} and fakes {facts['d_fake']:.0%}."
    changed = "It sees them changed at random, lest it learn them by heart. " if facts["augments"] else ""
    times = "" if facts["d_steps"] == 1 else f" for the {facts['d_steps']}th time in this step"
    return (
        f"D judges {facts['batch_size']} real pictures and as many fakes. {changed}{means} Its loss is "
        f"{facts['d_loss']:.3f}; now D moves first{times}, one step of its weights down that loss."
    )


def _gradient(facts: dict[str, Any], shown: int) -> str:
    changed = ", changed at random again" if facts["augments"] else ""
    return (
        f"The D that has just moved judges the fakes once more{changed}: G's loss is {facts['g_loss']:.3f}. Followed "
        "backwards through D, that loss tells each pixel how it should change. Blue: brighter would lower the loss. "
        "Orange: darker would."
    )


def _after(facts: dict[str, Any], shown: int) -> str:
    return (
        f"All {facts['batch_size']} maps together make one step of G's weights, by {facts['moved']:.2%} of their size; "
        "then the same z are drawn again. The change should go against the gradient, orange where that was blue. But "
        "all pictures share these weights, so none gets just what its map asked for: over the batch the change and the "
        f"wish have a cosine of {facts['agreement']:.2f}, where 1 is the same way and 0 nothing in common."
    )


_WORDS = {"z": _z, "fakes": _fakes, "verdicts": _verdicts, "gradient": _gradient, "after": _after}
