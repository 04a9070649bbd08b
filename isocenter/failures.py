"""What ends a command, with the exit code it ends with."""

EXIT_FAILED = 1
EXIT_CONFIGURATION = 2


class CannotStart(Exception):
    """The node cannot run as configured: one clear line, exit code 2."""


class CommandFailed(Exception):
    """What was asked for could not be done: one clear line, exit code 1."""
