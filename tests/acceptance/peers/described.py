"""The web application with one study and one workitem, whose UIDs are the examples of its own description."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from archive import schema
from archive.attribute_lists import from_keywords
from dicomweb.attribute_json import to_json
from dicomweb.parameter_schemas import PATH
from tests.api.serving import Served, serving
from tests.archive.workitem_data import scheduled

EXAMPLES = {name: str(schema["examples"][0]) for name, schema in PATH.items()}
_JSON = {"Content-Type": "application/dicom+json"}
INSTANCE = "/dicom-web/studies/{study_uid}/series/{series_uid}/instances/{sop_uid}".format_map(EXAMPLES)


@contextmanager
def described_node(folder: Path) -> Iterator[Served]:
    """Serve; nothing works here that calls other machines."""
    database_url = f"sqlite:///{folder / 'index.sqlite'}"
    schema.upgrade(database_url)
    with serving(database_url, folder, dicomweb=True) as served:
        with served.as_admin() as client:
            _store(client)
        yield served


def _store(client: httpx.Client) -> None:
    uploaded = client.post("/api/v1/uploads", files=[("files", ("loop.dcm", _loop()))])
    assert uploaded.json()["stored"] == 1
    body = [to_json(from_keywords(scheduled()))]
    created = client.post(f"/dicom-web/workitems?{EXAMPLES['workitem_uid']}", json=body, headers=_JSON)
    assert created.status_code == httpx.codes.CREATED, created.text


def _loop() -> bytes:
    """Two frames in RLE, under the UIDs of the examples."""
    path = get_testdata_file("SC_rgb_rle_2frame.dcm")
    assert isinstance(path, str)
    ds = dcmread(path)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = EXAMPLES["study_uid"], EXAMPLES["series_uid"]
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(EXAMPLES["sop_uid"])
    file = io.BytesIO()
    ds.save_as(file)
    return file.getvalue()
