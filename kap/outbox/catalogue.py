"""Every message that the clinic sends: its subject, until when it is worth sending, how it is asked again.

A kind's words lie in templates/emails/<template>.html and .txt. What they may use is in `uses`; instants are
ISO strings with an offset (`starts_at`), shown in the zone named by `zone`, else in the clinic's. `path` is
an address of ours ("/sign-in/…"), made absolute at sending. No message holds a clinical word.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class MessageKind:
    """`late_after`: how long after `send_at` it is dropped, unless the row says `expires_at` itself.

    `recheck`: dotted path of `still_stands(message) -> str`, why it must not be sent, or "". `secret`: keys
    of the context that are wiped as soon as the message has ended. `always`: sent also to someone who wants
    no email, because she asked for this very message, or because it is to staff.
    """

    code: str
    words: str
    subject: str
    button: str = ""
    template: str = ""
    uses: tuple[str, ...] = ("path",)
    late_after: timedelta | None = timedelta(days=3)
    recheck: str | None = None
    secret: tuple[str, ...] = ()
    always: bool = False

    @property
    def template_name(self) -> str:
        return self.template or self.code


_SCHEDULING = "scheduling.messages.still_stands"
_APPOINTMENT = ("what", "starts_at", "zone", "where", "path")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)

_KINDS = (
    MessageKind(
        "sign_in_code", _("Sign-in link"), _("Your sign-in link and code"), _("Sign in"), uses=("path", "code"),
        late_after=timedelta(minutes=15), secret=("path", "code"), always=True,
    ),
    MessageKind(
        "staff_invitation", _("Invitation of staff"), _("Your account at %(clinic)s"), _("Set up your account"),
        late_after=7 * _DAY, secret=("path",), always=True,
    ),
    MessageKind(
        "password_reset", _("New password"), _("Choose a new password"), _("Choose a password"), late_after=_HOUR,
        secret=("path",), always=True,
    ),
    MessageKind(
        "sign_in_changed", _("Change to how staff sign in"), _("Your way to sign in was changed"), _("See your account"),
        uses=("what", "path"), always=True,
    ),
    MessageKind(
        "reset_wanted", _("Confirm a second-factor reset"), _("Please confirm: somebody lost a second factor"),
        _("See who asked"), late_after=_DAY, always=True,
    ),
    MessageKind(
        "client_invitation", _("Invitation of a client"), _("%(clinic)s has opened your account"),
        _("Open your account"), late_after=7 * _DAY, secret=("path",), always=True,
    ),
    MessageKind(
        "appointment_booked", _("Appointment booked"), _("Your appointment on %(day)s"), _("See your appointment"),
        uses=_APPOINTMENT, recheck=_SCHEDULING,
    ),
    MessageKind(
        "appointment_moved", _("Appointment moved"), _("Your appointment is now on %(day)s"), _("See your appointment"),
        uses=(*_APPOINTMENT, "was_at"), recheck=_SCHEDULING,
    ),
    MessageKind(
        "appointment_cancelled", _("Appointment cancelled"), _("Your appointment on %(day)s is cancelled"),
        _("See your appointments"), uses=_APPOINTMENT,
    ),
    MessageKind(
        "appointment_72h", _("Reminder, 3 days before"), _("Reminder: your appointment on %(day)s"),
        _("See your appointment"), "appointment_reminder", _APPOINTMENT, _DAY, _SCHEDULING,
    ),
    MessageKind(
        "appointment_24h", _("Reminder, the day before"), _("Reminder: your appointment on %(day)s"),
        _("See your appointment"), "appointment_reminder", _APPOINTMENT, timedelta(hours=12), _SCHEDULING,
    ),
    MessageKind(
        "appointment_2h", _("Reminder, 2 hours before"), _("Reminder: your appointment today"),
        _("See your appointment"), "appointment_reminder", _APPOINTMENT, _HOUR, _SCHEDULING,
    ),
    MessageKind(
        "companion_confirm", _("Companion: please confirm"), _("Can you be there on %(day)s?"), _("Answer"),
        uses=("client_first_name", "starts_at", "ends_at", "zone", "where", "role", "path"), recheck=_SCHEDULING,
        secret=("path",),  # who holds it confirms, and signs at home, in the companion's name
    ),
    MessageKind(
        "companion_chase", _("Companion: second asking"), _("Please answer: can you be there on %(day)s?"), _("Answer"),
        "companion_confirm", ("client_first_name", "starts_at", "ends_at", "zone", "where", "role", "path"), _DAY,
        _SCHEDULING, secret=("path",),
    ),
    MessageKind(
        "pre_dose_48h", _("Getting ready, 2 days before"), _("Getting ready for your appointment on %(day)s"),
        _("Read how to get ready"), "getting_ready", _APPOINTMENT, _DAY, _SCHEDULING,
    ),
    MessageKind(
        "pre_dose_12h", _("Getting ready, the evening before"), _("Getting ready for your appointment on %(day)s"),
        _("Read how to get ready"), "getting_ready", _APPOINTMENT, timedelta(hours=10), _SCHEDULING,
    ),
    MessageKind(
        "intake_unfinished", _("Forms not finished"), _("Your forms are waiting"), _("Go on with your forms"),
        late_after=2 * _DAY, recheck="intake.messages.still_stands",
    ),
    MessageKind(
        "measure_due", _("Questions due"), _("A few questions are waiting for you"), _("Answer the questions"),
        late_after=3 * _DAY, recheck="kap.measures.messages.still_stands",
    ),
    MessageKind(
        "signature_wanted", _("Something to sign"), _("Something is waiting to be read and signed"), _("Read and sign"),
        recheck="kap.documents.messages.still_stands",
    ),
    MessageKind(
        "document_copy", _("Copy of a signed document"), _("Your signed copy is ready"), _("Open your copy"),
        late_after=14 * _DAY,
    ),
    MessageKind(
        "integration_unbooked", _("Follow-up not booked"), _("A follow-up appointment is not booked yet"),
        _("Open the calendar"), recheck=_SCHEDULING, always=True,
    ),
    MessageKind(
        "integration_window_open", _("Follow-up window is open"), _("Time for your follow-up appointment"),
        _("See your appointment"), uses=("starts_at", "zone", "closes_at", "path"), late_after=_DAY,
        recheck=_SCHEDULING,
    ),
    MessageKind(
        "integration_closing", _("Follow-up window closes"), _("A follow-up window closes soon"), _("Open the record"),
        uses=("closes_at", "zone", "path"), late_after=_DAY, recheck=_SCHEDULING, always=True,
    ),
    MessageKind(
        "credential_expiring", _("Credential expiring"), _("A credential expires on %(expires_on)s"),
        _("Open the roster"), uses=("provider", "credential", "expires_on", "path"), always=True,
    ),
    MessageKind(
        "emergency_access", _("Emergency access"), _("A record was opened by emergency access"), _("Review it"),
        uses=("provider", "path"), late_after=None, always=True,
    ),
    MessageKind(
        "safety_alert", _("Safety alert"), _("Please sign in: something needs you"), _("Sign in"), late_after=None,
        recheck="kap.worklist.messages.still_stands",
        always=True,
    ),
)  # fmt: skip

CATALOGUE: dict[str, MessageKind] = {kind.code: kind for kind in _KINDS}


def get(code: str) -> MessageKind:
    """Raises KeyError for a kind that nobody described: a message without words must not be owed."""
    return CATALOGUE[code]
