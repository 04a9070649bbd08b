"""What the configuration lets others do with the jobs of this node."""

from archive.workitems import Performing
from config.settings import Settings
from isocenter.consequences import Consequences


def performing_of(settings: Settings) -> Performing:
    """Name the analyzers whose jobs are performed elsewhere; their results go where all results go."""
    return Performing(
        external={
            item.name: item.lease_seconds for item in settings.analyzer if item.performer == "external" and item.enabled
        },
        deliver=Consequences(settings).result,
    )
