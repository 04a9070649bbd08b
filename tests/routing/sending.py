"""An archive, its destinations, and the loop between them."""

from dataclasses import dataclass, field
from pathlib import Path

from archive.database import Database
from archive.ingest import Archive
from archive.local_bus import LocalBus
from archive.retrieve import StoredInstance
from routing.deliveries import DeliveryLoop
from routing.dispatch import Convert, Destination


def as_is(instance: StoredInstance, source: Path, sr_class: str, folder: Path) -> StoredInstance | None:
    """Convert nothing."""
    del instance, source, sr_class, folder
    return None


@dataclass
class Sending:
    """The archive, its destinations, and the loop between them."""

    database: Database
    archive: Archive
    bus: LocalBus
    destinations: dict[str, Destination] = field(default_factory=dict)
    convert: Convert = as_is

    def find(self, name: str) -> Destination | None:
        return self.destinations.get(name)

    def loop(self) -> DeliveryLoop:
        return DeliveryLoop(
            self.database,
            self.archive.blobs,
            self.bus,
            find=self.find,
            convert=self.convert,
        )
