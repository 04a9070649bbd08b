"""`isocenter find`, `get` and `move`: what a remote archive has, and how it comes here."""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Self

import typer
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from access import remote_aes
from archive.database import Database
from archive.origin import DEFAULT_TENANT
from archive.retrievals import Counts, RetrievalState
from archive.uids import is_valid_uid
from config.settings import Settings
from isocenter.cli.options import Config, actor, messages, node_database, output, settings_of
from isocenter.directory import as_peer
from isocenter.failures import CommandFailed
from isocenter.wiring import open_node
from routing.errors import WireError
from routing.peers import Peer
from routing.remote_query import Level, RemoteQuery, UnknownKey
from routing.remote_query import find as find_at
from routing.remote_retrieve import Method, Wanted
from routing.retrieving import Ended, retrieve
from routing.tls_contexts import requestor_context
from routing.tls_files import CurrentContext

remote = typer.Typer(add_completion=False)

_AE = Annotated[str, typer.Argument(metavar="AE", help="Name of a remote AE, as `isocenter ae list` shows it.")]
_Study = Annotated[str, typer.Argument(metavar="STUDY_UID", help="Study Instance UID.")]
_Series = Annotated[list[str] | None, typer.Option("--series", help="Series Instance UID: only this one; repeatable.")]
_Tenant = Annotated[str, typer.Option(help="Whose objects they become.")]

_WIDEST: Final = 1_000
_COLUMNS: Final[Mapping[Level, Sequence[str]]] = {
    Level.PATIENT: ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    Level.STUDY: ("StudyDate", "PatientID", "PatientName", "ModalitiesInStudy", "AccessionNumber", "StudyInstanceUID"),
    Level.SERIES: ("SeriesNumber", "Modality", "SeriesDescription", "SeriesInstanceUID"),
    Level.IMAGE: ("InstanceNumber", "SOPClassUID", "SOPInstanceUID"),
}


@remote.command()
def find(
    ae: _AE,
    *,
    patient_name: Annotated[str, typer.Option(help="With wildcards: 'DOE*'.")] = "",
    patient_id: Annotated[str, typer.Option(help="With wildcards.")] = "",
    date: Annotated[str, typer.Option(help="Study date: 20260131, or a range such as 20260101-20260131.")] = "",
    modality: Annotated[str, typer.Option(help="Modality in the study: CT, MR.")] = "",
    accession: Annotated[str, typer.Option(help="Accession number.")] = "",
    study: Annotated[str, typer.Option(help="Study Instance UID.")] = "",
    key: Annotated[
        list[str] | None, typer.Option(help="Any other: KEYWORD=VALUE, as in PS3.6; repeatable.", metavar="KEY=VALUE")
    ] = None,
    level: Annotated[Level, typer.Option(case_sensitive=False, help="What to list.")] = Level.STUDY,
    limit: Annotated[int, typer.Option(min=1, help="The query is canceled after this many matches.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print the matches as JSON.")] = False,
    config: Config = None,
) -> None:
    """Ask a remote archive what it has (C-FIND). Exit code 1 when it cannot be asked, and the reason why."""
    known = {
        "PatientName": patient_name,
        "PatientID": patient_id,
        "StudyDate": date,
        "ModalitiesInStudy": modality,
        "AccessionNumber": accession,
        "StudyInstanceUID": study,
    }
    keys = {keyword: value for keyword, value in known.items() if value} | _keys(key or [])
    settings = settings_of(config, role="find")
    with node_database(settings) as database:
        peer = _peer(database, settings, ae)
    try:
        found = find_at(peer, RemoteQuery(level=level, keys=keys, limit=limit))
    except (WireError, UnknownKey) as error:
        raise CommandFailed(f"{ae}: {error}") from error
    if as_json:
        output.print_json(json.dumps(found.matches))
    else:
        _show(found.matches, _COLUMNS[level])
    messages.print(f"{len(found.matches)} found" + (", and there are more" if found.more else ""))


@remote.command("get")
def get_(
    ae: _AE, study_uid: _Study, series: _Series = None, tenant: _Tenant = DEFAULT_TENANT, config: Config = None
) -> None:
    """Retrieve a study from a remote archive by C-GET: it comes over the association that asks for it."""
    _retrieve(Method.GET, ae, Wanted(study_uid=study_uid, series_uids=series or ()), tenant, config)


@remote.command("move")
def move_(
    ae: _AE, study_uid: _Study, series: _Series = None, tenant: _Tenant = DEFAULT_TENANT, config: Config = None
) -> None:
    """Have a remote archive send a study here by C-MOVE; it must know this node, whose listener must run."""
    _retrieve(Method.MOVE, ae, Wanted(study_uid=study_uid, series_uids=series or ()), tenant, config)


def _keys(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    wrong = next((text for text, (_, sign, _) in zip(given, pairs, strict=True) if not sign), None)
    if wrong is not None:
        raise typer.BadParameter(f"{wrong!r} is not KEYWORD=VALUE")
    return {keyword: value for keyword, _, value in pairs}


def _show(matches: Sequence[Mapping[str, str]], columns: Sequence[str]) -> None:
    table = Table(*columns, box=box.SIMPLE_HEAD)
    for match in matches:
        table.add_row(*(Text(match[column]) for column in columns))
    # UIDs are there to be copied: the table is as wide as it must be, however narrow the terminal.
    widest = Measurement.get(output, output.options.update(max_width=_WIDEST), table).maximum
    Console(width=max(widest, output.width), highlight=False).print(table)


def _peer(database: Database, settings: Settings, name: str) -> Peer:
    ae = database.read(remote_aes.get, name)
    return as_peer(ae, settings.dicom.ae_title, CurrentContext(requestor_context, settings.dicom.tls))


def _retrieve(method: Method, ae: str, wanted: Wanted, tenant: str, config: Config) -> None:
    for uid in (wanted.study_uid, *wanted.series_uids):
        if not is_valid_uid(uid):
            raise typer.BadParameter(f"{uid!r} is no UID")
    settings = settings_of(config, role=method.value)
    with node_database(settings) as database, open_node(settings, role=method.value) as node, _Bar() as bar:
        ended = retrieve(
            _peer(database, settings, ae),
            wanted,
            method,
            archive=node.archive,
            tenant=tenant,
            principal=actor(),
            noted=bar.note,
            canceled=threading.Event().is_set,
        )
    _report(ae, ended)


def _report(ae: str, ended: Ended) -> None:
    counts = ended.counts
    if counts:
        output.print(f"{counts.completed} retrieved, {counts.warning} with warnings, {counts.failed} failed")
    if ended.state is not RetrievalState.COMPLETE:
        raise CommandFailed(f"{ae}: {ended.message or ended.state.value}")


class _Bar:
    """Shows how far a retrieval is, where somebody looks."""

    def __init__(self) -> None:
        columns = (TextColumn("Retrieving"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=messages, disable=not messages.is_terminal)
        self._task = self._progress.add_task("retrieve", total=None)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._progress.stop()

    def note(self, counts: Counts) -> None:
        done = counts.completed + counts.warning + counts.failed
        total = None if counts.remaining is None else done + counts.remaining
        self._progress.update(self._task, completed=done, total=total)
