"""One fuzzer of one target, guided by coverage: `python -m tests.fuzz.engine NAME [libFuzzer's options]`."""

import sys

import atheris

with atheris.instrument_imports(include=["archive", "routing", "scp", "tests.fuzz"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer's options say that it is enough; a finding ends the process."""
    name, *options = sys.argv[1:]
    target = next(target for target in TARGETS if target.name == name)
    # For merging corpora libFuzzer starts itself again, by the first argument and through a shell.
    atheris.Setup([f"{sys.executable} -m tests.fuzz.engine {name}", *options], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
