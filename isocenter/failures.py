"""What ends a command, with the exit code it ends with."""

EXIT_CONFIGURATION = 2


class CannotStart(Exception):
    """The node cannot run as configured: one clear line, exit code 2."""
