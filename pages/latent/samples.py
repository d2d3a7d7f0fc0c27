"""Samples that a person picks, each a seed or the code of a z: short text that an address can hold."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.common import address
from pages.latent.view import MAX_SEED, NO_DIRECTIONS, Directions, View, z_of

if TYPE_CHECKING:
    import torch

    from dcgan.config import Config
    from dcgan.networks.models import Generator
    from pages.common.loading import Opened

MOST = 36  # in one address


def token_of(view: View, generator: "Generator", directions: Directions = NO_DIRECTIONS) -> str:
    """A view as a sample: `12` for a plain seed, else `z` and the code of its z."""
    from dcgan.latent.codes import code_of

    plain = View()
    seen = dataclasses.replace(
        view, distance=plain.distance, around=plain.around, locked=()
    )  # what decides the picture
    return str(view.seed) if seen == View(view.seed) else f"z{code_of(z_of(view, generator, directions))}"


def view_of(token: str) -> View:
    """The view that shows a sample and nothing else."""
    return View(z=token[1:]) if token.startswith("z") else View(int(token))


def fitting(tokens: list[str], config: "Config") -> list[str]:
    """The samples that this model can draw: a code has its number of dimensions, a seed always fits."""
    from dcgan.latent.codes import z_of_code

    return [token for token in tokens if token[0] != "z" or z_of_code(token[1:], config.z_dim) is not None]


def z_of_tokens(tokens: list[str], generator: "Generator") -> "torch.Tensor":
    """The samples' z, (N, z_dim)."""
    import torch

    z = [z_of(view_of(token), generator) for token in tokens]
    return torch.stack(z) if z else torch.empty(0, generator.config.z_dim)


def pictures_of(opened: "Opened", tokens: list[str]) -> np.ndarray:
    """The samples' pictures, uint8 (N, H, W) or (N, H, W, 3), made once for these weights."""
    return _pictures(opened.weights_hash, tuple(tokens), opened)


@st.cache_data(max_entries=64, show_spinner=False)
def _pictures(weights_hash: str, tokens: tuple[str, ...], _opened: "Opened") -> np.ndarray:
    from dcgan.latent.render import render

    return render(_opened.generator, z_of_tokens(list(tokens), _opened.generator))


def written(tokens: list[str]) -> str | None:
    """Samples as a URL parameter; None for none."""
    return ".".join(tokens[:MOST]) or None


def read(text: str) -> list[str]:
    """What `written` wrote, each sample once; odd parts are left out."""
    return list(dict.fromkeys(part for part in text.split(".")[:MOST] if _good(part)))


def _good(token: str) -> bool:
    if token.startswith("z"):
        from dcgan.latent.codes import z_of_code

        return z_of_code(token[1:]) is not None
    seed = address.read_whole(token)
    return seed is not None and seed <= MAX_SEED and str(seed) == token
