"""Which of the paper's rules a network keeps: read off the built layers, whatever its settings are called.

The rules are the guidelines of Radford et al. 2016, section 3. Two remarks of theirs are part of them: a dense layer
that is reshaped into G's first maps counts as the start of the convolutions, and so does one that turns D's last maps
into the verdict.
"""

from collections import Counter
from typing import NamedTuple

from torch import nn

from dcgan.config import Config
from dcgan.networks.architectures import NORMS
from dcgan.networks.inspection import describe, trace

RULES = (
    "Strided convolutions instead of pooling.",
    "BatchNorm in both, but not at G's output and D's input.",
    "No fully connected hidden layers.",
    "ReLU in G, tanh at its end.",
    "LeakyReLU in D.",
)
WEIGHTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
RESIZING = ("Pool", "Upsample", "PixelShuffle", "Undoing")  # in the names of layers that resize without learning how
ACTIVATIONS = tuple(getattr(nn.modules.activation, name) for name in nn.modules.activation.__all__)


class Verdict(NamedTuple):
    rule: str
    kept: bool
    reason: str  # one sentence that names the layers


class Stage(NamedTuple):
    """A layer with weights, and what follows it up to the next one."""

    layer: nn.Module
    after: list[nn.Module]

    @property
    def name(self) -> str:
        if isinstance(self.layer, nn.Linear):
            return describe(self.layer)
        kernel, channels = self.layer.kernel_size[0], self.layer.out_channels  # type: ignore[index]
        return f"{type(self.layer).__name__} {kernel}x{kernel} with {channels} {'map' if channels == 1 else 'maps'}"

    @property
    def normed(self) -> bool:
        return any(isinstance(module, NORMS) for module in self.after)

    @property
    def activations(self) -> list[nn.Module]:
        return [module for module in self.after if isinstance(module, ACTIVATIONS)]


def check(config: Config) -> list[Verdict]:
    """The verdict on each rule, in the paper's order, for the networks that a Config describes."""
    layers = {name: [module for module, _ in found] for name, found in trace(config).items()}
    g, d = _stages(layers["G"]), _stages(layers["D"])
    reasons = (_resizing(layers), _norms(g, d), _dense(g, d), _activations_of_g(g), _activations_of_d(d))
    return [Verdict(rule, kept, reason) for rule, (kept, reason) in zip(RULES, reasons, strict=True)]


def _stages(layers: list[nn.Module]) -> list[Stage]:
    stages: list[Stage] = []
    for layer in layers:
        if isinstance(layer, WEIGHTED):
            stages.append(Stage(layer, []))
        elif stages:
            stages[-1].after.append(layer)
    return stages


def _resizing(layers: dict[str, list[nn.Module]]) -> tuple[bool, str]:
    found = [
        f"{name}'s {describe(m)}" for name in layers for m in layers[name] if any(r in describe(m) for r in RESIZING)
    ]
    if found:
        return False, f"{_listed(found)} changes the size by a fixed rule."
    return True, "Nothing changes the size by a fixed rule: G grows and D shrinks by convolutions alone."


def _norms(g: list[Stage], d: list[Stage]) -> tuple[bool, str]:
    wrong = []
    for name, stages in (("G", g[:-1]), ("D", d[1:-1])):
        without = [stage.name for stage in stages if not stage.normed]
        if without:
            wrong.append(f"{name} has none after {_listed(without)}")
    ends = (("G's output", g[-1]), ("D's input layer", d[0]), ("D's verdict", d[-1]))
    wrong += [f"{end}, {stage.name}, has one" for end, stage in ends if stage.normed]
    if wrong:
        return False, f"{'; '.join(wrong)}."
    return True, "It follows every hidden layer of both, and leaves G's output, D's input layer and its verdict alone."


def _dense(g: list[Stage], d: list[Stage]) -> tuple[bool, str]:
    in_g = [s.name for s in g[:-1] if isinstance(s.layer, nn.Linear)]
    if len(in_g) == 1 and isinstance(g[0].layer, nn.Linear):
        in_g = []  # reshaped into the first maps at once
    in_d = [s.name for s in d[:-1] if isinstance(s.layer, nn.Linear)]
    parts = [f"{name} has {_listed(found)}" for name, found in (("G", in_g), ("D", in_d)) if found]
    if parts:
        return False, f"{', and '.join(parts)}."
    return True, "z goes straight into G's first maps, and D's last maps straight into the verdict."


def _activations_of_g(g: list[Stage]) -> tuple[bool, str]:
    wrong = _other_activations(g[:-1], nn.ReLU)
    if not any(isinstance(module, nn.Tanh) for module in g[-1].after):
        wrong.append(f"{_names(g[-1].activations)} at the end")
    if wrong:
        return False, f"G has {_listed(wrong)}."
    return True, "Every hidden layer of G has ReLU, and its output tanh."


def _activations_of_d(d: list[Stage]) -> tuple[bool, str]:
    wrong = _other_activations(d[:-1], nn.LeakyReLU)
    if wrong:
        return False, f"D has {_listed(wrong)}."
    return True, "Every hidden layer of D has it."


def _other_activations(stages: list[Stage], wanted: type) -> list[str]:
    """One phrase, like "SELU after Dense 512", for each activation that hidden layers have instead of the wanted."""
    found: dict[str, list[str]] = {}
    for stage in stages:
        if [type(activation) for activation in stage.activations] != [wanted]:
            found.setdefault(_names(stage.activations), []).append(stage.name)
    return [f"{activation} after {_listed(layers)}" for activation, layers in found.items()]


def _names(modules: list[nn.Module]) -> str:
    return " and ".join(describe(module) for module in modules) or "no activation"


def _listed(items: list[str]) -> str:
    """The items as in a sentence, repeated ones once with their number."""
    counts = Counter(items)  # in order of first appearance
    items = [f"{counts[item]} times {item}" if counts[item] > 1 else item for item in counts]
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"
