"""Pictures that annotate others, told from classes that are called so."""

import pytest

from dcgan.data.layout import layout_of
from dcgan.data.masks import masks_among


@pytest.mark.parametrize(
    "picture,mask",
    [
        ("images/1.jpg", "masks/1.png"),
        ("set/images/1.jpg", "set/annotations/trimaps/1.png"),
        ("JPEGImages/1.jpg", "SegmentationClass/1.png"),
        ("train/images/1.jpg", "train/labels/1.png"),
        ("images/train/1.jpg", "masks/train/1.png"),
        ("imgs/a_1.jpg", "masks/a_1_mask.gif"),
        ("benign (1).png", "benign (1)_mask.png"),
        ("cats/1.png", "cats/1_seg_2.png"),
        ("1.tif", "1-GT.tif"),
    ],
)
def test_a_mask_lies_beside_its_picture(picture, mask):
    assert masks_among([picture, mask]) == {mask}
    found = layout_of([picture, mask])
    assert found.masks == {mask} and set(found.classes) == {picture}


@pytest.mark.parametrize(
    "names",
    [
        ["mask/1.png", "no_mask/1.png"],  # faces with and without one
        ["masks/1.png", "masks/2.png"],
        ["images/1.png", "masks/2.png"],
        ["cat_mask.png", "dog.png"],
        ["label/1.png", "cats/1.png"],
        ["images/1.png", "images/2.png"],
    ],
)
def test_what_has_no_picture_beside_it_is_no_mask(names):
    assert masks_among(names) == set() and set(layout_of(names).classes) == set(names)
