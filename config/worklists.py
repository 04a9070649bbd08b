"""The section of the modality worklist."""

from config.values import FilePath, Section, Tenant


class WorklistSettings(Section):
    """Worklist entries that other systems drop as files; see `docs/how-to/worklist.md`."""

    files: bool = True
    folder: FilePath | None = None
    tenant: Tenant = "default"
