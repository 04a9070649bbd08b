"""The worker: completes series, runs jobs, delivers, and keeps house."""

import sys
import threading
import time
from collections.abc import Callable

import structlog

from analysis.errors import UnknownAnalyzer
from analysis.registry import Registry, open_registry
from analysis.runner import Runner, limits_of
from archive.bus import TOPICS
from config.settings import Settings
from isocenter.consequences import Consequences
from isocenter.conversion import convert
from isocenter.directory import Directory
from isocenter.failures import CannotStart
from isocenter.housekeeping import Housekeeping
from isocenter.metadata_loop import MetadataLoop
from isocenter.parentage import say_ready, stop_event, wait_for_stop
from isocenter.picture_keeping import PictureKeeping
from isocenter.picture_loop import PictureLoop
from isocenter.presence import presence
from isocenter.settling import SettlingLoop
from isocenter.sweeping import Sweeping
from isocenter.wiring import Node, open_node
from isocenter.workitem_loop import WorkitemLoop
from isocenter.worklist_folder import WorklistFolder
from routing.deliveries import DeliveryLoop
from routing.farewell import Farewell
from routing.notices import NoticeLoop
from routing.retrievals import RetrievalLoop
from routing.workitem_reports import WorkitemReportLoop

_log = structlog.get_logger()
# Below the supervisor's drain time, so that what was under way is noted.
_JOIN_SECONDS = 15.0


def run(settings: Settings) -> None:
    """Work until SIGTERM. A part that fails ends the process: its supervisor starts a whole one."""
    stop = stop_event()
    failure = _Failure(stop)
    registry = _registry(settings)
    consequences = Consequences(settings)
    with (
        open_node(settings, role="worker", database_connections=10) as node,
        presence(node.database, settings.data_dir),
        _runner(node, registry, consequences) as runner,
    ):
        settling = SettlingLoop(node, select=registry.select, on_complete=consequences.series)
        directory = Directory(node.database, settings.dicom)
        delivering = DeliveryLoop(
            node.database,
            node.blobs,
            node.bus,
            find=directory.destination,
            convert=convert,
        )
        retrieving = RetrievalLoop(node.archive, node.bus, find=directory.peer)
        reporting = WorkitemReportLoop(node.database, node.bus, find=directory.find)
        scheduling = WorkitemLoop(node.database, node.bus, versions=registry.versions)
        noticing = NoticeLoop(node.database, node.blobs, node.bus, find=directory.peer)
        workitems = (reporting.run, scheduling.run)
        house = (Housekeeping(node).run, Sweeping(node).run, WorklistFolder(settings, node.database).run)
        picturing = PictureLoop(node)
        keeping = PictureKeeping(node.database, settings, picturing.waiting)
        made_ready = (MetadataLoop(node, lambda made: picturing.offer(made.series_id)).run, picturing.run, keeping.run)
        parts = (settling.run, runner.run, delivering.run, retrieving.run, noticing.run)
        threads = [_start(part, stop) for part in (*parts, *made_ready, *workitems, *house)]
        say_ready()
        wait_for_stop(stop)
        farewell = Farewell(node.database, find=directory.find)
        if not failure.happened:
            # After a failure a new process is started at once.
            farewell.begin()
        for topic in TOPICS:
            # Wakes our own loops too: they need not sleep to the end of their pause.
            node.bus.publish(topic)
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        if not failure.happened:
            farewell.wait()
    if failure.happened:
        sys.exit(1)


def _registry(settings: Settings) -> Registry:
    try:
        return open_registry(settings)
    except UnknownAnalyzer as error:
        raise CannotStart(str(error)) from error


def _runner(node: Node, registry: Registry, consequences: Consequences) -> Runner:
    return Runner(
        archive=node.archive,
        registry=registry,
        bus=node.bus,
        folder=node.settings.data_dir / "results",
        limits=limits_of(node.settings.analysis),
        deliver=consequences.result,
    )


class _Failure:
    """Notes that a thread died, and stops the others: whoever restarts the process restarts all parts."""

    def __init__(self, stop: threading.Event) -> None:
        self.happened = False
        self._stop = stop
        threading.excepthook = self._note

    def _note(self, arguments: threading.ExceptHookArgs) -> None:
        name = arguments.thread.name if arguments.thread else ""
        _log.error("thread_failed", thread=name, exc_info=arguments.exc_value)
        self.happened = True
        self._stop.set()


def _start(part: Callable[[threading.Event], None], stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=part, args=(stop,), name=part.__qualname__, daemon=True)
    thread.start()
    return thread
