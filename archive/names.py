"""Names that nobody else gives: a random beginning for each process, and a count from there on.

To ask the kernel for random bytes each time costs a system call for every object.
"""

import os
import secrets
from itertools import count
from typing import Final

_RANDOM_BYTES: Final = 6
_COUNT_MODULUS: Final = 1 << 32


class _Names:
    def __init__(self) -> None:
        self.begin()
        os.register_at_fork(after_in_child=self.begin)

    def begin(self) -> None:
        self.beginning = secrets.token_hex(_RANDOM_BYTES)
        self.numbers = count()


_NAMES: Final = _Names()


def new_name() -> str:
    """Return a name: 20 hexadecimal digits. Safe to call from any thread, and in processes that were forked."""
    return f"{_NAMES.beginning}{next(_NAMES.numbers) % _COUNT_MODULUS:08x}"
