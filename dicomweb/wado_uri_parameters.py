"""The query parameters of WADO-URI (PS3.18 Sections 9.1.2.1 and 9.1.2.2)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from archive.retrieve import StoredInstance
from archive.uids import is_valid_uid
from dicomweb.problems import Problem, bad_request
from dicomweb.rendering.parameters import (
    LARGEST_SIDE,
    RenderingParameters,
    Viewport,
    parse_annotation,
    parse_quality,
    parse_window,
)

_UIDS: Final = {"studyUID": "study_uid", "seriesUID": "series_uid", "objectUID": "sop_uid"}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_PART: Final = re.compile(r"(0(\.\d{0,16})?|1(\.0{0,16})?|\.\d{1,16})")
_CORNERS: Final = 4
_WINDOW: Final = frozenset({"windowCenter", "windowWidth"})
# What is shown is either said by the request or by a presentation state (PS3.18 Section 9.5.2.3).
_OF_STATES: Final = _WINDOW | {"region", "frameNumber"}
_STATE: Final = ("presentationSeriesUID", "presentationUID")


@dataclass(frozen=True, slots=True, kw_only=True)
class UriRequest:
    """What a request asks for.

    Parameters
    ----------
    path
        The UIDs of study, series and instance, by the names of the paths of WADO-RS.
    media_types
        Value of `contentType`; empty when it is not given.
    frame
        Counted from 1; none for the object as a whole.
    transfer_syntax
        Of an object that is given as DICOM.
    state
        The UIDs of a presentation state, as `path` has them.
    parameters
        All, by name.
    """

    path: Mapping[str, str]
    media_types: str
    frame: int | None
    transfer_syntax: str | None
    state: Mapping[str, str] | None
    parameters: Mapping[str, str]

    @property
    def has_window(self) -> bool:
        """True when grey values are asked for."""
        return not _WINDOW.isdisjoint(self.parameters)


def parse_uri_request(parameters: Mapping[str, str]) -> UriRequest:
    """Read the query string; what the standard does not know is left alone.

    Raises
    ------
    Problem
        400 for what is missing, or has a value that it cannot have.
    """
    if parameters.get("requestType") != "WADO":
        raise bad_request("The query parameter requestType is WADO.")
    if "anonymize" in parameters:
        raise bad_request("Objects are not anonymized here.")
    path = {name: _uid(parameters, parameter) for parameter, name in _UIDS.items()}
    frame = parameters.get("frameNumber")
    if frame is not None and not _NUMBER.fullmatch(frame):
        raise bad_request("The query parameter frameNumber is a number from 1 on.")
    return UriRequest(
        path=path,
        media_types=parameters.get("contentType", ""),
        frame=int(frame) if frame else None,
        transfer_syntax=_uid(parameters, "transferSyntax") if "transferSyntax" in parameters else None,
        state=_state(parameters, path),
        parameters=parameters,
    )


def rendering_of(request: UriRequest, instance: StoredInstance) -> RenderingParameters:
    """Read how an object is wanted as a picture.

    Parameters
    ----------
    request
        As it was read.
    instance
        The object, whose size says what `region` is.
    """
    given = request.parameters
    wanted = RenderingParameters(viewport=_viewport(given, instance))
    if "windowCenter" in given or "windowWidth" in given:
        if not given.get("windowCenter") or not given.get("windowWidth"):
            raise bad_request("The query parameters windowCenter and windowWidth come together.")
        wanted = replace(wanted, window=parse_window(f"{given['windowCenter']},{given['windowWidth']}"))
    if "imageQuality" in given:
        wanted = replace(wanted, quality=parse_quality(given["imageQuality"]))
    if "annotation" in given:
        wanted = replace(wanted, annotation=parse_annotation(given["annotation"]))
    return wanted


def _uid(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "")
    if not is_valid_uid(value):
        raise bad_request(f"The query parameter {name} is a UID.")
    return value


def _state(parameters: Mapping[str, str], path: Mapping[str, str]) -> Mapping[str, str] | None:
    if not any(name in parameters for name in _STATE):
        return None
    if not _OF_STATES.isdisjoint(parameters):
        raise bad_request("A presentation state says itself which frame, which part and which window are shown.")
    return {
        "study_uid": path["study_uid"],
        "series_uid": _uid(parameters, "presentationSeriesUID"),
        "sop_uid": _uid(parameters, "presentationUID"),
    }


def _viewport(parameters: Mapping[str, str], instance: StoredInstance) -> Viewport | None:
    """Read the largest size, and the part of the image as parts of its width and height."""
    height, width = (_side(parameters, name) for name in ("rows", "columns"))
    text = parameters.get("region")
    if text is None:
        return Viewport(width or LARGEST_SIDE, height or LARGEST_SIDE) if width or height else None
    parts = text.split(",")
    if len(parts) != _CORNERS or not all(_PART.fullmatch(part) for part in parts):
        raise _bad_region()
    left, upper, right, lower = (float(part) for part in parts)
    if left >= right or upper >= lower:
        raise _bad_region()
    columns, rows = instance.columns or 1, instance.rows or 1
    source = (left * columns, upper * rows, (right - left) * columns, (lower - upper) * rows)
    own = min(LARGEST_SIDE, max(1, round(source[2]))), min(LARGEST_SIDE, max(1, round(source[3])))
    if not width and not height:
        width, height = own
    return Viewport(width or LARGEST_SIDE, height or LARGEST_SIDE, source)


def _side(parameters: Mapping[str, str], name: str) -> int | None:
    text = parameters.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST_SIDE:
        raise bad_request(f"The query parameter {name} is from 1 to {LARGEST_SIDE}.")
    return int(text)


def _bad_region() -> Problem:
    return bad_request("The query parameter region is left, upper, right and lower edge, from 0 to 1.")
