"""Where calls may go: never to what answers any program of its machine, whoever made it call.

A remote AE is made by an administrator of a tenant, who is not to reach the machine's own credentials by it: clouds
give them to whoever connects to a fixed address. Other addresses of a hospital's network, link-local ones of devices
on one cable among them, are the administrator's business.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_METADATA_SERVICES: Final = frozenset(
    map(
        ip_address,
        (
            # AWS, Azure, Google, Oracle, DigitalOcean, OpenStack; containers of AWS; Alibaba.
            "169.254.169.254",
            "169.254.170.2",
            "169.254.170.23",
            "100.100.100.200",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
        ),
    )
)


class ForbiddenAddress(OSError):
    """The address is one that no DICOM peer has."""

    def __init__(self) -> None:
        super().__init__("the address is one that no DICOM peer has")


def is_forbidden_host(host: str) -> bool:
    """Tell whether `host` is a forbidden address, in any notation; names are looked up when they are called."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return any(_is_forbidden(str(address[0])) for *_, address in found)


def connect(host: str, port: int, seconds: float) -> socket.socket:
    """Connect to the first address of `host` that answers.

    The very address that was checked is called, so that a name cannot mean something else in between.

    Raises
    ------
    OSError
        No address answers, or one is forbidden; `TimeoutError` when the last of them was silent for `seconds`.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # A name with parts longer than the name service has.
        raise OSError("Name or service not known") from error
    if any(_is_forbidden(str(address[0])) for *_, address in found):
        raise ForbiddenAddress
    failure = OSError("Name or service not known")
    for family, kind, protocol, _, address in found:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(seconds)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _is_forbidden(text: str) -> bool:
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address in _METADATA_SERVICES
