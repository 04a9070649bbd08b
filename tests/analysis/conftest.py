"""Series and a small archive for the tests of the analysis."""

import itertools
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from analysis.analyzers import Analyzer
from analysis.findings import Result
from analysis.instances import InstanceFile
from analysis.process import ProcessPool
from analysis.registry import BUILT_IN, AnalyzerSpec, Registry
from analysis.results.package import build_objects
from analysis.results.run import Algorithm, Run, SRClass
from analysis.runner import Limits, Runner
from analysis.series import SeriesInput
from analysis.validation.checks import validate
from analysis.volume import open_series
from archive.blobs import FileBlobs
from archive.bus import LocalBus, bus_directory
from archive.database import Database
from archive.ingest import Archive
from archive.origin import Origin, OriginKind
from archive.settling import collect_arrivals, settle
from isocenter.demo.phantom import PhantomStudy, write_phantom

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CREATED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LATER = 10_000_000_000.0


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> PhantomStudy:
    """Give a chest of 30 slices, 4 mm apart, 128 x 128."""
    return write_phantom(tmp_path_factory.mktemp("phantom"), slices=30, size=128)


@pytest.fixture
def chest(phantom: PhantomStudy) -> SeriesInput:
    """Give the phantom as an analyzer sees it."""
    return series_of(phantom.files)


def series_of(paths: Iterator[Path] | tuple[Path, ...] | list[Path]) -> SeriesInput:
    """Open files as one series."""
    return open_series(InstanceFile(path=path) for path in paths)


def analyzer_called(name: str, **options: object) -> Analyzer:
    """Make a built-in analyzer; mocks without delay."""
    if name.startswith("mock"):
        options.setdefault("delay_seconds", [0, 0])
    return AnalyzerSpec(name=name, reference=BUILT_IN[name], options=options).create()


def silent(_percent: int, _text: str) -> None:
    """Take progress and do nothing."""


def run_of(
    series: SeriesInput,
    algorithm: Algorithm,
    *,
    predecessor: Dataset | None = None,
    sr_class: SRClass = SRClass.COMPREHENSIVE_3D,
) -> Run:
    """Make a run with a fixed creation time."""
    return Run(algorithm=algorithm, series=series, created=CREATED, predecessor=predecessor, sr_class=sr_class)


def objects_of(run: Run, result: Result) -> dict[str, Dataset]:
    """Build the objects of a result, by modality, and check them."""
    objects = build_objects(run, result)
    validate(objects, [item.header for item in run.series.slices])
    return {str(ds.Modality): ds for ds in objects}


def complaints(path: Path, *, tool: str = "dciodvfy") -> list[str]:
    """Run David Clunie's validator; give its errors and warnings but for the one that is allowed.

    Device UID in Contributing Equipment is newer than the validator; it says so in two lines.
    """
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} (Debian dicom3tools) is not installed")
    done = subprocess.run([tool, str(path)], capture_output=True, text=True, check=False, timeout=60)
    lines = (done.stdout + done.stderr).splitlines()
    known = ("Device UID", "Standard Extended SOP Class")
    return [line for line in lines if line.startswith(("Error", "Warning")) and not any(part in line for part in known)]


def data_files(*parts: str) -> list[Path]:
    """Find files of the public test data; skip without it."""
    folder = DATA.joinpath(*parts)
    if not folder.exists():
        pytest.skip("the shared test data is not here")
    return [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())


@dataclass(kw_only=True)
class Site:
    """An archive with a runner, in one folder."""

    folder: Path
    database: Database
    archive: Archive
    bus: LocalBus
    registry: Registry
    pool: ProcessPool
    moments: Iterator[float] = field(default_factory=lambda: itertools.count(LATER, 60.0))

    def receive(self, paths: tuple[Path, ...] | list[Path]) -> None:
        """Store files, as an import would."""
        for path in paths:
            self.archive.receive_file(path, Origin(kind=OriginKind.IMPORT))

    def settle(self) -> None:
        """Declare every series complete and make its jobs."""
        now = next(self.moments)
        self.database.write(collect_arrivals, now)
        self.database.write(settle, now=now, quiet_seconds=0, select=self.registry.select)

    def runner(self, **limits: float) -> Runner:
        """Make a runner."""
        return Runner(
            archive=self.archive,
            registry=self.registry,
            bus=self.bus,
            folder=self.folder / "work",
            limits=Limits(**{"concurrency": 1, **limits}),  # type: ignore[arg-type]  # names of limits
            pool=self.pool,
        )


@pytest.fixture(scope="session")
def pool() -> Iterator[ProcessPool]:
    """Keep one warm child for all tests: loading it takes seconds."""
    with ProcessPool(size=1) as opened:
        yield opened


@pytest.fixture
def make_site(sqlite_url: str, tmp_path: Path, pool: ProcessPool) -> Iterator[Callable[..., Site]]:
    """Make an archive with the given analyzers; mocks take no time unless said otherwise."""
    made: list[Site] = []

    def make(*names: str, **options: object) -> Site:
        specs = []
        for name in names:
            given = dict(options)
            if name.startswith("mock"):
                given.setdefault("delay_seconds", [0, 0])
            specs.append(AnalyzerSpec(name=name, reference=BUILT_IN[name], options=given))
        database = Database(sqlite_url)
        archive = Archive(database, FileBlobs(tmp_path / "blobs"))
        bus = LocalBus(bus_directory(tmp_path))
        site = Site(folder=tmp_path, database=database, archive=archive, bus=bus, registry=Registry(specs), pool=pool)
        made.append(site)
        return site

    yield make
    for site in made:
        site.bus.close()
        site.archive.close()
        site.archive.blobs.close()
        site.database.dispose()


def with_patient(paths: tuple[Path, ...], folder: Path, patient_id: str) -> list[Path]:
    """Copy files, with another Patient ID."""
    folder.mkdir(parents=True, exist_ok=True)
    copies = []
    for path in paths:
        dataset = dcmread(path)
        dataset.PatientID = patient_id
        dataset.save_as(folder / path.name)
        copies.append(folder / path.name)
    return copies
