"""Who a request comes from, and how it proved that."""

from dataclasses import dataclass

from access.principals import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A proven identity.

    Parameters
    ----------
    principal
        User or API key.
    ambient
        Whether a browser adds the proof to requests by itself (cookie, HTTP Basic): such requests may come from
        another site's page.
    session
        The session's token, for those who came with a cookie.
    csrf
        The session's token against cross-site requests.
    """

    principal: Principal
    ambient: bool
    session: str | None = None
    csrf: str | None = None
