"""What every screen of the story is told with: a run, its generator, its real pictures."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.runs.run import Run
from pages.common.words import sentence
from pages.learn.tiles import real_sample

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

GOODFELLOW = "[Goodfellow et al. 2014](https://arxiv.org/abs/1406.2661)"
RADFORD = "[Radford et al. 2016](https://arxiv.org/abs/1511.06434)"


class Scene(NamedTuple):
    run: Run | None
    config: Config
    generator: "Generator | None"

    def real(self, n: int) -> np.ndarray | None:
        """n real pictures, or None, with a word on the page, where the data isn't here any more."""
        try:
            return real_sample(self.config.to_json(), n)
        except BadInput as error:
            st.info(f"Real pictures can't be shown: {sentence(error.on_page)}", icon=":material/hide_image:")
            return None
