"""`isocenter send`: queue what the archive holds for a remote AE."""

from collections import defaultdict
from typing import Annotated

import typer

from access import remote_aes
from archive import deliveries, retrieve
from archive.errors import NotFound
from archive.origin import DEFAULT_TENANT
from isocenter.cli.options import Config, node_database, output, settings_of
from isocenter.wiring import bus_of, now

sending = typer.Typer(add_completion=False)


@sending.command()
def send(
    study_uid: Annotated[str, typer.Argument(help="Study Instance UID.")],
    to: Annotated[str, typer.Option("--to", help="Name of a remote AE.")],
    series: Annotated[str | None, typer.Option(help="Series Instance UID: only this series.")] = None,
    tenant: Annotated[str, typer.Option(help="Whose study it is.")] = DEFAULT_TENANT,
    config: Config = None,
) -> None:
    """Queue a study, or a series of it, for C-STORE to a remote AE. The node's worker sends it."""
    settings = settings_of(config, role="send")
    with node_database(settings) as database:
        database.read(remote_aes.get, to)
        found = database.read(
            retrieve.instances, tenant, study_uids=(study_uid,), series_uids=(series,) if series else ()
        )
        if not found:
            raise NotFound(f"Study {study_uid}{f', series {series}' if series else ''}.")
        by_series: dict[str, list[str]] = defaultdict(list)
        for instance in found:
            by_series[str(instance.series_instance_uid)].append(str(instance.sop_instance_uid))
        queued = 0
        for series_uid, sop_instance_uids in by_series.items():
            queued += database.write(
                deliveries.enqueue,
                tenant,
                study_uid=study_uid,
                series_uid=series_uid,
                sop_instance_uids=sop_instance_uids,
                destination=to,
                cause="manual",
                now=now(),
                again=True,
            )
    with bus_of(settings) as bus:
        bus.publish("deliveries")
    output.print(f"{queued} objects queued for {to}")
