"""Settings that may change while a run trains: asked for in control.json, in force from the next step on.

config.json stays as it was. Each change is an event in metrics.jsonl, and the values in force travel in the state.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from dcgan.config import LIVE, NO_END, Config
from dcgan.errors import BadInput
from dcgan.runs.records import Control
from dcgan.runs.run import Run


def ask(run: Run, values: Mapping[str, object]) -> dict[str, float | str]:
    """Wish that settings change; returns those that do. Raises BadInput, and nothing is written, for what can't."""
    for name in values:
        if name not in LIVE:
            run.config.replace(**{name: values[name]})  # says it of a name that no setting has
            raise BadInput(f"{name} can't change in a run that has begun: fork the run to change it.")
    before = asked(run.config, run.control())
    after = before.replace(**values)
    changes = changed(before, after)
    if changes:
        run.change(**changes)
    return changes


def asked(config: Config, control: Control) -> Config:
    """The settings that are wished for; a wish that no run could have, left by a damaged file, is none."""
    wishes = {name: getattr(control, name) for name in LIVE if getattr(control, name) not in (None, "")}
    try:
        return config.replace(**wishes)
    except BadInput:
        return config


def in_force(run: Run) -> Config:
    """The settings that a page should show, its end included: those wished for, which a worker obeys within a step."""
    config, control = run.config, run.control()
    end = control.num_steps if 0 < control.num_steps <= NO_END else config.num_steps
    return asked(config, control).replace(num_steps=end)


def changed(before: Config, after: Config) -> dict[str, float | str]:
    """What is other than before, by name."""
    return {name: getattr(after, name) for name in LIVE if getattr(after, name) != getattr(before, name)}


def dump(config: Config) -> str:
    """The values in force as JSON, for a training state."""
    return json.dumps({name: getattr(config, name) for name in LIVE})


def restore(config: Config, state: Mapping[str, Any]) -> Config:
    """The settings in force when a state was saved; states from before there were live changes say nothing."""
    try:
        return config.replace(**json.loads(state.get("live", "{}")))
    except (ValueError, TypeError, RecursionError):
        raise BadInput("The saved state is damaged: its changed settings can't be read.") from None


def words(values: Mapping[str, Any]) -> str:
    """Changed settings in one line: lr_g 0.0001, d_steps 2."""
    return spelled({name: values[name] for name in LIVE if name in values})


def spelled(values: Mapping[str, Any]) -> str:
    """Settings and what they are, in one line."""
    each = (f"{name} {value}" if isinstance(value, str) else f"{name} {value:g}" for name, value in values.items())
    return ", ".join(each)


assert set(LIVE) <= {field.name for field in dataclasses.fields(Control)}
