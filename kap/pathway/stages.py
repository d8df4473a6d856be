"""The stages of a course of treatment and the moves between them. Codes are stored."""

from django.db import models


class Stage(models.TextChoices):
    ENQUIRY = "enquiry", "Enquiry"
    INTAKE = "intake", "Intake"
    MEDICAL = "medical", "Medical evaluation"
    PREPARATION = "preparation", "Preparation"
    DOSING = "dosing", "Dosing"
    INTEGRATION = "integration", "Integration"
    FOLLOW_UP = "follow_up", "Follow-up"
    COMPLETED = "completed", "Completed"
    DECLINED = "declined", "Declined"
    DEFERRED = "deferred", "Deferred"
    WITHDRAWN = "withdrawn", "Withdrawn"
    TRANSFERRED = "transferred", "Transferred"


ALONG = (
    Stage.ENQUIRY, Stage.INTAKE, Stage.MEDICAL, Stage.PREPARATION,
    Stage.DOSING, Stage.INTEGRATION, Stage.FOLLOW_UP,
)  # fmt: skip
EXITS = (Stage.DECLINED, Stage.DEFERRED, Stage.WITHDRAWN, Stage.TRANSFERRED)
CLOSED = (Stage.COMPLETED, Stage.DECLINED, Stage.WITHDRAWN, Stage.TRANSFERRED)

FORWARD = (
    (Stage.ENQUIRY, Stage.INTAKE),
    (Stage.INTAKE, Stage.MEDICAL),
    (Stage.MEDICAL, Stage.PREPARATION),
    (Stage.PREPARATION, Stage.DOSING),
    (Stage.INTEGRATION, Stage.DOSING),
    (Stage.DOSING, Stage.INTEGRATION),
    (Stage.INTEGRATION, Stage.FOLLOW_UP),
    (Stage.FOLLOW_UP, Stage.COMPLETED),
)
# A dosing session in which no medicine was given takes the course back to where it came from.
BACK = ((Stage.DOSING, Stage.PREPARATION), (Stage.DOSING, Stage.INTEGRATION))


def legal_moves() -> tuple[tuple[str, str], ...]:
    """Every move that the database accepts. The first move of a course starts nowhere ('')."""
    moves = {("", Stage.ENQUIRY), *FORWARD, *BACK}
    moves |= {(stage, out) for stage in ALONG for out in EXITS}
    moves |= {(Stage.DEFERRED, stage) for stage in ALONG}
    moves |= {(Stage.DEFERRED, out) for out in EXITS if out != Stage.DEFERRED}
    return tuple(sorted((str(a), str(b)) for a, b in moves))


class Reason(models.TextChoices):
    """Why a course left the pathway, or came back. Coded, with words beside it."""

    CONTRAINDICATED = "contraindicated", "A contraindication was found"
    NOT_INDICATED = "not_indicated", "Not the right treatment for this need"
    NEEDS_OTHER_CARE = "needs_other_care", "Needs other care first"
    AWAITING_CLEARANCE = "awaiting_clearance", "Waiting for a clearance or a test"
    LIFE_EVENT = "life_event", "Client's circumstances: cannot go on now"
    CLIENT_CHOICE = "client_choice", "Client chose to stop"
    COST = "cost", "Cost or insurance"
    ADVERSE_EVENT = "adverse_event", "After an adverse event"
    NO_RESPONSE = "no_response", "Could not be reached"
    MOVED_CARE = "moved_care", "Care goes on elsewhere"
    READY_AGAIN = "ready_again", "What stood in the way is resolved"
    NOT_DOSED = "not_dosed", "Session closed without medicine"
    OTHER = "other", "Other"


EXIT_REASONS = {
    Stage.DECLINED: (Reason.CONTRAINDICATED, Reason.NOT_INDICATED, Reason.NEEDS_OTHER_CARE, Reason.OTHER),
    Stage.DEFERRED: (
        Reason.AWAITING_CLEARANCE,
        Reason.LIFE_EVENT,
        Reason.ADVERSE_EVENT,
        Reason.NO_RESPONSE,
        Reason.OTHER,
    ),
    Stage.WITHDRAWN: (
        Reason.CLIENT_CHOICE,
        Reason.COST,
        Reason.LIFE_EVENT,
        Reason.ADVERSE_EVENT,
        Reason.OTHER,
    ),
    Stage.TRANSFERRED: (Reason.MOVED_CARE, Reason.NEEDS_OTHER_CARE, Reason.OTHER),
}
