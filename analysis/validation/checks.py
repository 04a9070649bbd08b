"""All checks of a run's objects."""

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset

from analysis.errors import InvalidResult
from analysis.validation.attributes import differing_attributes, missing_attributes
from analysis.validation.readable import encode, unreadable
from analysis.validation.references import inconsistent_frames, invalid_uids, unresolved_references
from analysis.validation.templates import template_violations


def validate(objects: Sequence[Dataset], images: Sequence[Dataset]) -> list[bytes]:
    """Check the objects of one run before any of them is stored.

    Parameters
    ----------
    objects
        Reports and segmentations.
    images
        Headers of the images they were made from.

    Returns
    -------
    list of bytes
        The objects as Part 10 files: what was checked is what has to be stored.

    Raises
    ------
    InvalidResult
        With everything that is wrong.
    """
    reasons = list(dict.fromkeys(_reasons(objects, images)))
    if reasons:
        raise InvalidResult(reasons)
    encoded = [encode(ds) for ds in objects]
    for ds, data in zip(objects, encoded, strict=True):
        reasons.extend(unreadable(ds, data))
    if reasons:
        raise InvalidResult(reasons)
    return encoded


def _reasons(objects: Sequence[Dataset], images: Sequence[Dataset]) -> Iterator[str]:
    segmentations = {str(ds.SOPInstanceUID): ds for ds in objects if ds.get("Modality") == "SEG"}
    inputs = {str(image.SOPInstanceUID) for image in images}
    for ds in objects:
        missing = list(missing_attributes(ds))
        yield from missing
        if missing:
            # The other checks take the attributes for granted.
            continue
        yield from invalid_uids(ds)
        yield from differing_attributes(ds, images[0])
        if ds.Modality == "SR":
            yield from template_violations(ds)
            yield from unresolved_references(ds, inputs, segmentations)
        else:
            yield from inconsistent_frames(ds)
