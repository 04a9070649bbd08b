"""What a child process gives up that reads what others have sent."""

import resource


def confine(memory_bytes: int, *, opens_files: bool = True) -> None:
    """Give up, for good, memory beyond a limit, core files, and writing files.

    Parameters
    ----------
    memory_bytes
        Address space, not memory: libraries reserve much more than they use.
    opens_files
        Whether it has to open files, or processes, itself.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    given_up = [resource.RLIMIT_CORE, resource.RLIMIT_FSIZE]
    for limit in given_up if opens_files else [*given_up, resource.RLIMIT_NOFILE]:
        resource.setrlimit(limit, (0, 0))
