"""Objects in another transfer syntax as pydicom reads them, and how they differ from what they were."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import Dataset, config, dcmread
from pydicom.filereader import read_dataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from archive.decoding import DecodingPool
from archive.transcoding import transcode
from tests.archive.dicom_files import offset_of, packaged, syntax_of

LOSSY_COLOUR = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81"}
# Cut off, in another encoding than they say, or with pixel data that is not described.
BROKEN = {
    "MR_truncated.dcm",
    "rtplan_truncated.dcm",
    "SC_rgb_jpeg.dcm",
    "badVR.dcm",
    "nested_priv_SQ.dcm",
    "UN_sequence.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
}
FILES = [path for path in packaged() if path.name not in BROKEN]


@contextmanager
def tolerant() -> Iterator[None]:
    """Let pydicom read what is wrong in its own files without a word."""
    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    config.settings.reading_validation_mode = mode


def converted(path: Path, target: str, pool: DecodingPool) -> Dataset:
    """Give a file in the transfer syntax `target`."""
    data = transcode(path, offset_of(path), syntax_of(path), target, decoder=pool, encoder=pool)
    found = read_dataset(BytesIO(data), is_implicit_VR=target == ImplicitVRLittleEndian, is_little_endian=True)
    whole = Dataset(found)
    whole.file_meta = dcmread(path, stop_before_pixels=True).file_meta
    whole.file_meta.TransferSyntaxUID = UID(target)
    return whole


def samples(ds: Dataset) -> Any:
    """Give the pixels; None where there are none."""
    return ds.pixel_array if "PixelData" in ds or "FloatPixelData" in ds else None


def differences(before: Dataset, after: Dataset) -> list[str]:
    """Name the elements whose values are not the same; pixels and what describes them are compared elsewhere."""
    found = []
    for element in before:
        if element.tag.group == 0x7FE0 or element.tag.element == 0 or element.keyword == "PhotometricInterpretation":
            continue
        other = after.get(element.tag)
        if other is None or (element.VR == "SQ" and len(element.value) != len(other.value)):
            found.append(str(element.tag))
        elif element.VR == "SQ":
            found += [one for pair in zip(element.value, other.value, strict=True) for one in differences(*pair)]
        # Of private attributes implicit VR does not tell what they are.
        elif (
            not element.tag.is_private and "UN" not in {element.VR, other.VR} and str(element.value) != str(other.value)
        ):
            found.append(f"{element.tag}: {element.value!r:.40} is {other.value!r:.40}")
    return found
