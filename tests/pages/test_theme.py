"""Every pair of text and background in the theme can be read: a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""

import tomllib

import pytest

from dcgan.system.paths import PROJECT
from pages.common.style import CHOSEN, QUIET

THEME = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
LEAST = 4.5


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, as WCAG defines it."""
    shares = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, background: str, share: float) -> str:
    """A colour that lets its background through."""
    parts = ((int(colour[at : at + 2], 16), int(background[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02X}" for top, below in parts)


def test_the_formula():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert mixed("#FF0000", "#0000FF", 0.5) == "#800080"


@pytest.mark.parametrize(("place", "scheme"), [(0, "light"), (1, "dark")])
def test_words_can_be_read_on_every_background(place, scheme):
    theme = THEME[scheme]
    grounds = [theme["backgroundColor"], theme["secondaryBackgroundColor"]]
    grounds += [theme["sidebar"]["backgroundColor"], theme["sidebar"]["secondaryBackgroundColor"]]
    marked = [mixed(theme["primaryColor"], ground, 0.1) for ground in grounds]  # behind a chosen tab
    pairs = [
        (colour, ground) for colour in (theme["textColor"], QUIET[place], theme["grayTextColor"]) for ground in grounds
    ]
    pairs += [(colour, ground) for colour in (CHOSEN[place], theme["linkColor"]) for ground in grounds + marked]
    pairs += [("#FFFFFF", theme["primaryColor"])]
    faint = {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < LEAST}
    assert not faint


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_lines_of_charts_stand_out(scheme):
    """3 to 1 for graphics (WCAG 2.2, 1.4.11)."""
    theme = THEME[scheme]
    assert min(contrast(colour, theme["backgroundColor"]) for colour in theme["chartCategoricalColors"]) >= 3
