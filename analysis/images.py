"""Which series are images that a model could look at."""

from analysis.analyzers import SeriesDescription

# Storage classes with pixel data that are no images of the patient: segmentations, maps, doses, wave forms, documents.
_NOT_IMAGES_OF_PATIENTS = (
    "1.2.840.10008.5.1.4.1.1.11",  # presentation states
    "1.2.840.10008.5.1.4.1.1.30",  # parametric maps
    "1.2.840.10008.5.1.4.1.1.66",  # raw data, registrations, segmentations
    "1.2.840.10008.5.1.4.1.1.67",  # real world value mapping
    "1.2.840.10008.5.1.4.1.1.68",  # surfaces
    "1.2.840.10008.5.1.4.1.1.88",  # structured reports, key objects
    "1.2.840.10008.5.1.4.1.1.9",  # wave forms
    "1.2.840.10008.5.1.4.1.1.104",  # encapsulated documents
    "1.2.840.10008.5.1.4.1.1.481",  # radiotherapy
    "1.2.840.10008.5.1.4.1.1.200",  # tractography, volumes of others
)


def is_image(series: SeriesDescription) -> bool:
    """Whether every instance is an image of the patient, and not a localizer."""
    return not why_no_image(series)


def why_no_image(series: SeriesDescription) -> str:
    """Say why a series holds nothing to analyse; empty if it may."""
    for uid in sorted(series.sop_class_uids):
        if any(uid == root or uid.startswith(f"{root}.") for root in _NOT_IMAGES_OF_PATIENTS):
            return "the series holds no images"
    if "LOCALIZER" in {part.upper() for part in series.image_type}:
        return "localizer"
    if not series.sop_class_uids or series.instances == 0:
        return "the series is empty"
    return ""
