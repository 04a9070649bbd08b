import pytest

from api.edge import route_of


@pytest.mark.parametrize(
    ("path", "params", "route"),
    [
        ("/api/v1/jobs", {}, "/api/v1/jobs"),
        ("/api/v1/jobs/12/retry", {"job_id": "12"}, "/api/v1/jobs/{job_id}/retry"),
        ("/studies/1.2/series/1.2.3", {"study": "1.2", "series": "1.2.3"}, "/studies/{study}/series/{series}"),
        ("/bulk/00080001/1/0009", {"place": "00080001/1/0009"}, "/bulk/{place}"),
    ],
)
def test_a_route_is_named_without_what_was_asked_for(path: str, params: dict[str, str], route: str) -> None:
    assert route_of({"path": path, "path_params": params, "endpoint": None}) == route


def test_what_no_route_took_has_one_name() -> None:
    assert route_of({"path": "/DOE^JANE"}) == "unmatched"
