"""Named recipes: complete Configs with the reason each exists."""

from typing import NamedTuple

from dcgan.config import BadInput, Config


class Preset(NamedTuple):
    config: Config
    title: str  # what it shows, one line
    source: str  # where the recipe comes from
    pace: str  # how long it takes, where that was measured


_QUICK = Config(
    preset="quick",
    image_size=32,
    z_dim=64,
    ngf=32,
    ndf=32,
    lr_g=4e-4,
    lr_d=4e-4,
    num_steps=12_000,
    log_every=5,
    sample_every=100,
    checkpoint_seconds=20.0,
)

_CLASSIC_64 = Config(preset="classic-64")  # the defaults of Config are the classic recipe

_PAPER = Config(
    preset="paper",
    z_prior="uniform",
    ngf=128,
    ndf=128,
    batch_size=128,
    ema_half_life_images=0,
)

PRESETS: dict[str, Preset] = {
    "quick": Preset(
        _QUICK,
        "Small and fast, 32 px: clothes you can recognise after about a minute.",
        "DCGAN's rules at 32 px with 32 feature maps and a doubled learning rate",
        "9 minutes in all on 2 CPU cores.",
    ),
    "classic-64": Preset(
        _CLASSIC_64,
        "The DCGAN everyone means: 64 px, 64 feature maps, plus a moving average of the generator.",
        "Radford et al. 2016, with the sizes of PyTorch's DCGAN example",
        "Clothes after half an hour and the end after 6 hours on 2 CPU cores; best on a GPU.",
    ),
    "paper": Preset(
        _PAPER,
        "The paper's own numbers: 128 feature maps, uniform z, batches of 128, no averaging. Wants a GPU.",
        "Radford et al. 2016, section 4 and figure 1",
        "Days on 2 CPU cores.",
    ),
}


def preset_config(name: str) -> Config:
    """Return a preset's Config; raises BadInput for an unknown name."""
    if name not in PRESETS:
        raise BadInput(f"preset must be one of {', '.join(PRESETS)}, not {name!r}.")
    return PRESETS[name].config
