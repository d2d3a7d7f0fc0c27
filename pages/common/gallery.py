"""Rows of small pictures with a line under each; they wrap on narrow screens and stay crisp."""

import base64
import html
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

CSS = """
<style>
.gallery { display: grid; gap: 0.7rem; align-items: start; }
.gallery figure { margin: 0; min-width: 0; }
.gallery img { display: block; border-radius: 0.35rem; height: auto; }
.gallery img + img { margin-top: 3px; }
.gallery figcaption {
  font-size: 0.8rem; line-height: 1.35; margin-top: 0.3rem; text-align: center; opacity: 0.75;
  font-variant-numeric: tabular-nums;
}
.gallery.titled figcaption { text-align: left; }
.gallery b { font-weight: 600; }
@media (max-width: 640px) { .gallery { grid-template-columns: repeat(var(--phone), minmax(0, 1fr)) !important; } }
</style>
"""


class Card(NamedTuple):
    pictures: Sequence[np.ndarray]  # one under the other, each uint8 (H, W) or (H, W, 3)
    caption: str = ""
    title: str = ""  # in bold before the caption
    alt: str = ""


def gallery(cards: Sequence[Card], columns: int, phone: int = 4) -> None:
    """Draw cards in `columns` columns, or `phone` on a narrow screen; captions are plain text."""
    figures = "".join(_figure(card) for card in cards)
    kind = "gallery titled" if any(card.title for card in cards) else "gallery"
    style = f"grid-template-columns: repeat({columns}, minmax(0, 1fr)); --phone: {phone}"
    st.html(f'{CSS}<div class="{kind}" style="{style}">{figures}</div>')


def _figure(card: Card) -> str:
    images = "".join(
        f'<img class="pixels" src="{picture_address(picture)}" alt="{html.escape(card.alt)}">'
        for picture in card.pictures
    )
    title = f"<b>{html.escape(card.title)}</b><br>" if card.title else ""
    caption = f"<figcaption>{title}{html.escape(card.caption)}</figcaption>" if card.caption or title else ""
    return f"<figure>{images}{caption}</figure>"


def picture_address(picture: np.ndarray) -> str:
    """One picture as a data address that an image element can show."""
    from dcgan.images.encode import png_bytes

    return "data:image/png;base64," + base64.b64encode(png_bytes(picture)).decode()
