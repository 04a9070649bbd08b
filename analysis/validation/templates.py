"""Structure of a report: PS3.16 TID 1500 and the templates that it includes."""

from collections.abc import Iterator
from typing import Final

from pydicom.dataset import Dataset

from analysis.validation.attributes import is_empty

_TITLE: Final = "126000"
_LANGUAGE, _OBSERVER_TYPE, _OBSERVER_UID = "121049", "121005", "121012"
_PROCEDURE, _LIBRARY, _MEASUREMENTS = "121058", "111028", "126010"
_EVALUATIONS, _SUMMARY = "C0034375", "111017"
_GROUP, _TRACKING, _TRACKING_UID = "125007", "112039", "112040"
_ALGORITHM_NAME, _ALGORITHM_VERSION, _FINDING = "111001", "111003", "121071"
_REGION, _SEGMENT, _SOURCE_SERIES, _SOURCE_IMAGE = "111030", "121191", "121232", "121233"
_SUMMARIES: Final = {"111241", "111242", "111243", "111244", "111245"}
_VALUE_ATTRIBUTES: Final = {
    "TEXT": "TextValue",
    "CODE": "ConceptCodeSequence",
    "NUM": "MeasuredValueSequence",
    "UIDREF": "UID",
    "DATE": "Date",
    "IMAGE": "ReferencedSOPSequence",
    "SCOORD": "GraphicData",
    "SCOORD3D": "GraphicData",
    "CONTAINER": "ContinuityOfContent",
}
_LACKING_IN: Final = {
    "1.2.840.10008.5.1.4.1.1.88.33": {"SCOORD3D"},
    "1.2.840.10008.5.1.4.1.1.88.22": {"SCOORD3D"},
}


def template_violations(report: Dataset) -> Iterator[str]:
    """Name everything in which a report breaks its template."""
    if _name(report) != _TITLE:
        yield "SR: the title is not Imaging Measurement Report"
    root = _children(report)
    for code, meaning in (
        (_LANGUAGE, "language"),
        (_OBSERVER_TYPE, "observer type"),
        (_OBSERVER_UID, "device observer"),
        (_PROCEDURE, "procedure reported"),
        (_EVALUATIONS, "qualitative evaluations"),
    ):
        if code not in root:
            yield f"SR: no {meaning} (TID 1500)"
    if not _has_summary(root.get(_EVALUATIONS, [])):
        yield "SR: no CAD Processing and Findings Summary"
    for container in root.get(_MEASUREMENTS, []):
        for group in container.get("ContentSequence") or ():
            yield from _group_violations(group)
    yield from _item_violations(report, _LACKING_IN.get(str(report.SOPClassUID), set()), root=True)


def _group_violations(group: Dataset) -> Iterator[str]:
    """Check a measurement group against TID 1410, 1411 or 1501."""
    children = _children(group)
    if _name(group) != _GROUP or "ContentTemplateSequence" not in group:
        yield "SR: something else than a measurement group among the measurements"
        return
    for code in (_TRACKING, _TRACKING_UID, _FINDING, _ALGORITHM_NAME, _ALGORITHM_VERSION):
        if len(children.get(code, ())) != 1:
            yield f"SR: a measurement group needs {code} once"
    template = str(group.ContentTemplateSequence[0].TemplateIdentifier)
    regions, segments = len(children.get(_REGION, ())), len(children.get(_SEGMENT, ()))
    if (template, regions, segments) not in {("1410", 1, 0), ("1411", 0, 1), ("1501", 0, 0)}:
        yield f"SR: a group of TID {template} has {regions} regions and {segments} segments"
    if segments and not (_SOURCE_SERIES in children or _SOURCE_IMAGE in children):
        yield "SR: a segment without source"


def _item_violations(item: Dataset, lacking: set[str], *, root: bool = False) -> Iterator[str]:
    """Check each content item for its value, name and relationship (PS3.3 C.17.3)."""
    kind = str(item.get("ValueType"))
    if kind not in _VALUE_ATTRIBUTES:
        yield f"SR: value type {kind}"
    elif kind in lacking:
        yield f"SR: {kind} is not allowed in this SOP class"
    elif is_empty(item, _VALUE_ATTRIBUTES[kind]):
        yield f"SR: a {kind} without value"
    if not root and is_empty(item, "RelationshipType"):
        yield f"SR: a {kind} without relationship"
    if kind != "IMAGE" and is_empty(item, "ConceptNameCodeSequence"):
        yield f"SR: a {kind} without name"
    for child in item.get("ContentSequence") or ():
        yield from _item_violations(child, lacking)


def _has_summary(containers: list[Dataset]) -> bool:
    return any(
        str(item.ConceptCodeSequence[0].get("CodeValue")) in _SUMMARIES
        for container in containers
        for item in _children(container).get(_SUMMARY, [])
    )


def _children(item: Dataset) -> dict[str, list[Dataset]]:
    """Sort the children of an item by the code of their concept name."""
    found: dict[str, list[Dataset]] = {}
    for child in item.get("ContentSequence") or ():
        found.setdefault(_name(child), []).append(child)
    return found


def _name(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    keywords = ("CodeValue", "LongCodeValue", "URNCodeValue")
    return next((str(names[0].get(key)) for key in keywords if names[0].get(key)), "") if names else ""
