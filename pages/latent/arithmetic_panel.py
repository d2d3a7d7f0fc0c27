"""Latent arithmetic on Explore: A - B + C, with averages of several samples each."""

import base64
from collections.abc import Callable

import numpy as np
import streamlit as st

from dcgan.errors import BadInput
from dcgan.runs.run import Run
from pages.common.loading import Opened
from pages.common.widgets import refuse
from pages.latent import picking, samples
from pages.latent.components.laboratory import Kept
from pages.latent.view import View

KEY = "arithmetic"
GROUPS = ("A", "B", "C")
KINDS = [(group, group, f"Put into {group}") for group in GROUPS]
_PICKS = "explore-picks"  # run id -> sample -> its group

STYLE = """
<style>
.sum { display: flex; align-items: center; gap: clamp(0.3rem, 1.2vw, 0.9rem); max-width: 44rem; margin: 0; }
.sum figure { flex: 1 1 0; min-width: 0; margin: 0; text-align: center; }
.sum img, .sum .empty {
  display: block; width: 100%; aspect-ratio: 1; border-radius: 0.5rem; box-sizing: border-box;
}
.sum img { image-rendering: pixelated; }
.sum .empty { border: 1px dashed color-mix(in srgb, currentColor 35%, transparent); }
.sum .result img { outline: 2px solid #BF5A2A; outline-offset: 2px; }
.sum figcaption { font-size: 0.8rem; padding-top: 0.45rem; white-space: nowrap; opacity: 0.8; }
.sum > span { font-size: 1.3rem; padding-bottom: 1.5rem; }
</style>
"""


def picks(run: Run) -> dict[str, str]:
    """The picked samples, each with its group."""
    all_runs = st.session_state.setdefault(_PICKS, {})
    if "" in all_runs:  # from an address that names no run
        all_runs[run.id] = all_runs.pop("")
    return all_runs.setdefault(run.id, {})


def of(run: Run, group: str) -> list[str]:
    """The samples of one group."""
    return [sample for sample, its in picks(run).items() if its == group]


def params(run: Run) -> dict[str, str | None]:
    """The groups as URL parameters."""
    return {group.lower(): samples.written(of(run, group)) for group in GROUPS}


def arrive(run_id: str, given: dict[str, str]) -> None:
    """The groups from the URL, if it has any."""
    found = {group: samples.read(given.get(group.lower(), "")) for group in GROUPS}
    if any(found.values()):
        st.session_state.setdefault(_PICKS, {})[run_id] = {sample: g for g, those in found.items() for sample in those}


def draw(run: Run, opened: Opened, view: View, shelf: list[Kept], go: Callable[[View], None]) -> None:
    """The sum, the samples that were picked, and those to choose from."""
    change(run, picking.heard(KEY, KINDS))
    st.markdown(
        "Put samples into **A**, **B** and **C**; each group is averaged, and three are steadier than one. "
        "Dark shirts − light shirts + light bags: dark bags.",
        help="Radford et al. 2016, section 6.3.2, on faces: smiling woman − neutral woman + neutral man. The sum is "
        "brought back to the sphere on which nearly all z lie.",
    )
    ends = means_of(run, opened)
    _equation(run, opened, ends)
    with st.container(horizontal=True, key=f"{KEY}-go"):
        for name, code in ends.items():
            label = "Explore the result" if name == "result" else f"Go to {name}"
            if st.button(label, key=f"{KEY}-go-{name}", type="primary" if name == "result" else "secondary"):
                go(View(z=code))
        if picks(run):
            st.button("Empty all", key=f"{KEY}-empty", type="tertiary", on_click=picks(run).clear)
    picking.picked(KEY, opened, picks(run), KINDS)
    picking.pool(KEY, run, opened, view, shelf, picks(run), KINDS)


def change(run: Run, changes: dict[str, str | None]) -> None:
    """Take over what was marked on a wall; a group takes as many as an address holds."""
    now = picks(run)
    for sample, group in changes.items():
        if group is None:
            now.pop(sample, None)
        elif samples.read(sample) and now.get(sample) != group and len(of(run, group)) < samples.MOST:
            now.pop(sample, None)
            now[sample] = group


def means_of(run: Run, opened: Opened) -> dict[str, str]:
    """The codes of the groups' means, and of the result if every group has samples."""
    from dcgan.latent.arithmetic import combine, mean_of
    from dcgan.latent.codes import code_of

    config = opened.generator.config
    z = {group: samples.z_of_tokens(samples.fitting(of(run, group), config), opened.generator) for group in GROUPS}
    found = {}
    try:
        for group, those in z.items():
            if len(those):
                found[group] = code_of(mean_of(those, config.z_prior))
        if len(found) == len(GROUPS):
            found["result"] = code_of(combine(z["A"], z["B"], z["C"], config.z_prior))
    except BadInput as error:
        refuse(error)
    return found


def _equation(run: Run, opened: Opened, ends: dict[str, str]) -> None:
    pictures = dict(zip(ends, samples.pictures_of(opened, [f"z{code}" for code in ends.values()]), strict=True))
    parts = []
    for name, sign in (("A", "−"), ("B", "+"), ("C", "="), ("result", "")):
        n = len(of(run, name))
        words = "A − B + C" if name == "result" else f"{name}: mean of {n}" if n > 1 else name
        shown = _image(pictures[name], words) if name in pictures else "<div class=empty></div>"
        parts.append(f"<figure class={name}>{shown}<figcaption>{words}</figcaption></figure>")
        parts.append(f"<span aria-hidden=true>{sign}</span>" if sign else "")
    st.html(f"{STYLE}<div class=sum>{''.join(parts)}</div>")


def _image(picture: np.ndarray, words: str) -> str:
    from dcgan.images import encode

    data = base64.b64encode(encode.png_bytes(picture)).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{words}">'
