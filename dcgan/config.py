"""Every setting of a run in one frozen record that is checked when it is built."""

import dataclasses
import functools
import json
from typing import Any

from dcgan.errors import BadInput
from dcgan.setting_values import checked, setting, shown
from dcgan.system.names import nearest

SCHEMA = 1  # raised when the meaning of config.json changes
SIZES = (16, 28, 32, 64, 128)
FRAMED = 32  # pixels of a picture of 28 and its border, in height and width
NO_END = 10**9  # num_steps of a run that only its minutes end
USUAL_CLASSES = 10  # those of Fashion-MNIST and MNIST, where a recipe doesn't know its pictures yet

# Published networks are laid out as they were published: what each architecture but dcgan fixes
_AS_KERAS = {"stem": "dense", "conv_bias": "always"}
LAYOUTS: dict[str, dict[str, Any]] = {
    "dcgan": {},
    "selu-28": {"image_size": 28, "kernel": 5, "norm_g": "batch", "norm_d": "none", **_AS_KERAS},
    "digit-28": {"image_size": 28, "kernel": 5, "norm_g": "batch", "norm_d": "batch", **_AS_KERAS},
    "dense-28": {"image_size": 28, "kernel": 5, "norm_g": "batch", "norm_d": "none", **_AS_KERAS},
    "faces-128": {"image_size": 128, "kernel": 4, "norm_g": "none", "norm_d": "none", **_AS_KERAS},
}


network = functools.partial(setting, group="Networks", forkable=False)
optimisation = functools.partial(setting, group="Optimisation")
game = functools.partial(setting, group="The game")
length = functools.partial(setting, group="Length and what is kept")
machine = functools.partial(setting, group="Machine")


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings of one training run; building one with an unusable value raises BadInput."""

    preset: str = setting("custom", "The named recipe these settings started from.", own=False)

    # data
    data: str = setting(
        "fashion-mnist",
        "fashion-mnist, mnist, celeba, or the path of images: a folder, zip, tar, .npy, .npz, .parquet or .csv; :a,b "
        "at its end keeps the classes a and b.",
    )
    crop: str = network(
        "square",
        "What becomes of oblong pictures: square cuts about the centre, whole squeezes all of them, pad keeps all of "
        "them between borders in the colour of their edge; 178x208 cuts that and squeezes it, as published for CelebA. "
        "Pictures of 28 px have a border at 32 px, and with pad at any size.",
        choices=("square", "whole", "pad", "178x208"),
        forkable=True,
        label="How oblong pictures become square",
    )
    held_out: int = length(
        0,
        "Pictures of a folder or zip that are not trained on but measured with; 0 leaves it to the program.",
        0,
        10**6,
        own=False,
    )
    reading: int = setting(
        1, "How picture files are read: 2 known by their contents, in the colours of their profiles.", 1, 2, own=False
    )
    black: float = network(
        0.0,
        "The value shown black in pictures of more than 8 bits that don't say it.",
        -1e12,
        1e12,
        forkable=True,
        own=False,
    )
    white: float = network(
        0.0,
        "And white; 0 for both leaves them to the range of the pictures.",
        -1e12,
        1e12,
        forkable=True,
        own=False,
    )
    image_size: int = network(64, "Height and width of the pictures, in pixels.", choices=SIZES)
    channels: int = setting(1, "1 for grey pictures, 3 for colour.", choices=(1, 3), forkable=False)

    # networks
    architecture: str = network(
        "dcgan",
        "dcgan follows the paper's rules and every option below; the others are published networks, layer by layer.",
        choices=tuple(LAYOUTS),
    )
    classes: str = network(
        "off",
        "label lets G be asked for a class and D judge whether a picture is a real one of it; for pictures with "
        "classes only.",
        choices=("off", "label"),
    )
    z_dim: int = network(100, "Length of the latent vector z that the generator starts from.", 1, 4096)
    z_prior: str = network(
        "normal", "Distribution z is drawn from; the paper used uniform.", choices=("normal", "uniform"), forkable=True
    )
    ngf: int = network(64, "Feature maps in the generator's last hidden layer; doubled in each one before it.", 1, 512)
    ndf: int = network(64, "Feature maps in the discriminator's first layer; multiplied in each after it.", 1, 512)
    d_growth: int = network(2, "How many times wider each of D's layers is than the one before.", 1, 4)
    d_sees: str = network(
        "whole",
        "original shows D what a picture was enlarged from, and holds G to enlargements, which D would tell from "
        "others at once; for Fashion-MNIST and MNIST, whose pictures have 28 px, at 64 px and more.",
        choices=("whole", "original"),
        label="What D sees of a picture",
    )
    stem: str = network(
        "conv", "What makes the first map of z: a transposed convolution or a dense layer.", choices=("conv", "dense")
    )
    kernel: int = network(4, "Height and width of the convolutions' kernels.", choices=(4, 5))
    conv_bias: str = network(
        "needed",
        "Whether convolutions before BatchNorm keep a bias, which it makes superfluous.",
        choices=("needed", "always"),
    )
    norm_g: str = network("batch", "BatchNorm in the generator, but for its output.", choices=("batch", "none"))
    norm_d: str = network("batch", "BatchNorm in the discriminator, but for its input.", choices=("batch", "none"))
    g_activation: str = network(
        "relu", "Activation of the generator's hidden layers.", choices=("relu", "selu", "leaky-relu")
    )
    leak: float = network(0.2, "LeakyReLU's slope below zero.", 0.0, 1.0)
    output: str = network(
        "tanh",
        "The generator's last activation: tanh works on pictures in -1 to 1, sigmoid on 0 to 1.",
        choices=("tanh", "sigmoid"),
    )
    dropout: float = network(
        0.0, "Share of the discriminator's activations that each step leaves out.", 0.0, 0.9, forkable=True
    )
    initial_weights: str = network(
        "dcgan",
        "dcgan draws them from N(0, 0.02) as the paper did, keras from Glorot's uniform distribution.",
        choices=("dcgan", "keras"),
    )

    # optimisation
    batch_size: int = optimisation(
        64, "Real pictures per step; the generator makes as many fakes.", 2, 4096, label="Pictures in a step"
    )
    micro_batch: int = optimisation(
        0,
        "Pictures that are in the networks at once, where a whole batch needs too much memory; 0 takes them all.",
        0,
        4096,
        live=True,
        label="Pictures in the networks at once",
    )
    optimizer: str = optimisation(
        "adam", "How gradients become steps; the paper used Adam.", choices=("adam", "rmsprop"), forkable=False
    )
    lr_g: float = optimisation(2e-4, "The generator's learning rate.", 1e-9, 1.0, live=True, label="How fast G learns")
    lr_d: float = optimisation(
        2e-4, "The discriminator's learning rate.", 1e-9, 1.0, live=True, label="How fast D learns"
    )
    lr_decay: float = optimisation(0.0, "After n steps the learning rates are divided by 1 + n times this.", 0.0, 1.0)
    beta1: float = optimisation(0.5, "Adam's momentum; 0.5 is the paper's remedy against oscillation.", 0.0, 0.9999)
    beta2: float = optimisation(0.999, "Adam's memory of squared gradients.", 0.0, 0.999999)
    rho: float = optimisation(0.9, "RMSprop's memory of squared gradients.", 0.0, 0.999999)
    epsilon: float = optimisation(1e-8, "Added to the optimiser's divisor; Keras adds 1e-7.", 1e-12, 1.0)
    clip_value: float = optimisation(
        0.0, "Gradients are cut off at plus and minus this; 0 leaves them alone.", 0.0, 1e6
    )
    ema_half_life_images: int = optimisation(
        20_000,
        "The shown generator is a moving average of the trained one; this is its half-life. 0 turns it off.",
        0,
        10**9,
        live=True,
        label="Half-life of G's average, in pictures",
    )

    # the game
    loss: str = game(
        "bce",
        "What the players minimise: bce is the paper's, where D tells a probability; with the others it gives scores.",
        choices=("bce", "hinge", "wgan-gp", "lsgan", "relativistic"),
    )
    d_batch: str = game(
        "apart",
        "D sees real and fake apart, each with BatchNorm statistics of its own, or together as one batch.",
        choices=("apart", "together"),
    )
    g_noise: str = game(
        "same", "G's step is on the z that D's step was on, or on fresh ones.", choices=("same", "fresh")
    )
    labels: str = game("plain", "plain: real is 1 and fake 0; flipped: fake is 1.", choices=("plain", "flipped"))
    label_noise: float = game(0.0, "D's labels get a random extra from 0 to this.", 0.0, 0.5)
    augment: str = game(
        "off",
        "Change at random what D sees, lest it learn by heart: shift moves the pictures a little, on cuts and "
        "brightens them as well; auto: on if under 10,000, else off; auto-shift: else shift.",
        choices=("off", "shift", "on", "auto", "auto-shift"),
        live=True,
        label="Change what D sees",
    )
    d_steps: int = game(
        1,
        "Steps of D, each on a batch of its own, before each step of G.",
        1,
        20,
        live=True,
        label="Steps of D for each of G",
    )

    # length: whichever limit is met first
    num_steps: int = length(20_000, "Training ends after this many steps.", 1, NO_END, label="Train until step")
    num_minutes: float = length(
        0.0,
        "Training ends after this many minutes; 0 sets no limit.",
        0.0,
        1e6,
        live=True,
        label="End after minutes of training, 0 for no limit",
    )

    # what is kept
    log: str = length(
        "none",
        "tensorboard also writes its event files beside metrics.jsonl; it needs the package tensorboard.",
        choices=("none", "tensorboard"),
    )
    log_every: int = length(10, "Steps between two points of the curves.", 1, 10**6)
    sample_every: int = length(
        200,
        "Steps between two kept sample grids and generators.",
        1,
        10**6,
        live=True,
        label="Steps between kept samples",
    )
    num_samples: int = length(
        64, "Pictures in the sample grid, always from the same z; with classes a row of at most 10 for each.", 1, 400
    )
    sample_truncation: float = length(1.0, "Scales the z of the sample grid; 0.5 halves their spread.", 0.0, 2.0)
    max_samples: int = length(400, "Sample grids kept; past this they are thinned, first and newest stay.", 2, 10_000)
    max_snapshots: int = length(
        40, "Generators kept for rewinding; past this they are thinned, first and newest stay.", 2, 10_000
    )
    checkpoint_seconds: float = length(
        60.0,
        "Seconds between two checkpoints that an interrupted run resumes from.",
        0.0,
        86_400,
        live=True,
        label="Seconds between saves",
    )
    max_states_mb: int = length(
        400, "Megabytes of checkpoints kept to fork from; past this they are thinned. 0 keeps none.", 0, 10**7
    )

    measure_images: int = length(
        20_000,
        "Training pictures between two measurements of how far the fakes are from real pictures; 0 makes none.",
        0,
        10**9,
    )

    # machine
    seed: int = machine(
        0, "Fixes the initial weights, every z and the order of the pictures.", 0, 2**32 - 1, forkable=False
    )
    device: str = machine("auto", "auto takes CUDA, then MPS, then the CPU.", choices=("auto", "cuda", "mps", "cpu"))
    precision: str = machine(
        "float32",
        "Of the matrix products: auto takes bfloat16, much faster, where a CPU (AMX, AVX512-BF16) or a CUDA GPU has "
        "units for it.",
        choices=("auto", "float32"),
    )
    num_threads: int = machine(0, "CPU threads for training; 0: every core that others leave free.", 0, 1024)

    # written by the program
    class_names: str = setting("", "The classes that G can be asked for, a JSON list.", own=False, forkable=False)
    class_counts: str = setting("", "How many training pictures each has, a JSON list.", own=False)
    data_fingerprint: str = setting("", "Hash of the data set, so that a resume notices other data.", own=False)
    schema: int = setting(SCHEMA, "Version of this file's format.", 1, own=False, forkable=False)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = checked(field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        if self.schema > SCHEMA:
            raise _too_new(self.schema)
        if self.micro_batch == 1:
            raise BadInput("micro_batch must be 0 or at least 2, which BatchNorm needs, not 1.")
        if self.scores and (self.labels != "plain" or self.label_noise):
            raise BadInput(f"labels and label_noise are bce's only: with loss={self.loss} leave them plain and at 0.")
        if self.loss == "wgan-gp" and self.norm_d == "batch":
            raise BadInput(
                "loss=wgan-gp goes with norm_d=none only: it holds D's slope at each picture, and BatchNorm mixes them."
            )
        if self.d_sees == "original" and self.architecture != "dcgan":
            raise BadInput("d_sees=original goes with architecture=dcgan only.")
        _check_classes(self)
        fixed = LAYOUTS[self.architecture]
        if any(getattr(self, name) != value for name, value in fixed.items()):
            listed = ", ".join(f"{name}={value}" for name, value in fixed.items())
            raise BadInput(f"architecture {self.architecture} goes with {listed} only.")

    @property
    def scores(self) -> bool:
        """Whether D gives scores, whose size is compared only with that of others, instead of probabilities."""
        return self.loss != "bce"

    @property
    def seen_size(self) -> int:
        """Height and width of the pictures that D judges."""
        return min(self.image_size, FRAMED) if self.d_sees == "original" else self.image_size

    @property
    def names_of_classes(self) -> tuple[str, ...]:
        """The classes by label; empty where G can't be asked for one, or a recipe doesn't know its pictures yet."""
        return tuple(json.loads(self.class_names)) if self.class_names else ()

    @property
    def num_classes(self) -> int:
        """How many classes G can be asked for; 0 where it can't."""
        return (len(self.names_of_classes) or USUAL_CLASSES) if self.classes == "label" else 0

    @property
    def class_shares(self) -> tuple[float, ...]:
        """The share of each class in the training pictures; equal ones where they aren't known."""
        counts = json.loads(self.class_counts) if self.class_counts else [1] * self.num_classes
        return tuple(count / sum(counts) for count in counts)

    def replace(self, /, **values: Any) -> "Config":
        """Return a copy with some fields changed; values may be text, as typed by a person."""
        known = [field.name for field in dataclasses.fields(self)]
        for name in values:
            if name not in known:
                raise unknown(name)
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
    """What a setting means and what it may be, in one line."""
    return Config.__dataclass_fields__[name].metadata["help"]


def label_of(name: str) -> str:
    """A setting's name in plain words, or its own where it has none."""
    return Config.__dataclass_fields__[name].metadata["label"] or name


def unknown(name: str) -> BadInput:
    """What to say to a name that no setting has: the nearest, or those whose meaning speaks of it, or where all are."""
    fields = dataclasses.fields(Config)
    words = str(name).replace("_", " ").strip().lower()
    near = [nearest(str(name), [field.name for field in fields])]
    if not near[0]:
        near = [field.name for field in fields if len(words) > 3 and words in field.metadata["help"].lower()][:3]
    if near:
        return BadInput(f"{shown(name)} is not a setting; the nearest is {' or '.join(near)}.")
    return BadInput(
        f"{shown(name)} is not a setting, nor like one",
        terminal=": the config.json of any run lists them.",
        page=": Advanced, on Train, lists them.",
    )


def those(**wanted: Any) -> tuple[str, ...]:
    """The settings that are declared so, in their order."""
    fields = dataclasses.fields(Config)
    return tuple(field.name for field in fields if wanted.items() <= dict(field.metadata).items())


def _check_classes(config: Config) -> None:
    """Raise BadInput for classes that can't be asked for; only a damaged config.json has any such."""
    names, counts = (_listed(text) for text in (config.class_names, config.class_counts))
    wanted = names == [] or (config.classes == "label" and len(names or ()) > 1)
    if names is None or not wanted or not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        raise BadInput("class_names must be a JSON list of two different texts or more, with classes=label only.")
    if counts is None or len(counts) != len(names) or not all(type(count) is int and count > 0 for count in counts):
        raise BadInput("class_counts must be a JSON list of whole numbers from 1 on, one for each of class_names.")


def _listed(text: str) -> list[Any] | None:
    """A JSON list, empty for no text; None for anything else."""
    try:
        found = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _too_new(schema: int) -> BadInput:
    return BadInput(
        f"schema is {shown(schema)}, but this version reads up to {SCHEMA}: update DCGAN Studio to open this run."
    )


LIVE = those(live=True)
GROUPS = {
    name: those(group=name) for name in ("Networks", "Optimisation", "The game", "Length and what is kept", "Machine")
}
