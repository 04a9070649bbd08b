"""Branching tubes (vessels, airways) as chains of balls, painted slice by slice."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Balls:
    """Ball centres in patient mm, shape (n, 3), and their radii in mm, shape (n,)."""

    centres_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]

    def crossing(self, z_mm: float) -> Iterator[tuple[float, float, float]]:
        """Yield (x, y, radius) in mm of the discs that the plane at `z_mm` cuts."""
        distance = np.abs(self.centres_mm[:, 2] - z_mm)
        for index in np.nonzero(distance < self.radii_mm)[0]:
            radius = float(np.sqrt(self.radii_mm[index] ** 2 - distance[index] ** 2))
            yield float(self.centres_mm[index, 0]), float(self.centres_mm[index, 1]), radius


def chain(start: NDArray[np.float64], end: NDArray[np.float64], radius_mm: float, end_radius_mm: float) -> Balls:
    """Fill the straight tube from `start` to `end` with balls half a radius apart."""
    steps = max(2, int(np.linalg.norm(end - start) / max(end_radius_mm * 0.5, 0.4)))
    along = np.linspace(0.0, 1.0, steps)[:, None]
    return Balls(
        centres_mm=start + (end - start) * along,
        radii_mm=(radius_mm + (end_radius_mm - radius_mm) * along[:, 0]),
    )


def join(parts: list[Balls]) -> Balls:
    """Put several chains into one."""
    return Balls(
        centres_mm=np.concatenate([part.centres_mm for part in parts]),
        radii_mm=np.concatenate([part.radii_mm for part in parts]),
    )


def grow_tree(
    rng: np.random.Generator,
    *,
    root_mm: tuple[float, float, float],
    direction: tuple[float, float, float],
    radius_mm: float,
    generations: int,
) -> Balls:
    """Grow a tree: each branch ends in two thinner and shorter ones, spread at random."""
    parts: list[Balls] = []
    heading = np.asarray(direction, dtype=np.float64)
    tips = [(np.asarray(root_mm, dtype=np.float64), heading / np.linalg.norm(heading), radius_mm, 7.0 * radius_mm)]
    for _ in range(generations):
        grown = []
        for start, towards, radius, length in tips:
            end = start + towards * length
            parts.append(chain(start, end, radius, radius * 0.8))
            for _ in range(2):
                turned = towards + rng.normal(0.0, 0.45, 3)
                grown.append((end, turned / np.linalg.norm(turned), radius * 0.76, length * 0.84))
        tips = grown
    return join(parts)


def paint(image: Floats, balls: Balls, *, z_mm: float, pixel_mm: float, hu: float, inside: Mask | None = None) -> None:
    """Set `hu` in every disc that the plane at `z_mm` cuts (only where `inside`, if given)."""
    size = image.shape[0]
    middle = (size - 1) / 2.0
    for x_mm, y_mm, radius_mm in balls.crossing(z_mm):
        column, row, reach = x_mm / pixel_mm + middle, y_mm / pixel_mm + middle, radius_mm / pixel_mm
        top, bottom = max(0, int(row - reach)), min(size, int(row + reach) + 2)
        left, right = max(0, int(column - reach)), min(size, int(column + reach) + 2)
        if top >= bottom or left >= right:
            continue
        rows = np.arange(top, bottom)[:, None] - row
        columns = np.arange(left, right)[None, :] - column
        disc = rows**2 + columns**2 <= max(reach, 0.5) ** 2
        if inside is not None:
            disc &= inside[top:bottom, left:right]
        image[top:bottom, left:right][disc] = hu
