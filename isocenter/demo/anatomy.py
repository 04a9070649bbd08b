# ruff: noqa: PLR2004 (the formulas are the anatomy: a name for each radius would hide the shape)
"""A chest in Hounsfield units, described by formulas in patient coordinates (LPS, mm).

The chest is 120 mm high whatever the number of slices, so that a test can have the same anatomy in few slices.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from isocenter.demo.branches import Balls, Floats, Mask, chain, grow_tree, join, paint

HEIGHT_MM = 120.0
FIELD_OF_VIEW_MM = 350.0
APEX_MM, BASE_MM = 54.0, -52.0
NODULE_CENTRE_MM = (-78.0, -22.0, 14.0)
NODULE_RADIUS_MM = 6.0

_AIR, _FAT, _MUSCLE, _BLOOD, _LIVER = -1000.0, -105.0, 55.0, 42.0, 62.0
_PARENCHYMA, _EMPHYSEMA = -860.0, -975.0
_CARINA_MM = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One axial slice: CT numbers and which pixels are lung (airways of the first two generations are not)."""

    z_mm: float
    hounsfield: Floats
    right_lung: Mask
    left_lung: Mask


class Chest:
    """The phantom's anatomy on a square grid.

    Parameters
    ----------
    slices, size
        Number of slices, and rows (= columns) of each.
    seed
        Decides vessels, texture and noise; the same seed gives the same voxels.
    """

    def __init__(self, *, slices: int, size: int, seed: int) -> None:
        self.slices = slices
        self.size = size
        self.seed = seed
        self.spacing_mm = HEIGHT_MM / slices
        self.pixel_mm = FIELD_OF_VIEW_MM / size
        axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2.0) * np.float32(self.pixel_mm)
        self._x, self._y = axis[None, :], axis[:, None]

    def z_mm(self, index: int) -> float:
        """Give the height of slice `index`; the first one is the topmost."""
        return HEIGHT_MM / 2 - (index + 0.5) * self.spacing_mm

    def section(self, index: int) -> Section:
        """Compute one slice."""
        z_mm = self.z_mm(index)
        rng = np.random.default_rng([self.seed, 7, index])
        image = self._base.copy()
        self._bones(image, z_mm)
        right, left = self._lungs(image, z_mm)
        lung = right | left
        image[lung] = self._parenchyma(z_mm)[lung]
        paint(image, self._vessels, z_mm=z_mm, pixel_mm=self.pixel_mm, hu=_BLOOD, inside=lung)
        self._nodule(image, z_mm)
        wall, lumen = self._airways
        paint(image, wall, z_mm=z_mm, pixel_mm=self.pixel_mm, hu=30.0)
        no_airway = image.copy()
        paint(image, lumen, z_mm=z_mm, pixel_mm=self.pixel_mm, hu=-990.0)
        airway = image != no_airway
        image = gaussian_filter(image, 0.6) + self._noise(rng)
        return Section(z_mm=z_mm, hounsfield=np.rint(image), right_lung=right & ~airway, left_lung=left & ~airway)

    def _ellipse(self, centre: tuple[float, float], half_axes: tuple[float, float]) -> Floats:
        """Give the squared elliptical radius: below 1 is inside."""
        return ((self._x - centre[0]) / half_axes[0]) ** 2 + ((self._y - centre[1]) / half_axes[1]) ** 2

    @cached_property
    def _cage(self) -> Floats:
        return np.sqrt(self._ellipse((0.0, 0.0), (126.0, 86.0)))

    @cached_property
    def _base(self) -> Floats:
        """Everything that is the same in all slices: table, skin, fat, muscle, mediastinum."""
        image = np.full((self.size, self.size), _AIR, dtype=np.float32)
        body = np.abs(self._x / 155.0) ** 2.4 + np.abs(self._y / 105.0) ** 2.4
        image[body < 1.0] = _FAT
        image[body < 0.80] = _MUSCLE
        image[self._cage < 0.93] = 15.0  # mediastinal fat and vessels, mixed
        couch = np.abs(self._y - 118.0 + (self._x / 42.0) ** 2)
        image[(couch < 1.5) & (np.abs(self._x) < 150.0) & (body >= 1.0)] = -300.0
        return image

    def _bones(self, image: Floats, z_mm: float) -> None:
        """Ribs (sloping towards the front), sternum, vertebrae with discs, descending aorta."""
        phase = ((z_mm - 0.35 * self._y) / 22.0) % 1.0
        shell = np.abs(self._cage - 0.99)
        rib = (shell < 0.035) & (phase < 0.42)
        image[rib] = 320.0
        image[rib & ((shell > 0.022) | (np.abs(phase - 0.21) > 0.16))] = 700.0
        image[self._ellipse((0.0, -82.0), (17.0, 5.0)) < 1.0] = 380.0
        vertebra = self._ellipse((0.0, 52.0), (18.0, 14.0))
        disc = (z_mm / 24.0) % 1.0 < 0.2
        image[vertebra < 1.0] = 95.0 if disc else 620.0
        image[vertebra < 0.78] = 80.0 if disc else 170.0
        image[self._ellipse((0.0, 82.0), (4.0, 14.0)) < 1.0] = 450.0
        image[self._ellipse((0.0, 74.0), (9.0, 8.0)) < 1.0] = 28.0
        image[self._ellipse((25.0, 44.0), (11.0, 11.0)) < 1.0] = _BLOOD

    def _lungs(self, image: Floats, z_mm: float) -> tuple[Mask, Mask]:
        """Place lungs, heart, liver and stomach; give the lungs' masks."""
        shrink = float(np.sqrt(max(0.0, 1.0 - max(0.0, (z_mm + 30.0) / (APEX_MM + 30.0)) ** 2)))
        heart = self._ellipse((17.0, -26.0), (46.0, 38.0)) + ((z_mm + 22.0) / 40.0) ** 2 < 1.0
        aorta = self._ellipse((25.0, 44.0), (12.5, 12.5)) < 1.0
        masks = []
        for side, width, below in ((-1.0, 52.0, _LIVER), (1.0, 48.0, 45.0)):
            centre = side * (66.0 - 18.0 * (1.0 - shrink))
            if shrink == 0.0:
                masks.append(np.zeros_like(heart))
                continue
            radius = self._ellipse((centre, 2.0), (width * shrink, 74.0 * shrink))
            cavity = (radius < 1.0) & (self._cage < 0.925) & ~aorta
            dome = BASE_MM + 30.0 * np.maximum(0.0, 1.0 - radius)
            image[cavity & (z_mm <= dome)] = below
            masks.append(cavity & (z_mm > dome) & ~heart)
        image[heart] = _BLOOD
        return masks[0], masks[1]

    @cached_property
    def _coarse(self) -> NDArray[np.float32]:
        """Smooth random field on a coarse grid, (layers, 64, 64), standard deviation about 1."""
        rng = np.random.default_rng([self.seed, 1])
        field = gaussian_filter(rng.standard_normal((32, 64, 64)), 1.2)
        return np.asarray(field / field.std(), dtype=np.float32)

    @cached_property
    def _upsampling(self) -> Floats:
        """Matrix (size, 64) that interpolates linearly from the coarse grid to the image grid."""
        position = np.linspace(0.0, 63.0, self.size)
        return np.maximum(0.0, 1.0 - np.abs(position[:, None] - np.arange(64)[None, :])).astype(np.float32)

    def _parenchyma(self, z_mm: float) -> Floats:
        """Lung tissue: denser at the back (gravity), cloudy, with emphysematous holes towards the top."""
        layer = (z_mm + HEIGHT_MM / 2) / HEIGHT_MM * 31.0
        low = min(30, int(layer))
        share = np.float32(layer - low)
        coarse = self._coarse[low] * (1 - share) + self._coarse[low + 1] * share
        texture = self._upsampling @ coarse @ self._upsampling.T
        tissue = _PARENCHYMA + 0.45 * self._y + 18.0 * texture
        return np.asarray(np.where(texture > 2.2 - 0.01 * z_mm, _EMPHYSEMA, tissue), dtype=np.float32)

    @cached_property
    def _vessels(self) -> Balls:
        rng = np.random.default_rng([self.seed, 2])
        trees = []
        for side in (-1.0, 1.0):
            for forward, upward in ((-0.6, 0.7), (0.7, 0.6), (0.1, 0.1), (-0.5, -0.6), (0.6, -0.6)):
                root = (side * 26.0, 12.0 * forward, 4.0 + 6.0 * upward)
                heading = (side * 0.8, forward, upward)
                trees.append(grow_tree(rng, root_mm=root, direction=heading, radius_mm=3.4, generations=7))
        return join(trees)

    @cached_property
    def _airways(self) -> tuple[Balls, Balls]:
        """Trachea and main bronchi as (walls, lumina)."""
        carina = np.array([0.0, 20.0, _CARINA_MM])
        lumen = [chain(np.array([0.0, 18.0, HEIGHT_MM]), carina, 8.0, 8.0)]
        for side in (-1.0, 1.0):
            hilum = np.array([side * 34.0, 16.0, _CARINA_MM - 18.0])
            lumen += [
                chain(carina, hilum, 6.0, 4.5),
                chain(hilum, hilum + np.array([side * 14.0, 4.0, -12.0]), 4.0, 3.0),
            ]
        lumina = join(lumen)
        return Balls(centres_mm=lumina.centres_mm, radii_mm=lumina.radii_mm + 1.6), lumina

    def _nodule(self, image: Floats, z_mm: float) -> None:
        """Put a solid nodule with a slightly lobulated edge into the right upper lobe."""
        x, y, z = NODULE_CENTRE_MM
        angle = np.arctan2(self._y - y, self._x - x)
        edge = NODULE_RADIUS_MM * (1.0 + 0.08 * np.cos(5.0 * angle))
        image[(self._x - x) ** 2 + (self._y - y) ** 2 + (z_mm - z) ** 2 < edge**2] = 35.0

    def _noise(self, rng: np.random.Generator) -> Floats:
        grain = rng.standard_normal((self.size, self.size), dtype=np.float32)
        return np.asarray(gaussian_filter(grain, 0.7) * np.float32(24.0), dtype=np.float32)
