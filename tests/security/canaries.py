"""Marks in every clinical text of the ground, and who sees them on which page.

While the ground of tests/security/ground.py is built, every clinical text gets a mark of its client at the end
(`planting`), so that a page that shows it is known by it, whatever the page. CLINICAL says which fields are.
"""

import re
from contextlib import contextmanager

from django.apps import apps
from django.db import connection, models
from django.db.models.query import QuerySet
from django.db.models.signals import pre_save
from django.urls import reverse

from intake.models import Order, Plan
from kap.audit.models import AccessLog
from kap.audit.trail import way_to_client
from kap.core.history import Event
from kap.worklist import actions as worklist
from scheduling.models import Appointment
from sessions.models import DosingSession
from tests.factories.people import AllergyFactory, MedicineFactory
from tests.security.matrix import lines
from tests.security.test_url_matrix import undone

# Free text about a client, by model. Frozen contents are made of these, and so carry the marks too.
CLINICAL = {
    "people.Allergy": {"substance", "reaction"},
    "people.Medicine": {"name", "how_often", "why", "hold_words"},
    "pathway.StageMove": {"words"},
    "pathway.Override": {"reason"},
    "worklist.Item": {"title", "detail", "what_was_done"},
    "documents.SignatureRequest": {"question", "declined_words"},
    "documents.Withdrawal": {"reason"},
    "measures.Response": {"answers"},
    "measures.Request": {"draft"},
    "notes.Note": {"body"},
    "notes.Addendum": {"text"},
    "scheduling.Appointment": {"note"},
    "scheduling.WaitlistEntry": {"words"},
    "intake.Draft": {"answers"},
    "intake.Flag": {"words", "mend"},
    "intake.Evaluation": {"notes", "conditions", "reasons"},
    "intake.FlagAnswer": {"words"},
    "intake.Diagnosis": {"words", "trials"},
    "intake.Order": {"instructions", "soft_reason", "end_words"},
    "intake.Plan": {"problems", "goals", "interventions", "support"},
    "dosing.DosingSession": {"intention", "end_words", "remote_disconnect_plan"},
    "dosing.PreDoseAnswer": {"detail"},
    "dosing.Release": {"findings", "reason"},
    "dosing.Administration": {"not_witnessed_reason", "soft_reason"},
    "dosing.Vitals": {"findings", "note"},
    "dosing.Observation": {"words"},
    "dosing.AdverseEvent": {"words", "action_taken", "told"},
    "dosing.Strike": {"reason"},
    "dosing.Discharge": {"criteria", "words"},
    "integration.CourseSummary": {"words", "facts"},
}
# Text that is not clinical, or that is made of what is marked already.
PLAIN = {
    "people.Client": "who she is and how to reach her: what admins see too",
    "people.Contact": "who is around her",
    "people.TeamMember": "why somebody covers for whom",
    "people.BreakGlass": "why a record was opened: for the privacy officer, without clinical words",
    "outbox.Message": "messages hold no clinical word; a test reads them all",
    "documents.Document": "frozen: made of what is marked",
    "documents.Signature": "who signed, when and how",
    "documents.DocumentPdf": "compressed, made of what is marked; its page is asked below like every other",
    "documents.RenderJob": "what went wrong in drawing a page",
    "intake.Submission": "frozen: made of what is marked",
    "intake.TelemedicineBasis": "which law allows a session by video",
    "notes.PsychotherapyNote": "sealed; asked for by its own line below",
}
PLAIN_FIELDS = {
    "by_label", "asked_by", "booked_by", "ended_by", "sent_by", "joined_by", "cancelled_by", "withdrawn_by", "given_by",
    "answered_by", "companion_confirmed_by", "printed_name", "sha256", "content", "key", "link", "link_words", "gate",
    "evidence", "instrument", "version", "questions_version", "section", "code", "source", "question", "line", "role",
    "band", "dose_unit", "strength", "patient_state", "serious_reasons", "remote_address", "remote_state",
    "remote_callback", "remote_emergency_number", "remote_nearest_ed",
}  # fmt: skip
TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
MARK = re.compile(r"zq[0-9a-f]{10}zq")
LINES = [line for line in lines() if line.get]
# One of each role, so that `make test` stays quick; `make sweep` sends everybody.
FIRST = ("therapist", "prescriber", "monitor", "admin", "client", "companion")


def mark_of(client_id) -> str:
    return f"zq{client_id.hex[:10]}zq"


# ---------------------------------------------------------------- planting


def text_fields(model):
    return [f for f in model._meta.concrete_fields if isinstance(f, TEXT) and not f.choices]


def about_clients():
    return [m for m in apps.get_models() if not issubclass(m, Event) and way_to_client(m) is not None]


def client_of(row):
    for field in way_to_client(type(row)):
        row = getattr(row, field.name)
        if row is None:
            return None
    return row.pk


SENTENCE = re.compile(
    r"[^0-9]+ [^0-9]+ [^0-9]+"
)  # not a name, a phone number or an address, which forms check


def marked(value, mark: str, room: int | None, inside: bool = False):
    """The text with the mark behind it; in JSON every string that is a sentence."""
    if isinstance(value, dict):
        return {key: marked(one, mark, room, True) for key, one in value.items()}
    if isinstance(value, list):
        return [marked(one, mark, room, True) for one in value]
    if not isinstance(value, str) or not value.strip() or MARK.search(value):
        return value
    if inside and not SENTENCE.fullmatch(value):
        return value
    longer = f"{value} {mark}"
    return value if room and len(longer) > room else longer


@contextmanager
def planting(planted: set):
    def plant(sender, instance, **kwargs):
        fields = CLINICAL.get(sender._meta.label, ())
        client = client_of(instance) if fields else None
        for name in fields if client else ():
            before = getattr(instance, name)
            room = getattr(sender._meta.get_field(name), "max_length", None)
            after = marked(before, mark_of(client), room)
            if after != before:
                setattr(instance, name, after)
                planted.add(f"{sender._meta.label}.{name}")

    usual = QuerySet.bulk_create

    def bulk_create(self, objs, *args, **kwargs):
        objs = list(objs)
        for one in objs:
            plant(self.model, one)
        return usual(self, objs, *args, **kwargs)

    pre_save.connect(plant, weak=False, dispatch_uid="marks")
    QuerySet.bulk_create = bulk_create
    try:
        yield
    finally:
        pre_save.disconnect(dispatch_uid="marks")
        QuerySet.bulk_create = usual


def say_more(client, admin) -> None:
    """Clinical words where the ground left them empty, so that more pages show some."""
    MedicineFactory(client=client, why="to sleep", hold_words="Not on the day")
    AllergyFactory(client=client)
    worklist.raise_item(
        key=f"more:{client.pk}", kind="adverse_event", urgency="now", title="Was dizzy", detail="Felt faint at home",
        client=client, by=admin,
    )  # fmt: skip
    for visit in Appointment.objects.filter(attendees__client=client):
        visit.note = "Afraid of needles"
        visit.save(update_fields=["note"])
    for session in DosingSession.objects.filter(course__client=client, ended_at=None):
        session.intention = "To sleep through"
        session.save(update_fields=["intention"])
    for order in Order.objects.filter(course__client=client, signed_at=None):
        order.instructions = "Slowly, and with company"
        order.save(update_fields=["instructions"])
    for plan in Plan.objects.filter(course__client=client, signed_at=None):
        plan.support = "A friend at home"
        plan.save(update_fields=["support"])


# ---------------------------------------------------------------- asking


def browsers(ground, line, words=FIRST):
    """(word, browser) of those of whom the matrix says that they may."""
    whose = ground.own.client_of(line.words)
    mine = ground.clients["own"].get(whose, ground.clients["own"]["iris"])
    theirs = ground.clients["other"].get(whose, ground.clients["other"]["iris"])
    every = ground.visitors | {"client": mine, "client elsewhere": theirs}
    return [(word, every[word]) for word in words if word in line.get and word in every]


def label_of(browser) -> str:
    user = browser.session.get("_auth_user_id")
    return f"user:{user}" if user else ""


def ask(ground, line, browser):
    """(status, marks on the page, rows that were written to the log), all taken back."""
    with undone():
        last = AccessLog.objects.order_by("-id").values_list("id", flat=True).first() or 0
        answer = browser.get(reverse(line.name, args=ground.own.args(*line.words)))
        body = answer.content.decode("utf-8", "replace")
        rows = list(AccessLog.objects.filter(id__gt=last)) if not connection.needs_rollback else []
    return answer.status_code, set(MARK.findall(body)), rows


def unlogged(ground, line, word, browser) -> list[str]:
    """Marks on the page without a row for that client by that person."""
    _, marks, rows = ask(ground, line, browser)
    actor = label_of(browser)
    known = {row.client_id for row in rows if row.actor == actor or (not actor and row.actor)}
    return [
        f"{line.id} as {word}: shows {mark} and wrote no opening"
        for mark in sorted(marks) if ground.by_mark.get(mark, mark) not in known
    ]  # fmt: skip


def walk(ground, words=FIRST):
    """(problems, pages with marks, pairs of line and word that wrote openings of a client)."""
    problems, showing, logged = [], set(), {}
    for line in LINES:
        for word, browser in browsers(ground, line, words):
            _, marks, rows = ask(ground, line, browser)
            actor = label_of(browser)
            known = {row.client_id for row in rows if row.actor == actor or (not actor and row.actor)}
            problems += [
                f"{line.id} as {word}: {mark}"
                for mark in marks
                if ground.by_mark.get(mark, mark) not in known
            ]
            if marks:
                showing.add(line.id)
            if marks or any(row.client_id for row in rows):
                logged.setdefault(line.id, (line, word, browser))
    return problems, showing, logged
