"""What the pixel figures say, in plain words."""

from typing import Any, NamedTuple

LIMITS = (
    "These are figures about pixels. They find collapse, wrong brightness and copying; whether a picture looks real "
    "they can't tell, since blurred or scrambled pictures may score well. Use your eyes, too."
)


class Verdict(NamedTuple):
    level: str  # good, watch or bad
    text: str


def verdict(report: dict[str, Any]) -> Verdict:
    """One sentence from the report of `dcgan.metrics.pixels`."""
    real = "test" if report["diversity"]["test"] is not None else "train"
    variety = variety_share(report)
    problems, words = 0, []
    if variety < 0.5:
        problems += 2
        words.append(
            f"the fakes look much alike ({variety:.0%} of the variety of real pictures), which is called collapse"
        )
    elif variety < 0.85:
        problems += 1
        words.append(f"the fakes are less varied than real pictures ({variety:.0%})")
    elif variety > 1.15:
        problems += 1
        words.append(
            f"the fakes differ more from each other than real pictures do ({variety:.0%}), as noise would make them"
        )
    else:
        words.append(f"the fakes are about as varied as real pictures ({variety:.0%})")

    light = report["mean"]["fakes"] - report["mean"][real]
    contrast = report["spread"]["fakes"] / max(report["spread"][real], 1e-9)
    if abs(light) > 10:
        problems += 1
        words.append(f"{abs(light):.0f} grey levels too {'bright' if light > 0 else 'dark'}")
    elif not 0.85 <= contrast <= 1.15:
        problems += 1
        words.append(f"with {'too little' if contrast < 1 else 'too much'} contrast ({contrast:.0%})")
    else:
        words.append("right in brightness and contrast")

    close = report["close"]
    if close is None:
        words.append("and whether they are copies can't be said without held-out pictures")
    elif close["alarm"]:
        problems += 2
        words.append(
            f"and suspiciously many lie very close to a training picture: {close['fakes']:,} where chance gives about "
            f"{close['expected']:.0f}, so look at the pairs below"
        )
    else:
        words.append("and there is no sign of copying")
    sentence = f"{', '.join(words)}."
    return Verdict(("good", "watch", "bad")[min(problems, 2)], sentence[0].upper() + sentence[1:])


def variety_share(report: dict[str, Any]) -> float:
    """Diversity of the fakes as a share of held-out pictures'; without those, the per-pixel spread as a share."""
    diversity, spread = report["diversity"], report["per_pixel_spread"]
    if diversity["test"]:
        return diversity["fakes"] / diversity["test"]
    return spread["fakes"] / max(spread["train"], 1e-9)
