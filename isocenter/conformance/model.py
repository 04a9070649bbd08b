"""The implementation model of the conformance statement (PS3.2 Section A.4.1)."""

from typing import Final

from isocenter.conformance.document import Drawing, Section, points, section, table

_FLOW: Final = """\
                        +-------------------------------------+
 modality, archive  --> | receive: Storage SCP                | --> files and index
                        +-------------------------------------+
                                        | series complete
                                        v
                        +-------------------------------------+
                        | analyze: models of this node        | --> SR and SEG, received as above
                        +-------------------------------------+
                                        | routing rules, return to sender
                                        v
                        +-------------------------------------+
 archive            <-- | deliver: Storage SCU                |
                    <-- | confirm: Storage Commitment SCU,    |
                        |          Query SCU                  |
 RIS                <-- | announce: Instance Availability SCU |
                        +-------------------------------------+
                        +-------------------------------------+
 workstation       <--> | answer: Query/Retrieve SCP          |
 modality          <--> | commit, schedule: Storage           |
                        |  Commitment, Worklist, MPPS SCP     |
                        +-------------------------------------+
                        +-------------------------------------+
 other archives    <--> | fetch: Query/Retrieve SCU           | <-- a person, by page, API or command
                        +-------------------------------------+"""
_ACTIVITIES: Final = (
    ("receive", "a peer sends objects", "each is on disk and in the index before it is answered with success"),
    ("analyze", "a series is complete", "models that take the series make results; these are received like any object"),
    ("deliver", "a rule, a result or a person asks for it", "objects go to remote AEs, with retries"),
    ("confirm", "objects were delivered", "the remote AE is asked whether it keeps them"),
    ("announce", "a series is complete, or a result is there", "remote AEs with `availability` are told of it"),
    ("answer", "a peer queries or retrieves", "matches and objects of the tenant of the remote AE"),
    ("commit", "a peer asks for commitment", "its objects are read again, and it gets a report"),
    ("schedule", "a modality asks for its worklist, or reports a step", "entries are told, and follow the step"),
    ("perform", "a peer creates, claims or watches a workitem", "jobs of this node are workitems, and may be claimed"),
    ("fetch", "a person asks for it", "a remote archive is queried, studies are retrieved from it"),
)


def model() -> Section:
    """Describe the application entity and what makes it act."""
    return section(
        "Implementation model",
        section("Application data flow", Drawing(_FLOW)),
        section(
            "Functional definition of the AE",
            "One application entity with one AE title does all of this, in several processes that share a port.",
            table(("Activity", "When", "What"), _ACTIVITIES),
        ),
        section(
            "Sequencing of activities",
            points(
                "A series is complete when nothing of it came for `analysis.quiet_seconds` and no association of its "
                "sender is open, or when a completed performed procedure step lists exactly what is here.",
                "Objects that come later complete the series again: results of the earlier run are superseded.",
                "An object is delivered after it was stored, and confirmed after it was delivered.",
            ),
        ),
    )
