"""Shades that are looked up are those that each pixel would have been given by itself."""

from typing import Any

import numpy as np
import pytest

from dicomweb.rendering.shade_tables import ShadeTables

Array = np.ndarray[Any, Any]
_RANDOM = np.random.default_rng(7)


def shades_of(values: Array) -> Array:
    return (values.astype(np.int64) * 7 >> 3 & 0xFF).astype(np.uint8)


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", "<i2", ">i2"])
def test_each_pixel_has_the_shade_of_its_value(dtype: str) -> None:
    tables = ShadeTables()
    limits = np.iinfo(dtype)
    for divisor in (100, 3, 1, 1000):
        low, high = int(limits.min) // divisor, int(limits.max) // divisor
        samples: Array = _RANDOM.integers(low, high, (130, 257), endpoint=True).astype(dtype)
        for key in (None, "one way", "another"):
            assert np.array_equal(tables.look_up(samples, shades_of, key), shades_of(samples))
        turned = samples.T
        assert np.array_equal(tables.look_up(turned, shades_of, "one way"), shades_of(turned))


def test_a_series_is_worked_out_once() -> None:
    tables, asked = ShadeTables(), []

    def counted(values: Array) -> Array:
        asked.append((int(values[0]), int(values[-1])))
        return shades_of(values)

    for low, high in ((10, 20), (12, 18), (5, 15), (6, 20)):
        samples: Array = np.linspace(low, high, 50).astype(np.int16)
        assert np.array_equal(tables.look_up(samples, counted, "window"), shades_of(samples))
    assert asked == [(10, 20), (5, 20)]


def test_only_so_many_ways_are_remembered() -> None:
    tables = ShadeTables()
    samples: Array = np.arange(4, dtype=np.uint16)
    for key in range(1000):
        tables.look_up(samples, shades_of, key)
    assert len(tables._known) <= 64
