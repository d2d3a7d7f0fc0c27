"""Every setting of a run in one frozen record that is checked when it is built."""

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

from dcgan.errors import BadInput
from dcgan.system.names import is_text

SCHEMA = 1  # raised when the meaning of config.json changes
SIZES = (16, 28, 32, 64, 128)

MAX_TEXT = 4096  # of a setting: a path, at most
NO_END = 10**9  # num_steps of a run that only its minutes end

# Published networks are laid out as they were published: what each architecture but dcgan fixes
_AS_KERAS = {"stem": "dense", "conv_bias": "always"}
LAYOUTS: dict[str, dict[str, Any]] = {
    "dcgan": {},
    "selu-28": {"image_size": 28, "kernel": 5, "norm_g": "batch", "norm_d": "none", **_AS_KERAS},
    "digit-28": {"image_size": 28, "kernel": 5, "norm_g": "batch", "norm_d": "batch", **_AS_KERAS},
    "dense-28": {"image_size": 28, "kernel": 5, "norm_g": "batch", "norm_d": "none", **_AS_KERAS},
    "faces-128": {"image_size": 128, "kernel": 4, "norm_g": "none", "norm_d": "none", **_AS_KERAS},
}


def setting(default: Any, help: str, low: float | None = None, high: float | None = None, choices: tuple = ()) -> Any:
    """Declare a field with its meaning and its allowed range, both ends included."""
    return dataclasses.field(default=default, metadata={"help": help, "low": low, "high": high, "choices": choices})


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings of one training run; building one with an unusable value raises BadInput."""

    preset: str = setting("custom", "The named recipe these settings started from.")

    # data
    data: str = setting(
        "fashion-mnist",
        "fashion-mnist, mnist, celeba, or a folder or zip of images; :a,b at its end keeps the classes a and b.",
    )
    crop: str = setting(
        "square",
        "The part about the centre of CelebA's or your own pictures that is used; 178x208 is squeezed to a square.",
        choices=("square", "178x208"),
    )
    held_out: int = setting(
        0,
        "Pictures of a folder or zip that are not trained on but measured with; 0 leaves it to the program.",
        0,
        10**6,
    )
    image_size: int = setting(64, "Height and width of the pictures, in pixels.", choices=SIZES)
    channels: int = setting(1, "1 for grey pictures, 3 for colour.", choices=(1, 3))

    # networks
    architecture: str = setting(
        "dcgan",
        "dcgan follows the paper's rules and every option below; the others are published networks, layer by layer.",
        choices=tuple(LAYOUTS),
    )
    z_dim: int = setting(100, "Length of the latent vector z that the generator starts from.", 1, 4096)
    z_prior: str = setting(
        "normal", "Distribution z is drawn from; the paper used uniform.", choices=("normal", "uniform")
    )
    ngf: int = setting(64, "Feature maps in the generator's last hidden layer; doubled in each one before it.", 1, 512)
    ndf: int = setting(64, "Feature maps in the discriminator's first layer; multiplied in each after it.", 1, 512)
    d_growth: int = setting(2, "How many times wider each of D's layers is than the one before.", 1, 4)
    stem: str = setting(
        "conv", "What makes the first map of z: a transposed convolution or a dense layer.", choices=("conv", "dense")
    )
    kernel: int = setting(4, "Height and width of the convolutions' kernels.", choices=(4, 5))
    conv_bias: str = setting(
        "needed",
        "Whether convolutions before BatchNorm keep a bias, which it makes superfluous.",
        choices=("needed", "always"),
    )
    norm_g: str = setting("batch", "BatchNorm in the generator, but for its output.", choices=("batch", "none"))
    norm_d: str = setting("batch", "BatchNorm in the discriminator, but for its input.", choices=("batch", "none"))
    g_activation: str = setting(
        "relu", "Activation of the generator's hidden layers.", choices=("relu", "selu", "leaky-relu")
    )
    leak: float = setting(0.2, "LeakyReLU's slope below zero.", 0.0, 1.0)
    output: str = setting(
        "tanh",
        "The generator's last activation: tanh works on pictures in -1 to 1, sigmoid on 0 to 1.",
        choices=("tanh", "sigmoid"),
    )
    dropout: float = setting(0.0, "Share of the discriminator's activations that each step leaves out.", 0.0, 0.9)
    initial_weights: str = setting(
        "dcgan",
        "dcgan draws them from N(0, 0.02) as the paper did, keras from Glorot's uniform distribution.",
        choices=("dcgan", "keras"),
    )

    # optimisation
    batch_size: int = setting(64, "Real pictures per step; the generator makes as many fakes.", 2, 4096)
    micro_batch: int = setting(
        0,
        "Pictures that are in the networks at once, where a whole batch needs too much memory; 0 takes them all.",
        0,
        4096,
    )
    optimizer: str = setting("adam", "How gradients become steps; the paper used Adam.", choices=("adam", "rmsprop"))
    lr_g: float = setting(2e-4, "The generator's learning rate.", 1e-9, 1.0)
    lr_d: float = setting(2e-4, "The discriminator's learning rate.", 1e-9, 1.0)
    lr_decay: float = setting(0.0, "After n steps the learning rates are divided by 1 + n times this.", 0.0, 1.0)
    beta1: float = setting(0.5, "Adam's momentum; 0.5 is the paper's remedy against oscillation.", 0.0, 0.9999)
    beta2: float = setting(0.999, "Adam's memory of squared gradients.", 0.0, 0.999999)
    rho: float = setting(0.9, "RMSprop's memory of squared gradients.", 0.0, 0.999999)
    epsilon: float = setting(1e-8, "Added to the optimiser's divisor; Keras adds 1e-7.", 1e-12, 1.0)
    clip_value: float = setting(0.0, "Gradients are cut off at plus and minus this; 0 leaves them alone.", 0.0, 1e6)
    ema_half_life_images: int = setting(
        20_000,
        "The shown generator is a moving average of the trained one; this is its half-life. 0 turns it off.",
        0,
        10**9,
    )

    # the game
    d_batch: str = setting(
        "apart",
        "D sees real and fake apart, each with BatchNorm statistics of its own, or together as one batch.",
        choices=("apart", "together"),
    )
    g_noise: str = setting(
        "same", "G's step is on the z that D's step was on, or on fresh ones.", choices=("same", "fresh")
    )
    labels: str = setting("plain", "plain: real is 1 and fake 0; flipped: fake is 1.", choices=("plain", "flipped"))
    label_noise: float = setting(0.0, "D's labels get a random extra from 0 to this.", 0.0, 0.5)
    augment: str = setting(
        "off",
        "Change at random what D sees, lest it learn by heart: shift moves the pictures a little, on cuts and "
        "brightens them as well; auto: on if under 10,000.",
        choices=("off", "shift", "on", "auto"),
    )
    d_steps: int = setting(1, "Steps of D, each on a batch of its own, before each step of G.", 1, 20)

    # length: whichever limit is met first
    num_steps: int = setting(20_000, "Training ends after this many steps.", 1, NO_END)
    num_minutes: float = setting(0.0, "Training ends after this many minutes; 0 sets no limit.", 0.0, 1e6)

    # what is kept
    log_every: int = setting(10, "Steps between two points of the curves.", 1, 10**6)
    sample_every: int = setting(200, "Steps between two kept sample grids and generators.", 1, 10**6)
    num_samples: int = setting(64, "Pictures in the sample grid, always from the same z.", 1, 400)
    sample_truncation: float = setting(1.0, "Scales the z of the sample grid; 0.5 halves their spread.", 0.0, 2.0)
    max_samples: int = setting(400, "Sample grids kept; past this they are thinned, first and newest stay.", 2, 10_000)
    max_snapshots: int = setting(
        40, "Generators kept for rewinding; past this they are thinned, first and newest stay.", 2, 10_000
    )
    checkpoint_seconds: float = setting(
        60.0, "Seconds between two checkpoints that an interrupted run resumes from.", 0.0, 86_400
    )
    max_states_mb: int = setting(
        400, "Megabytes of checkpoints kept to fork from; past this they are thinned. 0 keeps none.", 0, 10**7
    )

    measure_images: int = setting(
        20_000,
        "Training pictures between two measurements of how far the fakes are from real pictures; 0 makes none.",
        0,
        10**9,
    )

    # machine
    seed: int = setting(0, "Fixes the initial weights, every z and the order of the pictures.", 0, 2**32 - 1)
    device: str = setting("auto", "auto takes CUDA, then MPS, then the CPU.", choices=("auto", "cuda", "mps", "cpu"))
    precision: str = setting(
        "float32",
        "Of the matrix products: auto takes bfloat16, much faster, where a CPU (AMX) or a CUDA GPU has units for it.",
        choices=("auto", "float32"),
    )
    num_threads: int = setting(0, "CPU threads for training; 0: every core that others leave free.", 0, 1024)

    # written by the program
    data_fingerprint: str = setting("", "Hash of the data set, so that a resume notices other data.")
    schema: int = setting(SCHEMA, "Version of this file's format.", 1)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = _checked(field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        if self.schema > SCHEMA:
            raise _too_new(self.schema)
        if self.micro_batch == 1:
            raise BadInput("micro_batch must be 0 or at least 2, which BatchNorm needs, not 1.")
        fixed = LAYOUTS[self.architecture]
        if any(getattr(self, name) != value for name, value in fixed.items()):
            listed = ", ".join(f"{name}={value}" for name, value in fixed.items())
            raise BadInput(f"architecture {self.architecture} goes with {listed} only.")

    def replace(self, /, **values: Any) -> "Config":
        """Return a copy with some fields changed; values may be text, as typed by a person."""
        known = [field.name for field in dataclasses.fields(self)]
        for name in values:
            if name not in known:
                raise BadInput(f"{_shown(name)} is not a setting; the settings are {', '.join(known)}.")
        return dataclasses.replace(self, **values)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Config":
        """Read what `to_json` wrote; raises BadInput for anything else."""
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise BadInput("config.json is not valid JSON.") from None
        if not isinstance(values, dict):
            raise BadInput("config.json does not hold an object of settings.")
        schema = values.get("schema", SCHEMA)
        if isinstance(schema, int) and schema > SCHEMA:  # before its settings, which this version may not know
            raise _too_new(schema)
        return cls().replace(**values)


def describe(name: str) -> str:
    """One line on what a setting means."""
    return Config.__dataclass_fields__[name].metadata["help"]


def _checked(field: dataclasses.Field, value: Any) -> Any:
    """Return the value in the field's type, or raise BadInput naming the field."""
    convert, noun = _KINDS[type(field.default)]
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError
        value = convert(value)
    except (ValueError, OverflowError):
        raise BadInput(f"{field.name} must be {noun}, not {_shown(value)}.") from None
    if isinstance(value, str) and not is_text(value, MAX_TEXT):
        raise BadInput(f"{field.name} must be a text of at most {MAX_TEXT:,} characters, not {_shown(value)}.")
    low, high, choices = (field.metadata[key] for key in ("low", "high", "choices"))
    if choices and value not in choices:
        raise BadInput(f"{field.name} must be one of {', '.join(map(str, choices))}, not {_shown(value)}.")
    if low is not None and value < low:
        raise BadInput(f"{field.name} must be at least {low}, not {_shown(value)}.")
    if high is not None and value > high:
        raise BadInput(f"{field.name} must be at most {high}, not {_shown(value)}.")
    return value


def _finite(value: str | int | float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole(value: str | int | float) -> int:
    number = int(value)  # raises for NaN and infinity
    if isinstance(value, float) and number != value:
        raise ValueError
    return number


_KINDS: dict[type, tuple[Callable[[Any], Any], str]] = {
    str: (str, "text"),
    int: (_whole, "a whole number"),
    float: (_finite, "a number"),
}


def _shown(value: Any) -> str:
    """A value as the end of a sentence, on one line and short."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more than 4300 digits
        return "a number that long"
    return text if len(text) <= 60 else f"{text[:60]}…"


def _too_new(schema: int) -> BadInput:
    return BadInput(
        f"schema is {_shown(schema)}, but this version reads up to {SCHEMA}: update DCGAN Studio to open this run."
    )
