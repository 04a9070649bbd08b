"""Who wants to know what is here is told of series and of results, the accepted ones too (PS3.4 Annex R)."""

from collections.abc import Callable

from pydicom import Dataset
from pynetdicom import evt

from isocenter.demo.phantom import PhantomStudy
from routing.availability import AVAILABILITY
from tests.acceptance.conftest import MODALITY
from tests.acceptance.peers.dcmtk import Scu
from tests.acceptance.peers.node import Node
from tests.routing.peers import EXPLICIT, scp
from tests.waiting import wait_until


def test_series_and_results_are_told_to_who_wants_to_know(
    start_node: Callable[..., Node], chest_ct: PhantomStudy
) -> None:
    told: list[Dataset] = []

    def take(event: evt.Event) -> tuple[int, None]:
        told.append(event.attribute_list)
        return 0, None

    def series() -> set[str]:
        return {item.SeriesInstanceUID for one in told for item in one.ReferencedSeriesSequence}

    with scp({AVAILABILITY: [EXPLICIT]}, [(evt.EVT_N_CREATE, take)]) as peer:
        address = {"ae_title": peer.ae_title, "host": peer.host, "port": peer.port}
        node = start_node(aes=[MODALITY, {"name": "RIS", **address, "results": False, "availability": True}])
        assert Scu(node.dicom_port).store(chest_ct.files).returncode == 0
        node.wait_for_status(chest_ct.study_instance_uid, "COMPLETE")
        results = node.get("/api/v1/results", study_uid=chest_ct.study_instance_uid)["items"]
        wanted = {result["series_uid"] for result in results}
        assert len(wanted) >= 2
        wait_until(lambda: wanted < series(), what="the notification of each result")
        assert len(series() - wanted) == 1, "the images themselves"

        report = next(result for result in results if result["modality"] == "SR")
        with node.client() as client:
            accepted = client.post(f"/api/v1/results/{report['id']}/accept", json={"comment": ""}).json()
        wait_until(lambda: accepted["sop_instance_uid"] in instances(told), what="the accepted report")
        # It only wants to be told.
        assert node.get("/api/v1/deliveries")["items"] == []


def instances(told: list[Dataset]) -> set[str]:
    return {
        item.ReferencedSOPInstanceUID
        for one in told
        for series in one.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    }
