"""C-ECHO, PS3.7 Section 9.1.5 and PS3.4 Annex A."""

from routing.association import Message
from scp.contexts import VERIFICATION
from scp.session import Session
from scp.statuses import Status


class Echo:
    """The Verification service."""

    verb = "echo"

    def serves(self, abstract_syntax: str) -> bool:
        """Serve Verification only."""
        return abstract_syntax == VERIFICATION

    def handle(self, session: Session, message: Message) -> None:
        """Answer success."""
        session.answer(message, Status.SUCCESS)
