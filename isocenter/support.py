"""What the schema of the configuration allows and this version does not do: said, never silently ignored."""

from config.settings import Settings
from isocenter.failures import CannotStart


def refuse_unsupported(settings: Settings) -> None:
    """Check for settings that nothing would act on.

    Raises
    ------
    CannotStart
        Naming the first such key.
    """
    for key, is_set, instead in _unsupported(settings):
        if is_set:
            raise CannotStart(f"{key}: not supported by this version; {instead}")


def _unsupported(settings: Settings) -> list[tuple[str, bool, str]]:
    oidc = settings.security.oidc
    queue = settings.queue.url or ""
    return [
        ("storage.url", settings.storage.url.startswith("s3:"), "use file://"),
        ("queue.url", queue.startswith("amqp"), "use redis:// or leave it out"),
        ("security.oidc", oidc != type(oidc)(), "leave it out"),
    ]
