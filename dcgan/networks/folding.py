"""A trained generator without its BatchNorm layers: in eval mode they only scale and shift, which a convolution can."""

import copy
import weakref

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from dcgan.networks.models import Generator

_folded: "weakref.WeakKeyDictionary[Generator, tuple[int, Generator]]" = weakref.WeakKeyDictionary()


def folded(generator: Generator) -> Generator:
    """The same function with less work: each BatchNorm behind a transposed convolution is folded into its weights.

    Worked out once for the generator's present weights and kept as long as it lives; eval mode, channels last.
    """
    version = sum(tensor._version for tensor in generator.state_dict(keep_vars=True).values())
    known = _folded.get(generator)
    if known is None or known[0] != version:
        known = version, _fold(generator)
        _folded[generator] = known
    return known[1]


def _fold(generator: Generator) -> Generator:
    whole = copy.deepcopy(generator).eval().requires_grad_(False)
    whole.blocks = nn.Sequential(*[_fold_block(block) for block in whole.blocks])
    return whole


def _fold_block(block: nn.Module) -> nn.Sequential:
    layers: list[nn.Module] = []
    for layer in block.children():
        if isinstance(layer, nn.BatchNorm2d) and layers and isinstance(layers[-1], nn.ConvTranspose2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer, transpose=True)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)
