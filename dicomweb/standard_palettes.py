"""The colour palettes that the standard itself defines (PS3.6 Annex B): there for everybody, and nobody's to change.

Their files are pydicom's, which has them from the DICOM Standards Committee.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydicom.data import get_palette_files

from archive import file_meta
from archive.attribute_lists import AttributeList, text
from archive.content_hash import ContentHash
from archive.errors import NotParsable
from archive.non_patient import stored
from archive.non_patient_attributes import read_attributes
from archive.non_patient_classes import COLOR_PALETTES
from archive.retrieve import StoredInstance


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """A palette.

    Parameters
    ----------
    instance
        What it is; it has no key, because it is not in the archive.
    path
        Its file.
    attributes
        What it is found by.
    """

    instance: StoredInstance
    path: Path
    attributes: AttributeList


@cache
def standard_palettes() -> Mapping[str, Palette]:
    """Give all palettes by their SOP Instance UIDs."""
    palettes = [_read(Path(path)) for path in get_palette_files("*.dcm")]
    return {palette.instance.sop_instance_uid: palette for palette in palettes}


def _read(path: Path) -> Palette:
    content = path.read_bytes()
    decoded = file_meta.decode(content, complete=True)
    if decoded is None:
        raise NotParsable("A colour palette of the standard cannot be read.")
    meta, data_offset = decoded
    syntax = meta[file_meta.TRANSFER_SYNTAX_UID]
    attributes = read_attributes(path, data_offset, syntax, COLOR_PALETTES.keys)
    content_hash = ContentHash()
    content_hash.update(content[data_offset:])
    instance = stored(
        sop_class_uid=text(attributes, "SOPClassUID"),
        sop_instance_uid=text(attributes, "SOPInstanceUID"),
        transfer_syntax_uid=syntax,
        key="",
        data_offset=data_offset,
        size=len(content) - data_offset,
        content_hash=content_hash.text(),
    )
    return Palette(instance=instance, path=path, attributes=attributes)
