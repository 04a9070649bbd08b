"""Studies that a viewer must show: real ones that pydicom brings along, and generated ones with known contents."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from tests.acceptance.peers.objects import ct_slice, part10

LETTER = "Discharge letter"
_COMPUTED_RADIOGRAPHY = "1.2.840.10008.5.1.4.1.1.1"
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_PIXELS = (
    *("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel"),
    *("PhotometricInterpretation", "PixelData"),
)


@dataclass(frozen=True, kw_only=True)
class Viewed:
    """One file and the study that it is."""

    content: bytes
    study_uid: str


def packaged(name: str) -> Viewed:
    """Give a file of pydicom."""
    path = get_testdata_file(name)
    assert isinstance(path, str)
    study_uid = dcmread(path, stop_before_pixels=True).StudyInstanceUID
    return Viewed(content=Path(path).read_bytes(), study_uid=str(study_uid))


def radiograph() -> Viewed:
    """Draw a CR: MONOCHROME1, two lungs of low values, which are shown bright, in a body of high ones."""
    row, column = np.mgrid[0:512, 0:400]
    lungs = [((column - middle) / 70) ** 2 + ((row - 260) / 170) ** 2 < 1 for middle in (120, 280)]
    samples = (2000 + row - 1200 * (lungs[0] | lungs[1])).astype("<u2")
    return _viewed(
        ct_slice(
            SOPClassUID=_COMPUTED_RADIOGRAPHY,
            Modality="CR",
            PatientName="Viewed^Radiograph",
            PatientID="CR-1",
            BodyPartExamined="CHEST",
            ViewPosition="PA",
            PatientOrientation=["L", "F"],
            ImagerPixelSpacing=[0.5, 0.5],
            PhotometricInterpretation="MONOCHROME1",
            BitsStored=12,
            HighBit=11,
            Rows=512,
            Columns=400,
            PixelData=samples.tobytes(),
        )
    )


def document() -> Viewed:
    """Encapsulate a PDF of one page, large enough that metadata refers to it."""
    pdf = _pdf(f"BT /F1 36 Tf 60 700 Td ({LETTER}) Tj ET 0.8 0.1 0.1 rg 60 300 400 300 re f")
    return _viewed(
        ct_slice(
            **dict.fromkeys(_PIXELS),
            SOPClassUID=_ENCAPSULATED_PDF,
            Modality="DOC",
            PatientName="Viewed^Document",
            PatientID="DOC-1",
            SeriesDescription="Letter",
            ConversionType="WSD",
            BurnedInAnnotation="YES",
            DocumentTitle=LETTER,
            MIMETypeOfEncapsulatedDocument="application/pdf",
            EncapsulatedDocumentLength=len(pdf),
            EncapsulatedDocument=pdf + bytes(len(pdf) % 2),
        )
    )


def _viewed(ds: Dataset) -> Viewed:
    return Viewed(content=part10(ds), study_uid=str(ds.StudyInstanceUID))


def _pdf(drawing: str) -> bytes:
    """Write a PDF by hand: its objects, the table of their places, and where that is."""
    objects = (
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(drawing)}>>\nstream\n{drawing}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    written = "%PDF-1.4\n%" + "x" * 100_000 + "\n"
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    trailer = f"trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{len(written)}\n%%EOF\n"
    return f"{written}xref\n0 {count}\n0000000000 65535 f \n{table}{trailer}".encode()
