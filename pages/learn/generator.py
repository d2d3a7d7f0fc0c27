"""Screen 2: what G does to z, layer by layer."""

import streamlit as st

from pages.common import address, glossary
from pages.common.gallery import Card, gallery
from pages.learn.scene import Scene
from pages.learn.tiles import busiest_maps, z_tile

SEED_KEY = "learn-seed"
MAPS = 16
MAX_SEED = 2**32 - 1


def draw(scene: Scene) -> None:
    mark = glossary.marker()
    st.markdown(
        mark(
            "G begins with numbers that mean nothing yet and paints in rounds. Each round **doubles the size and "
            "halves the number of maps**: the coarse layout first, then shapes, the fine texture last."
        )
    )
    if scene.generator is None:
        st.info("With a trained generator, this is where its own layers are seen at work.", icon=":material/layers:")
    else:
        _stages(scene, _pick_seed(scene))
    a, b, c = st.columns(3, gap="medium")
    a.markdown(
        mark(
            "**Transposed convolution.** Every value of a map presses a stamp of 4×4 weights onto a finer sheet, two "
            "pixels apart. Overlapping stamps add up. The stamps are what G learns."
        )
    )
    b.markdown(
        mark(
            "**BatchNorm and ReLU.** BatchNorm brings each map back to a common scale, so that no layer shouts the "
            "others down. ReLU cuts off all below zero: where a tile is black, that map has nothing to add."
        )
    )
    c.markdown(
        mark(
            "**tanh.** The last layer squeezes every pixel between −1, black, and 1, white: the same range in which D "
            "is shown the real pictures."
        )
    )


def _pick_seed(scene: Scene) -> int:
    if address.just_arrived(SEED_KEY):
        st.session_state[SEED_KEY] = address.whole(st.query_params.to_dict(), "seed", 0, MAX_SEED, otherwise=7)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = int(
            st.number_input(
                "Seed of z",
                0,
                MAX_SEED,
                st.session_state[SEED_KEY],
                step=1,
                key=SEED_KEY,
                width=180,
                help=glossary.says("seed"),
            )
        )
        st.button("Another z", icon=":material/casino:", on_click=_next_seed)
        params = {"seed": str(seed), "axes": "dimensions"} | ({"run": scene.run.id} if scene.run else {})
        st.page_link(
            "pages/latent/explore.py", label="Turn its numbers by hand", icon=":material/tune:", query_params=params
        )
    address.write({"seed": str(seed)})
    return seed


def _next_seed() -> None:
    st.session_state[SEED_KEY] = (int(st.session_state[SEED_KEY]) + 1) % (MAX_SEED + 1)


def _stages(scene: Scene, seed: int) -> None:
    """One card for z, one for each block, the picture last."""
    from dcgan.images.grids import to_uint8
    from dcgan.latent.class_centres import z_of
    from dcgan.networks.inspection import feature_maps

    assert scene.generator is not None
    config = scene.config
    z = z_of(scene.generator, [seed])[0]
    *hidden, picture = feature_maps(scene.generator, z[None])
    cards = [Card([z_tile(z)], f"{config.z_dim} random numbers, mid grey is 0", "z", alt="z as grey squares")]
    for maps in hidden:
        channels, size = maps.shape[1], maps.shape[2]
        caption = f"{channels} maps, {min(MAPS, channels)} shown"
        cards.append(
            Card([busiest_maps(maps[0], MAPS)], caption, f"{size}×{size}", alt=f"Feature maps of {size} pixels")
        )
    size = config.image_size
    caption = "the picture" if config.channels == 1 else "the picture: 3 maps, red, green, blue"
    cards.append(Card([to_uint8(picture.numpy())[0]], caption, f"{size}×{size}", alt="The picture"))
    gallery(cards, columns=len(cards), phone=2)
    st.caption(
        "Each tile is one map, stretched to its own black and white; of each layer the 16 that vary most are shown."
    )
