"""What is wrong with a configuration, in lines for a person."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Parameters
    ----------
    place
        Where it is: the key and the file or environment variable it came from.
    text
        What is wrong with it.
    """

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ConfigurationError(Exception):
    """The configuration cannot be used; the message is one line.

    Parameters
    ----------
    problems
        Everything that is wrong, the first one for the message.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        more = f" (and {len(problems) - 1} more: isocenter config check)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
