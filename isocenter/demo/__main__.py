"""`python -m isocenter.demo`: what `make demo` runs."""

import sys
from pathlib import Path

from isocenter.demo.play import play
from isocenter.demo.terminal import own_foreground_group

if __name__ == "__main__":
    with own_foreground_group():
        code = play(Path("data") / "demo")
    sys.exit(code)
