"""What a recipe's networks look like inside: their layers, and the paper's rules they keep and break."""

import streamlit as st

from dcgan.config import Config

CSS = """
<style>
.layers { width: 100%; border-collapse: collapse; font-size: 0.84rem; line-height: 1.25; }
.layers td { font-variant-numeric: tabular-nums; }
.layers th { text-align: left; font-weight: 600; opacity: 0.7; padding: 0 0.4rem 0.3rem 0; }
.layers td { padding: 0.24rem 0.4rem 0.24rem 0; }
.layers td:nth-child(2) { white-space: nowrap; }
.layers tr.begins td, .layers tr.total td { border-top: 1px solid rgba(128, 118, 104, 0.35); }
.layers tr.total td { font-weight: 600; }
.layers td:nth-child(n+3), .layers th:nth-child(n+3) { text-align: right; }
.layers td:last-child, .layers th:last-child { padding-right: 0; }
.layers-frame { overflow-x: auto; }
</style>
"""
HEAD = (
    "<tr><th>Layer</th><th title='Maps × height × width for one picture'>Output</th>"
    "<th title='All its numbers: trainable and frozen'>Parameters</th><th title='Changed by training'>Trainable</th>"
    "<th title='BatchNorm’s running mean and variance, which are measured, not trained'>Frozen</th></tr>"
)

Row = tuple[str, str, int, int, int]  # name, output shape, parameters, trainable, frozen


@st.cache_data(max_entries=64, show_spinner=False)
def tables_of(config_json: str) -> dict[str, list[Row]]:
    """The layers of G and D, in order."""
    from dcgan.networks.inspection import layer_tables

    tables = layer_tables(Config.from_json(config_json))
    return {
        name: [(layer.name, " × ".join(map(str, layer.shape)), *layer[2:]) for layer in layers]
        for name, layers in tables.items()
    }


@st.cache_data(max_entries=64, show_spinner=False)
def verdicts_of(config_json: str) -> list[tuple[str, bool, str]]:
    """Each of the paper's rules, whether it is kept, and one sentence why."""
    from dcgan.networks.paper_rules import check

    return [(verdict.rule, verdict.kept, verdict.reason) for verdict in check(Config.from_json(config_json))]


def layers(config: Config) -> None:
    """A tab with a table for each network, and what both come to."""
    tables = tables_of(config.to_json())
    totals = {name: [sum(row[i] for row in rows) for i in (2, 3, 4)] for name, rows in tables.items()}  # type: ignore[misc]
    tabs = st.tabs([f"Generator · {totals['G'][0]:,}", f"Discriminator · {totals['D'][0]:,}"])
    for tab, name in zip(tabs, ("G", "D"), strict=True):
        with tab:
            _table(tables[name], totals[name])
    total, trainable, frozen = (a + b for a, b in zip(totals["G"], totals["D"], strict=True))
    st.caption(f"{total:,} numbers in all: {trainable:,} trainable, {frozen:,} frozen.")


def verdict(kept: bool, reason: str) -> str:
    """A verdict as a line of Markdown."""
    return f":green[:material/check: Kept.] {reason}" if kept else f":orange[:material/close: Broken.] {reason}"


def rules(config: Config) -> None:
    """The paper's rules, each with its verdict."""
    found = verdicts_of(config.to_json())
    kept = sum(keeps for _, keeps, _ in found)
    st.markdown(f"**The paper's rules: {kept} of {len(found)} kept**")
    for rule, keeps, reason in found:
        st.markdown(f"**{rule}**  \n{verdict(keeps, reason)}")


def _table(rows: list[Row], totals: list[int]) -> None:
    """Every layer in order; a line above each one with weights, where a new stage begins."""
    lines = []
    for layer, shape, *numbers in rows:
        begins = " class=begins" if layer.startswith(("Conv", "Dense")) else ""
        lines.append(f"<tr{begins}><td>{layer}</td><td>{shape}</td>{_cells(numbers)}</tr>")
    total = f"<tr class=total><td>Total</td><td></td>{_cells(totals)}</tr>"
    st.html(f"{CSS}<div class=layers-frame><table class=layers>{HEAD}{''.join(lines)}{total}</table></div>")


def _cells(numbers: list[int]) -> str:
    return "".join(f"<td>{number:,}</td>" if number else "<td>–</td>" for number in numbers)
