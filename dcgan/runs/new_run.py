"""From what a person asked for to a checked Config: whatever can be refused is refused here, before anything exists."""

import importlib.util
import json
import math
from collections.abc import Mapping
from pathlib import Path

from dcgan.config import FRAMED, NO_END, Config
from dcgan.data import class_labels, source_pictures, sources
from dcgan.data.holdout import num_held_out, num_to_hold_out
from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.images.tones import READING
from dcgan.presets import preset_config
from dcgan.runs import estimate
from dcgan.runs.run import default_root


def order(
    preset: str,
    values: Mapping[str, object],
    data: str | None = None,
    steps: int | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
    download: bool = True,
    root: Path | None = None,
) -> Config:
    """Build the Config of a new run; raises BadInput in one sentence for anything that can't be trained.

    `values` are settings by name, as text or numbers. Without an explicit `channels` the pictures decide between grey
    and colour. `epochs` become steps by the number of pictures; `minutes` alone lifts the preset's limit on steps.
    What the memory, or the disk that holds `root`, plainly can't take is refused, too.
    """
    config = preset_config(preset).replace(**values)
    if data is not None:
        config = config.replace(data=data)
    if steps is not None:
        config = config.replace(num_steps=steps)
    if minutes is not None:
        config = config.replace(num_minutes=minutes)
        if config.num_minutes == 0:
            raise BadInput("minutes must be more than 0.")
        if steps is None and epochs is None:
            config = config.replace(num_steps=NO_END)
    check_log(config)
    source = sources.resolve(config.data, download, config.reading if "reading" in values else READING)
    sources.check(source)
    config = name_classes(hold_out(read_as(_seen(config, source, values), source), source), source)
    if epochs is not None:
        config = config.replace(num_steps=steps_in(epochs, config, source))
    if "channels" not in values:
        config = config.replace(channels=sources.default_channels(source))
    estimate.check(config, estimate.estimate_on(config, source), root or default_root())
    return config.replace(data=source.spec, data_fingerprint=sources.fingerprint(source))


def has_tensorboard() -> bool:
    """Whether the optional package is here."""
    return importlib.util.find_spec("tensorboard") is not None


def check_log(config: Config) -> None:
    """Raise BadInput for a log that can't be written here."""
    if config.log == "tensorboard" and not has_tensorboard():
        raise BadInput("log=tensorboard needs one more package: python -m pip install tensorboard.")


def compared_with(config: Config, spec: str) -> Config:
    """The settings of a generator that is measured beside these pictures; raises BadInput for what can't be used."""
    source = sources.resolve(spec)
    sources.check(source)
    config = read_as(hold_out(config.replace(held_out=0, black=0.0, white=0.0), source), source)
    return config.replace(data=source.spec, data_fingerprint=sources.fingerprint(source))


def read_as(config: Config, source: source_pictures.Source) -> Config:
    """Fill in how a run reads these pictures, with the range of those of more than 8 bits unless it is set.

    Raises BadInput for what can't be a range, or is none of theirs.
    """
    if source.kind == "idx":
        for name in ("black", "white"):
            if getattr(config, name):
                raise BadInput(f"{name} must be 0 on {source.title}, whose pictures have 8 bits.")
        return config
    config = config.replace(reading=source.version)
    if config.white > config.black:
        return config
    if (config.black, config.white) != (0.0, 0.0):
        raise BadInput(f"white must be more than black ({config.black:g}), not {config.white:g}.")
    found = source_pictures.reading(source)
    return config.replace(black=found.black, white=found.white)


def _seen(config: Config, source: source_pictures.Source, asked: Mapping[str, object]) -> Config:
    """Settle what D sees: originals only of pictures that are enlargements, and those get their border before that.

    Raises BadInput where it was asked for and can't be; a recipe's choice gives way.
    """
    if config.d_sees == "whole":
        return config
    if source.kind == "idx" and config.image_size > FRAMED:
        return config if "crop" in asked else config.replace(crop="pad")
    if "d_sees" in asked:
        why = f"at image_size={config.image_size}" if source.kind == "idx" else f"on {source.title}"
        raise BadInput(f"d_sees must be whole {why}: original is for Fashion-MNIST and MNIST at 64 px and more.")
    return config.replace(d_sees="whole")


def name_classes(config: Config, source: source_pictures.Source) -> Config:
    """Fill in which classes can be asked for; raises BadInput where they are to be and the pictures have none."""
    if config.classes == "off":
        return config
    sizes = class_labels.class_sizes(source, config.held_out)
    names, counts = (json.dumps(list(each), ensure_ascii=False) for each in (sizes.keys(), sizes.values()))
    return config.replace(class_names=names, class_counts=counts)


def steps_in(epochs: float, config: Config, source: source_pictures.Source) -> int:
    """The steps that see every picture so many times; raises BadInput for a number that can't be meant."""
    if not 0 < epochs <= 1e9:  # false for NaN, too
        raise BadInput(f"epochs must be more than 0 and at most a billion, not {epochs}.")
    count = sources.count(source)
    if source.kind == "images":
        count -= num_held_out(count, config.held_out)
    return math.ceil(epochs * count / (config.d_steps * config.batch_size))


def hold_out(config: Config, source: source_pictures.Source) -> Config:
    """Fill in how many pictures a new run on them holds out; raises BadInput for a number that can't be."""
    if source.kind == "idx":
        if config.held_out:
            raise BadInput(f"held_out must be 0 on {source.title}, which comes with its own test pictures.")
        return config
    count, apart = sources.count(source), source_pictures.num_apart(source)
    if apart:
        folders = ", ".join(map(shown, source_pictures.layout(source).held_folders))
        if config.held_out not in (0, apart):
            raise BadInput(
                f"held_out must be 0 here: {source.title} comes with pictures to measure with, {apart:,} in {folders}."
            )
        if count - apart < 2:
            raise BadInput(f"{source.title} has {count - apart} to train on beside those in {folders}: add pictures.")
        return config.replace(held_out=apart)
    if config.held_out > count - 2:
        raise BadInput(
            f"held_out is {config.held_out:,}, but of the {count:,} pictures of {source.title} training needs at least "
            "2: hold out fewer."
        )
    return config.replace(held_out=config.held_out or num_to_hold_out(count))
