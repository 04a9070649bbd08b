"""Running one analyzer on a folder, without a node: for those who make models."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from analysis.analyzers import Progress, SeriesDescription
from analysis.errors import AnalysisError, NotApplicable, UnknownAnalyzer
from analysis.execution import execute
from analysis.images import why_no_image
from analysis.messages import Outcome, Request
from analysis.registry import AnalyzerSpec, ask, installed

_HEADER = (
    "SOPClassUID",
    "SeriesInstanceUID",
    "Modality",
    "BodyPartExamined",
    "ImageType",
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
)


def analyze_folder(
    path: Path | str,
    analyzer_name: str,
    out_dir: Path | str,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> list[Outcome]:
    """Run an analyzer on every series under `path` that it takes, and write its results.

    Parameters
    ----------
    path
        A DICOM file, or a folder with such files at any depth.
    analyzer_name
        An installed analyzer.
    out_dir
        Each series gets a folder in it, numbered in order of the series' UIDs.
    options
        Keyword arguments of the analyzer.
    progress
        Told how far each series is.

    Returns
    -------
    list of Outcome
        One a series; those that the analyzer does not take are `skipped`, with the reason.

    Raises
    ------
    UnknownAnalyzer
        If no analyzer has this name.
    """
    reference = installed().get(analyzer_name)
    if reference is None:
        raise UnknownAnalyzer(f"no analyzer is called {analyzer_name}")
    spec = AnalyzerSpec(name=analyzer_name, reference=reference, options=dict(options or {}))
    outcomes = []
    for number, (_, files) in enumerate(sorted(series_under(Path(path)).items()), 1):
        folder = Path(out_dir) / f"{number:03d}"
        outcomes.append(_analyze(spec, files, folder, progress or _silent))
    return outcomes


def series_under(path: Path) -> dict[str, list[tuple[Path, Dataset]]]:
    """Find the DICOM files under a path, sorted into series by UID, each with the part of its header that matters."""
    found: dict[str, list[tuple[Path, Dataset]]] = {}
    for file in _files(path):
        try:
            header = dcmread(file, stop_before_pixels=True, specific_tags=list(_HEADER))
        except (InvalidDicomError, OSError):
            continue
        if header.get("SeriesInstanceUID"):
            found.setdefault(str(header.SeriesInstanceUID), []).append((file, header))
    return found


def _analyze(spec: AnalyzerSpec, files: list[tuple[Path, Dataset]], folder: Path, progress: Progress) -> Outcome:
    description = _describe([header for _, header in files])
    try:
        _require_applicable(spec, description)
    except NotApplicable as reason:
        return Outcome(state="skipped", reason=str(reason))
    except UnknownAnalyzer:
        raise
    except AnalysisError as error:
        return Outcome(state="failed", reason=str(error))
    folder.mkdir(parents=True, exist_ok=True)
    request = Request(
        analyzer=spec.name,
        reference=spec.reference,
        options=spec.options,
        files=tuple((str(file.resolve()), 0, "") for file, _ in files),
        output=str(folder),
        created=datetime.now(UTC).astimezone().isoformat(),
    )
    return execute(request, progress)


def _require_applicable(spec: AnalyzerSpec, description: SeriesDescription) -> None:
    reason = why_no_image(description)
    if reason:
        raise NotApplicable(reason)
    answer = ask(spec.name, spec.create(), description)
    if isinstance(answer, str):
        raise AnalysisError(answer)
    if not answer.applies:
        raise NotApplicable(answer.reason)


def _describe(headers: list[Dataset]) -> SeriesDescription:
    first = headers[0]
    image_type = first.get("ImageType") or ()
    return SeriesDescription(
        modality=str(first.get("Modality") or ""),
        sop_class_uids=frozenset(str(header.get("SOPClassUID") or "") for header in headers),
        body_part_examined=str(first.get("BodyPartExamined") or ""),
        image_type=(image_type,) if isinstance(image_type, str) else tuple(image_type),
        descriptions=tuple(
            str(first.get(keyword) or "") for keyword in ("StudyDescription", "SeriesDescription", "ProtocolName")
        ),
        instances=len(headers),
    )


def _files(path: Path) -> Iterator[Path]:
    candidates: Iterable[Path] = [path] if path.is_file() else sorted(path.rglob("*"))
    return (candidate for candidate in candidates if candidate.is_file() and candidate.name != "DICOMDIR")


def _silent(_percent: int, _text: str) -> None:
    """Take progress and do nothing."""
