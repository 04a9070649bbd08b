"""PNG files that are written here are read by others, sample for sample."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dicomweb.rendering.png import encode_png

_RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (33, 47), (1, 1, 3), (5, 1, 3), (33, 47, 3)])
@pytest.mark.parametrize("flat", [True, False])
def test_a_picture_is_read_back_as_it_was(shape: tuple[int, ...], *, flat: bool) -> None:
    samples: Any = np.full(shape, 200, np.uint8) if flat else _RANDOM.integers(0, 256, shape, np.uint8)
    with Image.open(BytesIO(encode_png(samples))) as opened:
        opened.verify()
    with Image.open(BytesIO(encode_png(samples))) as opened:
        assert opened.mode == ("L" if len(shape) == 2 else "RGB")
        assert np.array_equal(np.asarray(opened), samples)
