"""How much of a moving picture is made for one request."""

from dataclasses import dataclass
from typing import Final

from dicomweb.problems import not_acceptable
from dicomweb.rendering.parameters import RenderingParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What all frames together may be.

    Parameters
    ----------
    medium
        What they would make, for whoever asks for too much.
    frames
        How many there may be.
    pixels
        How many all of them may have, as they are sent.
    """

    medium: str
    frames: int
    pixels: int

    def require(self, count: int, pixels: int, wanted: RenderingParameters) -> None:
        """Demand that an image is not too much.

        Parameters
        ----------
        count
            Of its frames.
        pixels
            Of each, as stored.
        wanted
            A viewport makes them smaller.

        Raises
        ------
        Problem
            It is too much (406).
        """
        if wanted.viewport is not None:
            pixels = min(pixels, wanted.viewport.width * wanted.viewport.height)
        if count > self.frames or count * pixels > self.pixels:
            raise not_acceptable(f"All frames together are too much for one {self.medium}; ask for a smaller viewport.")


ANIMATION: Final = Bounds(medium="moving picture", frames=2_000, pixels=64_000_000)
# About half a minute of work.
VIDEO: Final = Bounds(medium="video", frames=10_000, pixels=256_000_000)
