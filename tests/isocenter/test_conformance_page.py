"""The conformance statement in the documentation is that of the defaults, as the node generates it."""

from pathlib import Path

from config.settings import Settings
from isocenter.conformance import statement

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "conformance.md"


def test_the_page_is_what_isocenter_conformance_prints() -> None:
    assert PAGE.read_text().strip() == statement(Settings()).strip(), (
        "run `isocenter conformance > docs/reference/conformance.md`"
    )
