"""What the conformance statement says of unified procedure steps (PS3.4 Annex CC, PS3.18 Section 11)."""

from typing import Final

from isocenter.conformance.document import Section, points, section
from isocenter.conformance.tables import presentation_contexts, statuses
from routing.workitem_call import EVENT
from scp import contexts
from scp.attribute_find import DEFAULT_MAX_MATCHES
from scp.statuses import Status

_SYNTAXES: Final = "Implicit and Explicit VR Little Endian"
_MISSING: Final = (
    (Status.MISSING_ATTRIBUTE, Status.MISSING_ATTRIBUTE_VALUE),
    "refused: an attribute of type 1 is missing, or empty; the Error Comment names it",
)
_NO_SUCH: Final = (Status.UPS_NO_SUCH_UPS, "refused: there is no such workitem")
_N_CREATE: Final = (
    (Status.SUCCESS, "the workitem is kept"),
    (Status.UPS_CREATED_WITH_MODIFICATIONS, "the same; the Worklist Label is made up"),
    (Status.UPS_NOT_CREATED_SCHEDULED, "refused: the state is another than SCHEDULED"),
    (Status.INVALID_ATTRIBUTE_VALUE, "refused: a value is none of its attribute's, or one is given that must be empty"),
    (Status.DUPLICATE_INSTANCE, "refused: the SOP Instance exists"),
    (Status.INVALID_INSTANCE, "refused: the SOP Instance UID is not valid"),
    _MISSING,
)
_N_SET: Final = (
    (Status.SUCCESS, "the change is kept"),
    (Status.UPS_NO_LONGER_UPDATED, "refused: it is COMPLETED or CANCELED"),
    (Status.UPS_WRONG_TRANSACTION, "refused: it is IN PROGRESS, and the Transaction UID is not that of the claim"),
    (Status.UPS_NOT_IN_PROGRESS, "refused: a Transaction UID is given, and it is SCHEDULED"),
    (Status.NO_SUCH_ATTRIBUTE, "refused: the state, or an attribute that is fixed at creation, would change"),
    _NO_SUCH,
)
_CHANGE_STATE: Final = (
    (Status.SUCCESS, "the state is changed"),
    ((Status.UPS_ALREADY_CANCELED, Status.UPS_ALREADY_COMPLETED), "it is in the requested state"),
    (Status.UPS_NO_LONGER_UPDATED, "refused: it has ended otherwise"),
    (Status.UPS_WRONG_TRANSACTION, "refused: no Transaction UID, or not that of the claim"),
    (Status.UPS_ALREADY_IN_PROGRESS, "refused: it is claimed"),
    (Status.UPS_ONLY_CREATED_SCHEDULED, "refused: SCHEDULED is asked for"),
    (Status.UPS_FINAL_STATE_NOT_MET, "refused: what was performed is not told (PS3.4 Section CC.2.5.1.3)"),
    (Status.UPS_NOT_IN_PROGRESS, "refused: it is not claimed"),
    (Status.NOT_AUTHORIZED, "refused: an analyzer of this node performs it"),
    _NO_SUCH,
)
_CANCEL: Final = (
    (Status.SUCCESS, "it is canceled, or its performer is told of the request"),
    (Status.UPS_ALREADY_CANCELED, "it is canceled already"),
    (Status.UPS_CANNOT_CANCEL_COMPLETED, "refused: it is COMPLETED"),
    (Status.UPS_PERFORMER_NOT_CONTACTED, "refused: nobody is subscribed who could be told"),
    _NO_SUCH,
)
_SUBSCRIBE: Final = (
    (Status.SUCCESS, "done"),
    (Status.UPS_LOCK_NOT_GRANTED, "subscribed, without deletion lock: it has ended"),
    (Status.UPS_SUBSCRIBER_UNKNOWN, "refused: the Receiving AE is no configured remote AE"),
    (Status.UPS_ACTION_NOT_APPROPRIATE, "refused: only a global subscription can be suspended"),
    (Status.INVALID_ARGUMENT_VALUE, "refused: a filter cannot be compared"),
    _NO_SUCH,
)


def workitems() -> Section:
    """Describe unified procedure steps."""
    return section(
        "Unified procedure steps as SCP",
        presentation_contexts(sorted(contexts.UPS_CLASSES), role="SCP", syntaxes=_SYNTAXES),
        presentation_contexts([EVENT], role="SCP, as requestor", syntaxes=_SYNTAXES),
        points(
            "A job of this node is a workitem: its analyzer is the Scheduled Workitem Code (coding scheme "
            "99ISOCENTER), its series the input. PENDING is SCHEDULED, ANALYZING is IN PROGRESS, COMPLETE is "
            "COMPLETED with the results as output, every other end is CANCELED with the reason.",
            'Others may claim jobs of analyzers with `performer = "external"`. Outputs that are stored here when the '
            "step is completed become results of the node, and are delivered like all results.",
            "A workitem of others that names an analyzer of this node and one series becomes a job.",
            "Attributes of type 2 that a creator leaves out are kept without value. Of a canceled step that does not "
            "say when and why, the node says when, and (110513, DCM).",
            f"Queries are answered as those of the modality worklist, {DEFAULT_MAX_MATCHES:,} matches at most. The "
            "Transaction UID is never given out.",
            "Reports go over associations of this node's own, in order, and again after a pause where they are not "
            "taken: State, Cancel Requested, Progress and Assigned, and SCP Status Change: RESTARTED after a start "
            "(WARM START of both lists), GOING DOWN at an orderly end, to those who take it at once.",
            "A workitem that has ended is kept for 30 days, and until its deletion locks are removed.",
        ),
        statuses("N-CREATE", _N_CREATE),
        statuses("N-SET", _N_SET),
        statuses("N-ACTION, Change UPS State", _CHANGE_STATE),
        statuses("N-ACTION, Request UPS Cancel", _CANCEL),
        statuses("N-ACTION, Subscribe, Unsubscribe and Suspend", _SUBSCRIBE),
        statuses(
            "N-GET",
            (
                (Status.SUCCESS, "the attributes that are asked for, or all"),
                (Status.OPTIONAL_ATTRIBUTES_UNSUPPORTED, "the same, without attributes that are not supported"),
                _NO_SUCH,
            ),
        ),
    )
