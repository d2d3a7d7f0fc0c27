"""Which classes the fakes are of: bars now, and the same bars at earlier steps, small, side by side."""

from html import escape
from typing import Any

import streamlit as st

from dcgan.runs.kept_steps import thin
from pages.common.words import escaped

MOMENTS = 6  # earlier and present
NAMED = 12  # classes that are listed by name
CSS = """
<style>
.mix { display: flex; gap: 1.6rem; flex-wrap: wrap; font-size: 0.82rem; font-variant-numeric: tabular-nums; }
.mix-now { flex: 1 1 15rem; display: grid; grid-template-columns: max-content 1fr max-content; gap: 0.22rem 0.6rem;
  align-items: center; }
.mix-now .track { position: relative; height: 0.62rem; background: color-mix(in srgb, currentColor 9%, transparent); }
.mix-now .share { position: absolute; inset: 0 auto 0 0; background: #CF6F3C; }
.mix-now .even { position: absolute; top: -0.22rem; bottom: -0.22rem; border-left: 1.5px dashed #5A93BF; }
.mix-now .gone { color: #D62728; font-weight: 600; }
.mix-then { flex: 1 1 15rem; display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.7rem 1rem;
  align-content: start; }
.mix-then figure { margin: 0; }
.mix-then figcaption { opacity: 0.7; font-size: 0.76rem; padding-top: 0.15rem; }
.mix-then .bars { display: flex; align-items: stretch; height: 3.4rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.mix-then .bar { flex: 1; position: relative; }
.mix-then .share { position: absolute; bottom: 0; left: 12%; right: 12%; background: #CF6F3C; }
.mix-then .even { position: absolute; left: 0; right: 0; border-top: 1.5px dashed #5A93BF; }
</style>
"""
HELP = (
    "A small network that knows real pictures names the class of each of 1,000 fakes; its own mistakes are taken out. "
    "The dashed line is each class's share among real pictures: bars far below it are kinds that the generator avoids."
)


def draw(rows: list[dict[str, Any]]) -> None:
    """The newest shares by name, and small multiples over the steps; nothing for data without classes."""
    rows = [row for row in rows if row["shares"] and len(row["shares"]) == len(row["class_names"])]
    if not rows:
        return
    st.markdown("**What it makes**", help=HELP)
    st.html(CSS + html(rows))
    st.caption(words(rows[-1]))


def words(row: dict[str, Any]) -> str:
    """Whether classes are missing, as Markdown."""
    missing = [escaped(name) for name in row["missing"]]
    if not missing:
        return f"At step {row['step']:,} all {row['classes']} classes occur."
    listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    return f"At step {row['step']:,} it hardly makes any of {len(missing)} of the {row['classes']} classes: {listed}."


def html(rows: list[dict[str, Any]]) -> str:
    """Both parts as HTML; names of classes are a person's text and escaped."""
    dropped = thin([row["step"] for row in rows], MOMENTS)
    shown = [row for row in rows if row["step"] not in dropped]
    now = "".join(_named(rows[-1], 1.08 * max(rows[-1]["shares"] + rows[-1]["real_shares"])))
    top = 3 * max(rows[-1]["real_shares"])  # a class that is all there is, as at first, must not flatten the rest
    then = "".join(_small(row, top) for row in shown) if len(shown) > 1 else ""
    return f"<div class=mix><div class=mix-now>{now}</div>{f'<div class=mix-then>{then}</div>' if then else ''}</div>"


def _named(row: dict[str, Any], top: float) -> list[str]:
    """A line for each class, in the order of the data; of many those whose share is most unlike the real one."""
    each = list(zip(row["class_names"], row["shares"], row["real_shares"], strict=True))
    most = sorted(each, key=lambda one: -abs(one[1] - one[2]))[:NAMED]
    lines = []
    for name, share, real in (one for one in each if one in most):
        gone = " class=gone" if name in row["missing"] else ""
        bar = f"<span class=share style='width:{_part(share, top)}'></span>"
        even = f"<span class=even style='left:{_part(real, top)}'></span>"
        lines.append(
            f"<span{gone}>{escape(name[:40])}</span><span class=track>{bar}{even}</span><span>{share:.0%}</span>"
        )
    return lines


def _small(row: dict[str, Any], top: float) -> str:
    bars = "".join(
        f"<span class=bar title='{escape(name[:40], quote=True)}: {share:.0%}'><span class=share "
        f"style='height:{_part(share, top)}'></span><span class=even style='bottom:{_part(real, top)}'></span></span>"
        for name, share, real in zip(row["class_names"], row["shares"], row["real_shares"], strict=True)
    )
    pairs = zip(row["class_names"], row["shares"], strict=True)
    shares = ", ".join(f"{name[:40]} {share:.0%}" for name, share in pairs)
    label = escape(f"Shares of the classes at step {row['step']:,}: {shares}", quote=True)
    caption = f"<figcaption>step {row['step']:,}</figcaption>"
    return f"<figure><div class=bars role=img aria-label='{label}'>{bars}</div>{caption}</figure>"


def _part(share: float, top: float) -> str:
    return f"{100 * min(1.0, share / top):.1f}%"
