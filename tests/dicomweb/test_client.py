"""dicomweb-client, which nobody here wrote, stores, searches and retrieves."""

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, ramp


@pytest.fixture
def series() -> list[Dataset]:
    first = image(ramp())
    uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
    return [first, *(image(ramp() + number, InstanceNumber=number, **uids) for number in (2, 3))]


def test_it_stores_searches_and_retrieves(any_web: Web, series: list[Dataset]) -> None:
    client = any_web.client
    first = series[0]
    study_uid, series_uid = first.StudyInstanceUID, first.SeriesInstanceUID
    stored = client.store_instances(series)
    assert {item.ReferencedSOPInstanceUID for item in stored.ReferencedSOPSequence} == {
        ds.SOPInstanceUID for ds in series
    }
    (study,) = client.search_for_studies(search_filters={"PatientName": "doe*"})
    assert study["00201208"]["Value"] == [3]
    assert study["00080061"]["Value"] == ["CT"]
    (found,) = client.search_for_series(study_uid)
    assert found["0020000E"]["Value"] == [series_uid]
    assert len(client.search_for_instances(study_uid, series_uid)) == 3
    assert len(client.retrieve_study(study_uid)) == 3
    again = client.retrieve_series(study_uid, series_uid)
    assert [ds.PixelData for ds in again] == [ds.PixelData for ds in series]
    one = client.retrieve_instance(study_uid, series_uid, first.SOPInstanceUID)
    assert np.array_equal(one.pixel_array, ramp())
    (frame,) = client.retrieve_instance_frames(study_uid, series_uid, first.SOPInstanceUID, [1])
    assert frame == first.PixelData
    metadata = client.retrieve_series_metadata(study_uid, series_uid)
    assert [item["00200013"]["Value"] for item in metadata] == [[1], [2], [3]]
    (bulk,) = client.retrieve_bulkdata(metadata[0]["7FE00010"]["BulkDataURI"])
    assert bulk == first.PixelData
    png = client.retrieve_instance_rendered(study_uid, series_uid, first.SOPInstanceUID, media_types=("image/png",))
    assert png.startswith(b"\x89PNG")
