"""DELETE of studies, series and instances: an extension, with everything that belongs to them."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from sqlalchemy import Connection, func, select

from archive import audit
from archive.arrivals import collect_arrivals
from archive.tables import instance, series, study
from tests.dicomweb.conftest import Web
from tests.dicomweb.objects import image, path_of, ramp, saved


@pytest.fixture
def three(web: Web, tmp_path: Path) -> list[Dataset]:
    """Keep a study of two series: two images, and one."""
    first = image(ramp())
    uids = {"StudyInstanceUID": first.StudyInstanceUID}
    second = image(ramp(), InstanceNumber=2, SeriesInstanceUID=first.SeriesInstanceUID, **uids)
    third = image(ramp(), SeriesNumber=2, SeriesInstanceUID=generate_uid(), **uids)
    web.receive(*(saved(ds, tmp_path) for ds in (first, second, third)))
    return [first, second, third]


def counts(web: Web) -> tuple[int, int, int]:
    def read(connection: Connection) -> tuple[int, int, int]:
        studies, many, instances = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (study, series, instance)
        )
        return studies, many, instances

    return web.database.read(read)


def files(web: Web) -> int:
    return sum(1 for path in web.archive.blobs.root.rglob("*") if path.is_file())


def audited(web: Web) -> list[tuple[str, dict[str, object]]]:
    items = web.database.read(audit.listing, "default").items
    return [(item["action"], item["detail"]) for item in items if item["action"].endswith("deleted")]


def test_an_instance_is_deleted_alone(web: Web, three: list[Dataset]) -> None:
    before = files(web)
    assert web.http.delete(path_of(three[0])).status_code == 204
    assert counts(web) == (1, 2, 2)
    assert files(web) == before - 1
    assert web.http.get(path_of(three[0])).status_code == 404
    assert web.http.get(path_of(three[1])).status_code == 200
    ((action, detail),) = audited(web)
    assert action == "instances.deleted"
    assert detail["sop_instance_uid"] == three[0].SOPInstanceUID


def test_the_last_instance_takes_its_series_along(web: Web, three: list[Dataset]) -> None:
    assert web.http.delete(path_of(three[2])).status_code == 204
    assert counts(web) == (1, 1, 2)


def test_a_series_is_deleted_whole(web: Web, three: list[Dataset]) -> None:
    assert web.http.delete(path_of(three[0]).partition("/instances")[0]).status_code == 204
    assert counts(web) == (1, 1, 1)


def test_the_last_series_takes_the_study_along(web: Web, three: list[Dataset]) -> None:
    for ds in three:
        assert web.http.delete(path_of(ds)).status_code == 204
    assert counts(web) == (0, 0, 0)
    assert files(web) == 0
    assert next(action for action, _ in audited(web)) == "study.deleted"


def test_a_study_is_deleted_whole(web: Web, three: list[Dataset]) -> None:
    assert web.http.delete(f"/studies/{three[0].StudyInstanceUID}").status_code == 204
    assert counts(web) == (0, 0, 0)
    assert files(web) == 0


@pytest.mark.parametrize("folded", [False, True])
def test_a_series_knows_how_many_instances_are_left(web: Web, three: list[Dataset], folded: bool) -> None:
    if folded:
        web.database.write(collect_arrivals, now=1.0)
    web.http.delete(path_of(three[0]))
    web.database.write(collect_arrivals, now=2.0)
    rows = web.database.read(lambda connection: connection.execute(select(series.c.instance_count)).scalars().all())
    assert rows == [1, 1]


def test_what_is_not_there_is_404(web: Web, three: list[Dataset]) -> None:
    elsewhere = path_of(three[0]).replace(three[0].SeriesInstanceUID, three[2].SeriesInstanceUID)
    for path in (elsewhere, "/studies/1.2.3", "/studies/x"):
        assert web.http.delete(path).status_code == 404
    assert counts(web) == (1, 2, 3)


def test_deleted_objects_may_come_again(web: Web, three: list[Dataset], tmp_path: Path) -> None:
    web.http.delete(path_of(three[0]))
    web.receive(saved(three[0], tmp_path))
    assert web.http.get(path_of(three[0])).status_code == 200
