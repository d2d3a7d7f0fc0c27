"""What the run that is about to start will need, beside what there is."""

import streamlit as st

from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.networks.layer_sizes import sizes
from dcgan.presets import PRESETS
from dcgan.runs import estimate
from dcgan.runs.run import default_root
from pages.common.widgets import refuse


def fit(preset: str, values: dict[str, object], spec: str | None) -> bool:
    """Whether the run can be held here, as far as that can be told before it starts."""
    if (wanted := _wanted(preset, values, spec)) is None:
        return True
    try:
        estimate.check(*wanted, default_root())
    except BadInput:
        return False
    return True


def _wanted(preset: str, values: dict[str, object], spec: str | None) -> tuple[Config, estimate.Need] | None:
    """The settings and what they need; None for those that can't be used, which is said at the start."""
    try:
        config = PRESETS[preset].config.replace(**values)
    except BadInput:
        return None
    try:
        source = sources.resolve(spec or config.data)
        if "channels" not in values:
            config = config.replace(channels=sources.default_channels(source))
        return config, estimate.estimate_on(config, source)
    except BadInput:  # its pictures aren't here yet
        return config, estimate.estimate(config, 60_000)


def draw(preset: str, values: dict[str, object], spec: str | None) -> bool:
    """One line of sizes, with what they are made of on request; False if the run plainly can't be held here."""
    if (wanted := _wanted(preset, values, spec)) is None:
        return True
    config, need = wanted
    parts = sizes(config)
    counts = " + ".join(f"{name} {size.trainable / 1e6:.2f} M" for name, size in parts.items())
    free, room = estimate.memory_free(), estimate.disk_free(default_root())
    with st.container(horizontal=True, vertical_alignment="center", key="needs"):
        st.markdown(
            f":material/memory: about **{estimate.words(need.memory_bytes)}** of memory, {estimate.words(free)} free "
            f"&emsp; :material/hard_drive: at most **{estimate.words(need.disk_bytes)}** of disk, "
            f"{estimate.words(room)} free &emsp; :material/account_tree: {counts} parameters",
            width="content",
        )
        with st.popover("Details", type="tertiary"):
            for title, table in (("Memory, on a CPU", need.memory), ("Disk, at most", need.disk)):
                rows = [f"| {what} | {estimate.words(size).replace(' ', '&nbsp;')} |" for what, size in table.items()]
                st.markdown("\n".join([f"| **{title}** | |", "|:--|--:|", *rows]))
    try:
        estimate.check(config, need, default_root())
    except BadInput as error:
        refuse(error)
        return False
    if need.memory_bytes > free:
        st.warning("That is more memory than is free just now: close other programs first.", icon=":material/memory:")
    return True
