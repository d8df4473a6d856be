"""How an item looks: icon and tone by urgency. Red only for what must be done now."""

from kap.worklist.models import Kind, Urgency

ICONS = {
    Kind.SAFETY: "exclamation-octagon", Kind.UNSIGNED_NOTE: "pencil-square", Kind.INTEGRATION_UNBOOKED: "calendar-plus",
    Kind.INTEGRATION_LATE: "clock-history", Kind.COMPANION_MISSING: "person-slash",
    Kind.CREDENTIAL_EXPIRING: "shield-exclamation", Kind.MESSAGE_FAILED: "send-x",
    Kind.DOCUMENT_FAILED: "file-earmark-pdf", Kind.PREDOSE_HELD: "pause-circle", Kind.ADVERSE_EVENT: "heart-pulse",
    Kind.MEASURE_OVERDUE: "list-check", Kind.RESCHEDULE: "calendar-x", Kind.SIGNATURE: "pen",
    Kind.BREAK_GLASS: "unlock",
}  # fmt: skip
TONES = {Urgency.NOW: "danger", Urgency.TODAY: "warn", Urgency.SOON: "neutral"}


def dress(item):
    """Adds icon and tone to the row, for the templates."""
    item.icon, item.tone = ICONS.get(item.kind, "check2-square"), TONES[item.urgency]
    return item
