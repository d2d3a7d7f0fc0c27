"""A small classifier of the data at hand: it names classes, and its last layer gives the features of the distances.

Distances are named after it (`FD-fmnistcnn-v1`) and never "FID": figures of different features can't be compared.
Real pictures and fakes go the same way: uint8 as they are shown, then to one frame of 32 x 32 pixels.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dcgan.errors import BadInput
from dcgan.networks.enlarging import undoing
from dcgan.networks.generator_file import weights_hash

FRAME = 32  # pixels: what the network looks at
NUM_FEATURES = 128
AT_ONCE = 512  # pictures in one pass
FORMAT = 1  # of the file; raised when the network or the frame changes


class About(NamedTuple):
    """What a classifier says about itself; it travels in the file."""

    name: str  # of its features, such as fmnistcnn-v1
    class_names: tuple[str, ...]
    channels: int  # 1 looks at grey, 3 at colour
    border: int  # black pixels around the picture in the frame: 2 for the IDX sets, else 0
    test_accuracy: float  # on held-out real pictures, 0 to 1
    data: str  # what it was trained on, for people
    data_fingerprint: str
    confusion: tuple[tuple[float, ...], ...]  # [k][t]: share of held-out pictures of class t that it names k


class Classifier(nn.Module):
    """Seven convolutions of 3x3 with BatchNorm and ReLU, mean over positions, one linear layer."""

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        shapes = [  # (in, out, stride), on 32, 16, 16, 8, 8, 4, 4 pixels
            *((channels, 24, 1), (24, 48, 2), (48, 48, 1)),
            *((48, 96, 2), (96, 96, 1), (96, 128, 2), (128, NUM_FEATURES, 1)),
        ]
        blocks = []
        for n_in, n_out, stride in shapes:
            conv = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
            blocks += [conv, nn.BatchNorm2d(n_out), nn.ReLU()]
        self.body: nn.Sequential = nn.Sequential(*blocks)
        self.head = nn.Linear(NUM_FEATURES, num_classes)

    def embed(self, x: Tensor) -> Tensor:
        """Framed pictures in [-1, 1], (N, C, 32, 32) -> features, (N, 128), never negative."""
        return self.body(x).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x))  # (N, num_classes) logits


def features(network: Classifier, about: About, pictures: np.ndarray, bordered: bool = False) -> np.ndarray:
    """Pictures uint8 (N, H, W) or (N, H, W, 3) of any size -> float32 (N, 128)."""
    with torch.inference_mode():
        return network.embed(to_input(framed(pictures, about.channels, about.border, bordered))).numpy()


def probabilities(network: Classifier, features: np.ndarray) -> np.ndarray:
    """Features (N, 128) -> float64 (N, num_classes), rows sum to 1."""
    with torch.inference_mode():
        return network.head(torch.from_numpy(features)).double().softmax(1).numpy()


def to_input(x: Tensor) -> Tensor:
    """Framed uint8 (N, C, 32, 32) -> float32 in [-1, 1], channels last, which is the faster order on a CPU."""
    return (x.to(torch.float32) / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def framed(pictures: np.ndarray, channels: int, border: int, bordered: bool = False) -> Tensor:
    """uint8 (N, H, W) or (N, H, W, 3) -> uint8 (N, channels, 32, 32), resized with antialias if they must be.

    With a border of 2, pictures of 28 pixels get it, pictures of 32 are taken to have it (as `data.dataset` prepares
    them), and larger ones become the 28 pixels that, enlarged as there, come closest to them. So a real picture
    prepared at 28, 32, 64 or 128 pixels is, but for rounding, the same to the classifier, and distances at these sizes
    can be compared. What no enlarged original can hold, such as detail finer than its pixels, goes unseen. `bordered`
    ones got their border before they were enlarged, as crop=pad does it.
    """
    assert pictures.dtype == np.uint8 and pictures.ndim in (3, 4), (pictures.dtype, pictures.shape)
    x = torch.tensor(pictures)  # a copy, since the data set's own array is read-only
    x = x[:, None] if x.ndim == 3 else x.permute(0, 3, 1, 2)  # (N, 1 or 3, H, W)
    if x.shape[1] != channels:
        x = grey(x) if channels == 1 else x.expand(-1, 3, -1, -1)
    if x.shape[-1] == FRAME:
        return x
    original = FRAME - 2 * border
    size = FRAME if bordered and x.shape[-1] != original else original  # of what was enlarged
    if border and x.shape[-1] > size:
        back = undoing(size, x.shape[-1])
        x = (back @ x.float() @ back.T).round_().clamp_(0, 255).byte()
    elif x.shape[-1] != size:
        x = F.interpolate(x.float(), (size, size), mode="bilinear", antialias=True).round_().clamp_(0, 255).byte()
    return F.pad(x, ((FRAME - size) // 2,) * 4)


def grey(x: Tensor) -> Tensor:
    """uint8 (N, 3, H, W) -> uint8 (N, 1, H, W), by the weights of ITU-R BT.601 that Pillow takes, too."""
    weights = torch.tensor([0.299, 0.587, 0.114])[:, None, None]
    return (x.float() * weights).sum(1, keepdim=True).round_().byte()


# ---- files


def save_bytes(network: Classifier, about: About) -> bytes:
    """The classifier as one safetensors file."""
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    text = json.dumps(about._asdict() | {"format": FORMAT}, sort_keys=True)
    return to_safetensors(tensors, {"about": text, "hash": _hash(tensors, text)})


def load(path: Path) -> tuple[Classifier, About, str]:
    """The classifier ready to `look`, what it says about itself, and its hash; BadInput if missing or damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (not a dict)
        text = metadata["about"]
        if metadata["hash"] != _hash(tensors, text):
            raise ValueError("its weights don't match their hash")
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise ValueError("it was made by another version")
        values["class_names"] = tuple(values["class_names"])
        values["confusion"] = tuple(tuple(row) for row in values["confusion"])
        about = About(**values)
        with torch.device("meta"):  # draws no random numbers
            network = Classifier(about.channels, len(about.class_names))
        network.load_state_dict(tensors, assign=True)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadInput(f"The classifier {path} can't be used ({error}): train it again.") from error
    return folded(network), about, metadata["hash"]


def folded(network: Classifier) -> Classifier:
    """The same network in eval mode with each BatchNorm inside its convolution: twice as fast; it can't be trained."""
    network = network.eval().requires_grad_(False)
    parts = list(network.body)
    body: list[nn.Module] = []
    for conv, norm in zip(parts[0::3], parts[1::3], strict=True):
        assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        body += [fuse_conv_bn_eval(conv, norm), nn.ReLU(inplace=True)]
    network.body = nn.Sequential(*body)
    return network.to(memory_format=torch.channels_last)


def _hash(tensors: dict[str, Tensor], about: str) -> str:
    return hashlib.sha256(f"{weights_hash(tensors)} {about}".encode()).hexdigest()
