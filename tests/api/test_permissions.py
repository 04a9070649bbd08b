"""Role x route: who gets through where. A new route fails here until its row is written."""

from collections.abc import Iterator

import pytest
from fastapi.params import Depends
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from access.permissions import Permission, Role, permissions
from api.authorization import Requirement
from tests.api.serving import Served, application

A, C, S, U = Role.ADMIN, Role.CLINICIAN, Role.SERVICE, Role.AUDITOR
EVERYBODY, NOBODY_ELSE = {A, C, S, U}, {A}
_PUBLIC = {("GET", "/healthz"), ("GET", "/readyz"), ("POST", "/api/v1/session")}

_MATRIX: dict[tuple[str, str], set[Role]] = {
    ("GET", "/metrics"): {A, S, U},
    ("GET", "/api/docs"): EVERYBODY,
    ("GET", "/api/v1/openapi.json"): EVERYBODY,
    ("WS", "/ws/events"): EVERYBODY,
    ("GET", "/api/v1/session"): EVERYBODY,
    ("DELETE", "/api/v1/session"): EVERYBODY,
    ("GET", "/api/v1/events"): EVERYBODY,
    ("GET", "/api/v1/statistics"): EVERYBODY,
    ("GET", "/api/v1/storage"): EVERYBODY,
    ("GET", "/api/v1/audit"): {A, U},
    ("GET", "/api/v1/associations"): {A, U},
    ("GET", "/api/v1/studies"): {A, C, S},
    ("GET", "/api/v1/studies/{study_uid}/status"): {A, C, S},
    ("DELETE", "/api/v1/studies/{study_uid}"): NOBODY_ELSE,
    ("POST", "/api/v1/uploads"): {A, C, S},
    ("GET", "/api/v1/analyzers"): {A, C, S},
    ("GET", "/api/v1/jobs"): {A, C, S},
    ("GET", "/api/v1/jobs/{job_id}"): {A, C, S},
    ("POST", "/api/v1/jobs/{job_id}/retry"): {A, C},
    ("POST", "/api/v1/jobs/{job_id}/cancel"): {A, C},
    ("GET", "/api/v1/results"): {A, C, S},
    ("GET", "/api/v1/results/{result_id}"): {A, C, S},
    ("GET", "/api/v1/results/{result_id}/object"): NOBODY_ELSE,
    ("POST", "/api/v1/results/{result_id}/accept"): {A, C},
    ("POST", "/api/v1/results/{result_id}/reject"): {A, C},
    ("GET", "/api/v1/deliveries"): {A, C, S},
    ("POST", "/api/v1/deliveries/{delivery_id}/retry"): NOBODY_ELSE,
    ("GET", "/api/v1/commitments"): {A, C, S},
    ("GET", "/api/v1/notifications"): {A, C, S},
    ("GET", "/api/v1/worklist"): {A, C, S},
    ("POST", "/api/v1/worklist"): {A, S},
    ("POST", "/api/v1/worklist/orders"): {A, S},
    ("GET", "/api/v1/worklist/{entry_id}"): {A, C, S},
    ("PUT", "/api/v1/worklist/{entry_id}"): {A, S},
    ("DELETE", "/api/v1/worklist/{entry_id}"): {A, S},
    ("GET", "/api/v1/procedure-steps"): {A, C, S},
    ("GET", "/api/v1/system"): NOBODY_ELSE,
    ("GET", "/api/v1/tenants"): NOBODY_ELSE,
    ("GET", "/api/v1/aes"): NOBODY_ELSE,
    ("POST", "/api/v1/aes"): NOBODY_ELSE,
    ("GET", "/api/v1/aes/{name}"): NOBODY_ELSE,
    ("PUT", "/api/v1/aes/{name}"): NOBODY_ELSE,
    ("DELETE", "/api/v1/aes/{name}"): NOBODY_ELSE,
    ("POST", "/api/v1/aes/{name}/echo"): NOBODY_ELSE,
    ("POST", "/api/v1/aes/{name}/query"): {A, C},
    ("POST", "/api/v1/aes/{name}/retrieve"): {A, C},
    ("GET", "/api/v1/peers"): {A, C},
    ("GET", "/api/v1/retrievals"): {A, C},
    ("GET", "/api/v1/retrievals/{retrieval_id}"): {A, C},
    ("POST", "/api/v1/retrievals/{retrieval_id}/cancel"): {A, C},
    ("GET", "/api/v1/routes"): NOBODY_ELSE,
    ("POST", "/api/v1/routes"): NOBODY_ELSE,
    ("GET", "/api/v1/routes/{name}"): NOBODY_ELSE,
    ("PUT", "/api/v1/routes/{name}"): NOBODY_ELSE,
    ("DELETE", "/api/v1/routes/{name}"): NOBODY_ELSE,
    ("GET", "/api/v1/users"): NOBODY_ELSE,
    ("POST", "/api/v1/users"): NOBODY_ELSE,
    ("PUT", "/api/v1/users/{username}"): NOBODY_ELSE,
    ("DELETE", "/api/v1/users/{username}"): NOBODY_ELSE,
    ("GET", "/api/v1/apikeys"): NOBODY_ELSE,
    ("POST", "/api/v1/apikeys"): NOBODY_ELSE,
    ("DELETE", "/api/v1/apikeys/{key_id}"): NOBODY_ELSE,
}

# Served by DICOMweb, and no images.
_WORKITEMS: dict[tuple[str, str], set[Role]] = {
    ("GET", "/dicom-web/workitems"): {A, C, S},
    ("HEAD", "/dicom-web/workitems"): {A, C, S},
    ("POST", "/dicom-web/workitems"): {A, S},
    ("GET", "/dicom-web/workitems/{workitem_uid}"): {A, C, S},
    ("HEAD", "/dicom-web/workitems/{workitem_uid}"): {A, C, S},
    ("POST", "/dicom-web/workitems/{workitem_uid}"): {A, S},
    ("PUT", "/dicom-web/workitems/{workitem_uid}/state"): {A, S},
    ("POST", "/dicom-web/workitems/{workitem_uid}/cancelrequest"): {A, S},
    ("POST", "/dicom-web/workitems/{workitem_uid}/subscribers/{ae_title}"): {A, C, S},
    ("DELETE", "/dicom-web/workitems/{workitem_uid}/subscribers/{ae_title}"): {A, C, S},
    ("POST", "/dicom-web/workitems/{workitem_uid}/subscribers/{ae_title}/suspend"): {A, C, S},
    ("WS", "/dicom-web/subscribers/{ae_title}"): {A, C, S},
}


def _routes() -> Iterator[tuple[str, str, Permission | None]]:
    for context in iter_route_contexts(application().routes):
        route = context.original_route
        assert isinstance(route, APIRoute | APIWebSocketRoute)
        found = {call.permission for call in _calls(route) if isinstance(call, Requirement)}
        assert len(found) <= 1
        for method in context.methods or {"WS"}:
            yield method, str(context.path), next(iter(found), None)


def _calls(route: APIRoute | APIWebSocketRoute) -> Iterator[object]:
    waiting = list(route.dependant.dependencies)
    while waiting:
        dependency = waiting.pop()
        yield dependency.call
        waiting.extend(dependency.dependencies)
    yield from (each.dependency for each in route.dependencies if isinstance(each, Depends))


def test_every_route_but_the_public_ones_needs_a_permission() -> None:
    unguarded = {(method, path) for method, path, permission in _routes() if permission is None}
    assert unguarded == _PUBLIC


def test_images_are_out_of_reach_for_auditors_by_dicomweb_too() -> None:
    needed = {
        (method, permission)
        for method, path, permission in _routes()
        if path.startswith(("/dicom-web", "/wado")) and (method, path) not in _WORKITEMS
    }
    reading = {(method, Permission.READ_IMAGES) for method in ("GET", "HEAD", "OPTIONS")}
    assert needed == {*reading, ("POST", Permission.STORE_IMAGES), ("DELETE", Permission.DELETE_STUDIES)}


def test_each_role_gets_where_it_may_and_nowhere_else() -> None:
    found = {
        (method, path): {role for role in Role if permission in permissions(role)}
        for method, path, permission in _routes()
        if permission is not None and ((method, path) in _WORKITEMS or not path.startswith(("/dicom-web", "/wado")))
    }
    assert found == {**_MATRIX, **_WORKITEMS}


@pytest.mark.parametrize(("method", "path"), sorted(key for key in _MATRIX if key[0] != "WS"))
def test_without_credentials_no_route_answers(shared_node: Served, method: str, path: str) -> None:
    with shared_node.anonymous() as client:
        assert client.request(method, path.replace("{", "").replace("}", "")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "roles"), [(*key, roles) for key, roles in sorted(_MATRIX.items()) if key[0] != "WS"]
)
def test_a_role_without_the_permission_is_refused(
    shared_node: Served, method: str, path: str, roles: set[Role]
) -> None:
    for role in set(Role) - roles:
        with shared_node.as_role(role) as client:
            answer = client.request(method, path.replace("{", "").replace("}", ""))
        assert answer.status_code == 403, role


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/dicom-web/studies", "/wado", "/ws/other", "/api/..%2fv1/users"])
def test_unknown_paths_do_not_answer_strangers_either(shared_node: Served, path: str) -> None:
    with shared_node.anonymous() as client:
        assert client.get(path).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_credentials(shared_node: Served, path: str) -> None:
    with shared_node.anonymous() as client:
        assert client.get(path).status_code == 200
