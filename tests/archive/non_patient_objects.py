"""Data sets that belong to no patient: a hanging protocol, a colour palette, and one of every other kind."""

from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from archive.ingest import Archive, Part10Spool, Stored
from archive.origin import Origin, OriginKind

HANGING_PROTOCOL = "1.2.840.10008.5.1.4.38.1"
COLOR_PALETTE = "1.2.840.10008.5.1.4.39.1"
GENERIC_IMPLANT_TEMPLATE = "1.2.840.10008.5.1.4.43.1"
CT_DEFINED_PROCEDURE_PROTOCOL = "1.2.840.10008.5.1.4.1.1.200.1"


def non_patient(sop_class: str, **attributes: Any) -> Dataset:
    """Make a data set without patient, study and series."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    for name, value in attributes.items():
        setattr(ds, name, value)
    return ds


def code(value: str, scheme: str = "SCT", meaning: str = "Thorax") -> Dataset:
    ds = Dataset()
    ds.CodeValue, ds.CodingSchemeDesignator, ds.CodeMeaning = value, scheme, meaning
    return ds


def hanging_protocol(name: str = "Chest CT", **attributes: Any) -> Dataset:
    """Make a hanging protocol for CT of the chest (PS3.3 Section A.44)."""
    definition = Dataset()
    definition.Modality = "CT"
    definition.AnatomicRegionSequence = [code("51185008")]
    definition.Laterality = ""
    return non_patient(
        HANGING_PROTOCOL,
        HangingProtocolName=name,
        HangingProtocolDescription="Zwei übereinander",
        HangingProtocolLevel="SITE",
        HangingProtocolCreator="Müller^Änne",
        HangingProtocolCreationDateTime="20240102101112",
        HangingProtocolDefinitionSequence=[definition],
        NumberOfPriorsReferenced=1,
        NumberOfScreens=2,
        **attributes,
    )


def color_palette(label: str = "MINE", **attributes: Any) -> Dataset:
    """Make a grey palette."""
    for colour in ("Red", "Green", "Blue"):
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        attributes[f"{colour}PaletteColorLookupTableData"] = bytes(range(256))
    said = {"ContentLabel": label, "ContentDescription": "Grey", "ContentCreatorName": "A^B"}
    ds = non_patient(COLOR_PALETTE, **said | attributes)
    ds.PaletteColorLookupTableUID = ds.SOPInstanceUID
    return ds


def file_of(ds: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> bytes:
    """Write a DICOM file."""
    ds.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    out = BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def send(
    archive: Archive, ds: Dataset, tenant: str = "default", transfer_syntax: str = ExplicitVRLittleEndian
) -> Stored:
    """Let the archive keep an object."""
    spool = Part10Spool(archive)
    spool.write(file_of(ds, transfer_syntax))
    return archive.receive(spool.finish(), Origin(kind=OriginKind.IMPORT, tenant=tenant, principal="tester"))
