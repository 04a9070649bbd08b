"""Retrieve Capabilities (PS3.18 Section 8.9), and what is described against what there is."""

from posixpath import normpath
from xml.etree import ElementTree as ET

import pytest
from fastapi.routing import APIRoute

from dicomweb.resources import RESOURCES
from dicomweb.router import create_router
from tests.dicomweb.conftest import Web, everybody

WADL = "{http://wadl.dev.java.net/2009/02}"


def test_the_root_describes_all_resources(shared_web: Web) -> None:
    for path in ("", "/"):
        answer = shared_web.http.request("OPTIONS", shared_web.url + path)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert {resource["path"] for resource in answer.json()["resources"]} == set(RESOURCES)


def test_a_resource_describes_itself(shared_web: Web) -> None:
    answer = shared_web.http.options("/studies/1.2/series/1.3/instances/1.4/rendered")
    (resource,) = answer.json()["resources"]
    assert resource["path"].endswith("/instances/{sop_uid}/rendered")
    (method,) = resource["methods"]
    assert method["id"] == "RenderedInstance".replace("Rendered", "RetrieveRendered")
    assert {"window", "viewport", "quality", "annotation", "iccprofile"} <= set(method["query"])
    assert {"image/jpeg", "text/html", "application/pdf"} <= set(method["gives"])
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_annex_h_a_resource_describes_its_children_too(shared_web: Web) -> None:
    answer = shared_web.http.options("/studies/1.2/series/1.3")
    found = {resource["path"].rpartition("{series_uid}")[2] for resource in answer.json()["resources"]}
    assert {"", "/metadata", "/instances", "/instances/{sop_uid}/frames/{frames}/rendered"} <= found
    assert all("/series/{series_uid}" in resource["path"] for resource in answer.json()["resources"])
    # What may be done with the resource itself.
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"
    seriesless = shared_web.http.options("/series").json()["resources"]
    assert [resource["path"] for resource in seriesless] == ["/dicom-web/series"]


def test_methods_are_named_in_allow(shared_web: Web) -> None:
    assert shared_web.http.options("/studies").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert shared_web.http.options("/studies/1.2").headers["allow"] == "DELETE, GET, HEAD, OPTIONS, POST"


def test_wadl_says_the_same(shared_web: Web) -> None:
    answer = shared_web.http.options(f"{shared_web.url}/", headers={"Accept": "application/vnd.sun.wadl+xml"})
    assert answer.headers["content-type"] == "application/vnd.sun.wadl+xml"
    root = ET.fromstring(answer.content)  # noqa: S314 - our own document
    (resources,) = root.findall(f"{WADL}resources")
    # Annex H: the base is that of the service.
    assert resources.get("base") == f"{shared_web.url}/"
    described = {
        normpath(f"/dicom-web/{resource.get('path')}"): [
            method.get("name") for method in resource.findall(f"{WADL}method")
        ]
        for resource in resources
    }
    assert described == {path: [method.name for method in methods] for path, methods in RESOURCES.items()}


@pytest.mark.parametrize("accept", ["text/html", "application/dicom+json"])
def test_capabilities_have_two_forms(shared_web: Web, accept: str) -> None:
    assert shared_web.http.options("/studies", headers={"Accept": accept}).status_code == 406


def test_what_is_described_is_what_there_is() -> None:
    nothing = None
    router = create_router(everybody, services=nothing)  # type: ignore[arg-type]  # only its routes are looked at
    routes = {
        (route.path, method)
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method.name) for path, methods in RESOURCES.items() for method in methods}
