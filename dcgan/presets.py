"""Named recipes: complete Configs with the reason each exists."""

from typing import Any, NamedTuple

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.setting_values import shown
from dcgan.system.names import nearest

START, PAPER, PUBLISHED = "Start here", "Paper", "Published systems"
IMPORTED = "imported"  # no recipe: what the preset of a generator is called that another program trained


class Preset(NamedTuple):
    config: Config
    title: str  # what it shows, one line
    source: str  # where the recipe comes from, and what its publication leaves open
    minutes: tuple[float, float]  # on 2 CPU cores with AMX, and with AVX2; as in benchmarks/README.md, or in proportion
    group: str = PUBLISHED


# ---- start here, and the paper

# What benchmarks/recipes.py found best: large steps that shrink, an average that grows longer all the time, and random
# changes to what D sees of small data sets
_RATES: dict[str, Any] = {"lr_g": 1e-3, "lr_d": 1e-3, "lr_decay": 1e-4}
_FAST_THEN_FINE: dict[str, Any] = {**_RATES, "ema_half_life_images": 500_000, "augment": "auto"}

_QUICK = Config(
    preset="quick",
    image_size=32,
    z_dim=64,
    ngf=32,
    ndf=32,
    **_FAST_THEN_FINE,
    num_steps=12_000,
    log_every=5,
    sample_every=100,
    checkpoint_seconds=20.0,
    precision="auto",
)

# D, which knows the class, would be right too often: it sees all pictures moved a little
_CLASSES: dict[str, Any] = {"classes": "label", "augment": "auto-shift", "num_samples": 80}
_QUICK_CLASSES = _QUICK.replace(preset="quick-classes", **_CLASSES)

_CLASSIC_64 = Config(preset="classic-64", precision="auto")  # otherwise the defaults of Config

_MODERN = Config(preset="modern", precision="auto", **_FAST_THEN_FINE)

# Enlarged pictures would let D win all the same (benchmarks/README.md): it sees the originals, as quick's does
_NARROW: dict[str, Any] = {"ngf": 32, "ndf": 32, "d_sees": "original", "num_steps": 12_000}
_MODERN_CLASSES = _MODERN.replace(preset="modern-classes", **_CLASSES, **_NARROW)

_PAPER = Config(
    preset="paper",
    z_prior="uniform",
    ngf=128,
    ndf=128,
    batch_size=128,
    ema_half_life_images=0,
    precision="auto",
)

# ---- published systems

FASHION_IMAGES, MNIST_ZEROS = 60_000, 5_923  # training pictures

# What the systems made with Keras have in common: its ways of beginning and of dividing, and no averaged generator
_KERAS = Config(
    stem="dense",
    conv_bias="always",
    initial_weights="keras",
    epsilon=1e-7,
    d_batch="together",
    ema_half_life_images=0,
    log_every=25,
    num_samples=25,
    precision="auto",
)

_SELU_28 = _KERAS.replace(
    architecture="selu-28",
    image_size=28,
    kernel=5,
    norm_d="none",
    g_activation="selu",
    dropout=0.3,
    batch_size=32,
    optimizer="rmsprop",
    lr_g=1e-3,
    lr_d=1e-3,
    sample_every=FASHION_IMAGES // 32,  # once an epoch
)

_BASIC = _SELU_28.replace(preset="basic-dcgan", num_steps=10 * FASHION_IMAGES // 32, num_samples=32)

_SYNTHETIC_1 = _SELU_28.replace(preset="synthetic-1", d_growth=4, num_steps=100 * FASHION_IMAGES // 32)

_SYNTHETIC_2 = _SELU_28.replace(preset="synthetic-2", ngf=128, ndf=128, d_growth=4, num_steps=50 * FASHION_IMAGES // 32)

_RULES_64 = Config(
    preset="rules-64",
    data="celeba",
    channels=3,
    batch_size=128,
    ema_half_life_images=0,
    num_steps=40_000,
    precision="auto",
)

_FASHION_64 = Config(
    preset="fashion-64",
    stem="dense",
    ema_half_life_images=0,
    num_steps=50 * FASHION_IMAGES // 64,
    sample_every=FASHION_IMAGES // 64,
    precision="auto",
)

_FASHION_128 = _FASHION_64.replace(preset="fashion-128", image_size=128)

_THREE_SETS_FASHION = _SELU_28.replace(
    preset="three-sets-fashion", g_noise="fresh", num_steps=10 * FASHION_IMAGES // 32
)

_THREE_SETS_DIGIT = _KERAS.replace(
    preset="three-sets-digit",
    architecture="digit-28",
    data="mnist:0",
    image_size=28,
    kernel=5,
    z_dim=1,
    ngf=32,
    leak=0.3,
    output="sigmoid",
    num_steps=-(-25 * MNIST_ZEROS // 64),
    log_every=5,
    sample_every=-(-MNIST_ZEROS // 64),  # once an epoch
)

_THREE_SETS_FACES = _KERAS.replace(
    preset="three-sets-faces",
    architecture="faces-128",
    data="celeba",
    crop="178x208",
    image_size=128,
    channels=3,
    z_dim=32,
    ngf=256,
    ndf=256,
    d_growth=1,
    norm_g="none",
    norm_d="none",
    g_activation="leaky-relu",
    leak=0.3,
    dropout=0.4,
    batch_size=16,
    optimizer="rmsprop",
    lr_g=1e-4,
    lr_d=1e-4,
    lr_decay=1e-8,
    clip_value=1.0,
    g_noise="fresh",
    labels="flipped",
    label_noise=0.05,
    num_steps=20_000,
    log_every=10,
    sample_every=50,
    num_samples=36,
    sample_truncation=0.5,
    max_snapshots=20,  # of 30 MB each
)

_CUSTOM_LOOP = _KERAS.replace(
    preset="custom-loop",
    architecture="dense-28",
    image_size=28,
    kernel=5,
    norm_d="none",
    ngf=32,
    ndf=32,
    batch_size=128,
    g_noise="fresh",
    num_steps=20 * FASHION_IMAGES // 128,
    log_every=10,
    sample_every=-(-FASHION_IMAGES // 128),  # once an epoch
)

PRESETS: dict[str, Preset] = {
    "quick": Preset(
        _QUICK,
        "Small and fast, 32 px: clothes you can recognise after about a minute.",
        "DCGAN's rules at 32 px with 32 feature maps, and the rates and the average of modern",
        (2.7, 19),
        START,
    ),
    "quick-classes": Preset(
        _QUICK_CLASSES,
        "Small and fast, 32 px, and you can ask it for a class: each row of the grid is one.",
        "quick, with a centre of z for each class, and a projection discriminator (Miyato & Koyama 2018)",
        (2.8, 19.5),
        START,
    ),
    "classic-64": Preset(
        _CLASSIC_64,
        "The DCGAN everyone means: 64 px, 64 feature maps, plus a moving average of the generator.",
        "Radford et al. 2016, with the sizes of PyTorch's DCGAN example",
        (44, 435),
        START,
    ),
    "modern": Preset(
        _MODERN,
        "The classic networks, better pictures in the same time: larger steps that shrink, a longer average.",
        "Radford et al. 2016's networks; rates and average by measurement (benchmarks/recipes.py)",
        (44, 450),
        START,
    ),
    "modern-classes": Preset(
        _MODERN_CLASSES,
        "As modern at half the width, and you can ask it for a class; D sees what pictures were enlarged from.",
        "modern, with classes as quick-classes has them; what D sees, the widths and the length by measurement",
        (7, 45),
        START,
    ),
    "paper": Preset(
        _PAPER,
        "The paper's own numbers: 128 feature maps, uniform z, batches of 128, no averaging. Wants a GPU.",
        "Radford et al. 2016, section 4 and figure 1",
        (720, 4300),
        PAPER,
    ),
    "basic-dcgan": Preset(
        _BASIC,
        "BasicDCGAN, 28 px, 10 epochs: SELU in G, dropout instead of BatchNorm in D, RMSprop.",
        "BasicDCGAN: networks, optimiser and schedule as published",
        (7, 34),
    ),
    "synthetic-1": Preset(
        _SYNTHETIC_1,
        "Synthetic images with DCGANs, first run: BasicDCGAN with twice the maps in D's second layer, 100 epochs.",
        "Synthetic images with DCGANs, run 1; G's step on D's noise is assumed",
        (98, 490),
    ),
    "synthetic-2": Preset(
        _SYNTHETIC_2,
        "Synthetic images with DCGANs, second run: everything twice as wide, 50 epochs.",
        "Synthetic images with DCGANs, run 2; G's step on D's noise is assumed",
        (130, 800),
    ),
    "rules-64": Preset(
        _RULES_64,
        "Synthetic images with DCGANs, the network by the rules: colour pictures of 64 px from normal z.",
        "Synthetic images with DCGANs and Radford et al. 2016; the data set, PyTorch's widths of 64 maps, and the "
        "paper's Adam and batch of 128 are assumed",
        (180, 2200),
    ),
    "fashion-64": Preset(
        _FASHION_64,
        "DCGAN on Fashion-MNIST at 64 px: a dense layer, then transposed convolutions; 50 epochs.",
        "DCGAN on Fashion-MNIST, whose 50 to 200 epochs begin at 50; widths, kernel 4, BatchNorm and beta1 of 0.5 are "
        "not published and taken from the paper and PyTorch's example",
        (105, 1000),
    ),
    "fashion-128": Preset(
        _FASHION_128,
        "DCGAN on Fashion-MNIST at 128 px: the same with one more doubling. Wants a GPU.",
        "DCGAN on Fashion-MNIST; as fashion-64, and what is not published is assumed as there",
        (650, 6300),
    ),
    "three-sets-fashion": Preset(
        _THREE_SETS_FASHION,
        "DCGAN on three data sets, Fashion-MNIST: BasicDCGAN's networks, with fresh noise for G's step.",
        "DCGAN on MNIST, Fashion-MNIST and CelebA: networks, optimiser and schedule as published",
        (8, 38),
    ),
    "three-sets-digit": Preset(
        _THREE_SETS_DIGIT,
        "DCGAN on three data sets, MNIST: only the digit 0, from a z that is a single number; 25 epochs.",
        "DCGAN on MNIST, Fashion-MNIST and CelebA; kernels and strides are those that give the published numbers of "
        "parameters and 28 px without padding, and the slope 0.3 of LeakyReLU is assumed",
        (2.3, 60),
    ),
    "three-sets-faces": Preset(
        _THREE_SETS_FACES,
        "DCGAN on three data sets, CelebA: faces of 128 px, no BatchNorm, flipped and noisy labels. Wants a GPU.",
        "DCGAN on MNIST, Fashion-MNIST and CelebA; the slope 0.3 of LeakyReLU, and fresh noise for G's "
        "step are assumed",
        (20_000, 60_000),
    ),
    "custom-loop": Preset(
        _CUSTOM_LOOP,
        "Image generation with a custom training loop, 28 px, 20 epochs: dense hidden layers in both networks.",
        "Image generation with a custom training loop; Adam at 2e-4 with beta1 0.5, batches of 128, normal z, slope "
        "0.2 and fresh noise for G's step are assumed",
        (6, 27),
    ),
}


def preset_config(name: str) -> Config:
    """Return a preset's Config; raises BadInput for an unknown name."""
    if name not in PRESETS:
        near = nearest(name, PRESETS)
        raise BadInput(
            f"There is no preset {shown(name)}" + f", the nearest is {near}" * bool(near),
            terminal="; `python -m dcgan presets` lists them.",
            page=".",
        )
    return PRESETS[name].config


def in_group(group: str) -> list[str]:
    """The names of a group's presets, in order."""
    return [name for name, preset in PRESETS.items() if preset.group == group]
