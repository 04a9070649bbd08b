"""`python -m isocenter.roles ROLE`: a role's process, as the supervisor starts it."""

import sys

from config.errors import ConfigurationError
from config.loading import load
from isocenter import logs
from isocenter.failures import EXIT_CONFIGURATION, CannotStart
from isocenter.roles import Role, run_role


def main(role: Role) -> None:
    """Be a role, configured by file and environment as the supervisor was."""
    try:
        settings = load()
        logs.configure(settings.log, role=role.value)
        run_role(role, settings)
    except (ConfigurationError, CannotStart) as error:
        sys.stderr.write(f"isocenter: {error}\n")
        sys.exit(EXIT_CONFIGURATION)


if __name__ == "__main__":
    main(Role(sys.argv[1]))
