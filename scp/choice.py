"""Several services behind one command field: PS3.7 has one N-CREATE, PS3.4 many meanings of it."""

from collections.abc import Sequence

from scp.session import Service


class Choice:
    """The services of one command field, told apart by SOP class.

    Parameters
    ----------
    services
        In the order they are asked.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = tuple(services)

    def service_for(self, abstract_syntax: str) -> Service:
        """Give the service for a SOP class; the first one where none serves it, which then refuses."""
        return next((each for each in self._services if each.serves(abstract_syntax)), self._services[0])
