"""One analysis from files to result objects, in whatever process this runs."""

import math
from datetime import datetime
from pathlib import Path

from pydicom.dataset import Dataset

from analysis.analyzers import Analyzer, Progress
from analysis.errors import AnalysisError, NotApplicable, plain, where_raised
from analysis.instances import InstanceFile, read_header
from analysis.messages import Outcome, Request
from analysis.registry import AnalyzerSpec
from analysis.results.package import ProducedFile, write_results
from analysis.results.run import Algorithm, Run, SRClass
from analysis.volume import open_series

_BUILDING_PERCENT = 90


def execute(request: Request, progress: Progress) -> Outcome:
    """Run an analyzer over the files of a request and write its results; never raises what an analyzer raises."""
    try:
        spec = AnalyzerSpec(name=request.analyzer, reference=request.reference, options=request.options)
        return _run(request, spec.create(), progress)
    except NotApplicable as reason:
        return Outcome(state="skipped", reason=plain(reason) or "the analyzer does not take these images")
    except AnalysisError as error:
        return Outcome(state="failed", reason=plain(error))
    except MemoryError:
        return Outcome(state="failed", reason="not enough memory")
    # The edge of somebody else's code: what a model raises, an exit too, is its failure and not the node's.
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return Outcome(state="failed", reason=where_raised(error))


def _run(request: Request, analyzer: Analyzer, progress: Progress) -> Outcome:
    files = [
        InstanceFile(path=Path(path), data_offset=offset, transfer_syntax_uid=uid)
        for path, offset, uid in request.files
    ]

    def report(percent: float, text: str) -> None:
        progress(_of_all(percent), plain(text))

    report(0, "Reading images")
    series = open_series(files, report)
    result = analyzer.analyze(series, report)
    progress(_BUILDING_PERCENT, "Writing results")
    run = Run(
        algorithm=Algorithm.of(analyzer, registered_as=request.analyzer),
        series=series,
        created=datetime.fromisoformat(request.created),
        sr_class=SRClass(request.sr_class),
        predecessor=_predecessor(request),
    )
    produced: list[ProducedFile] = write_results(run, result, Path(request.output))
    previous = str(run.predecessor.SOPInstanceUID) if run.predecessor is not None else None
    return Outcome(state="complete", files=tuple(produced), predecessor_uid=previous)


def _of_all(percent: float) -> int:
    """Give an analyzer's percentage as one of the whole run; what is none of 0 to 100 is brought there."""
    bounded = max(0.0, min(100.0, float(percent)))
    # All comparisons with what is no number are false.
    return 0 if math.isnan(float(percent)) else int(bounded * _BUILDING_PERCENT / 100)


def _predecessor(request: Request) -> Dataset | None:
    if request.predecessor is None:
        return None
    return read_header(InstanceFile(path=Path(request.predecessor)))
