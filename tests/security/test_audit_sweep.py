"""Nothing clinical is shown unless the opening was written down first; nothing is done without its history.

The ground is that of tests/security/ground.py. While it is built, every clinical text gets a mark of its client at
the end (`planting`), so that a page that shows it is known by it, whatever the page. Which fields are clinical is
said in one table, and a field that nobody put there fails.
"""

import pkgutil
import re
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.query import QuerySet
from django.db.models.signals import pre_save
from django.urls import reverse

from intake.models import Order, Plan
from kap.accounts import actions as accounts
from kap.audit import access, kept, trail
from kap.audit.models import AccessLog
from kap.audit.trail import way_to_client
from kap.core import actions
from kap.core.clinic import change_clinic
from kap.core.history import Event
from kap.core.models import Clinic
from kap.demo import build
from kap.measures import actions as measure_actions
from kap.notes import actions as note_actions
from kap.pathway import actions as pathway
from kap.people import actions as people
from kap.people import break_glass
from kap.worklist import actions as worklist
from scheduling.models import Appointment
from sessions.models import DosingSession
from tests.conftest import owner_connection
from tests.factories import measures, notes
from tests.factories.people import AllergyFactory, MedicineFactory, UserFactory
from tests.security.ground import standing
from tests.security.histories import QUIET, WITHOUT, leaves
from tests.security.matrix import PEOPLE, lines
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


@pytest.fixture(scope="module")
def marked_ground(django_db_setup, django_db_blocker):
    planted: set = set()
    with django_db_blocker.unblock(), one_context_each(), planting(planted), standing() as ground:
        for side in (ground.own, ground.other):
            for client in side.clients.values():
                say_more(client, ground.admin)
        ground.planted = planted
        ground.by_mark = {
            mark_of(client.pk): client.pk
            for side in (ground.own, ground.other)
            for client in side.clients.values()
        }
        yield ground


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


def test_every_text_about_a_client_is_named_as_clinical_or_not():
    unnamed = []
    for model in about_clients():
        label = model._meta.label
        names = {field.name for field in text_fields(model)}
        assert not CLINICAL.get(label, set()) - names, label
        if label not in PLAIN:
            unnamed += [
                f"{label}.{name}" for name in sorted(names - CLINICAL.get(label, set()) - PLAIN_FIELDS)
            ]
    assert unnamed == [], "say of each whether it is clinical (CLINICAL) or not (PLAIN_FIELDS)"


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


@pytest.fixture(scope="module")
def walked(marked_ground, django_db_blocker):
    with django_db_blocker.unblock():
        return walk(marked_ground)


class TestOpenings:
    def test_the_marks_are_there_to_be_seen(self, marked_ground, walked):
        assert len(marked_ground.planted) >= 22, sorted(marked_ground.planted)
        assert len(walked[1]) >= 35, sorted(walked[1])

    def test_every_page_that_shows_something_clinical_was_written_down(self, walked):
        assert walked[0] == []

    @pytest.mark.sweep
    def test_also_for_everybody_else(self, marked_ground):
        everybody = set(PEOPLE["all"]) | {"client elsewhere"}
        problems, _, _ = walk(marked_ground, sorted(everybody))
        assert problems == []

    def test_a_page_that_forgot_it_is_found(self, marked_ground, monkeypatch):
        monkeypatch.setattr(access, "opened_many", lambda *args, **kwargs: None)
        found = [
            problem for line in LINES if line.name in ("desk:chart_tab", "people:medicines", "dosing:session")
            for word, browser in browsers(marked_ground, line, ("therapist",))
            for problem in unlogged(marked_ground, line, word, browser)
        ]  # fmt: skip
        assert len({one.partition(" as ")[0] for one in found}) >= 6, found


@contextmanager
def log_unwritable():
    """The application may not add to the log: what a full disk or a lost right looks like to it."""
    owner = owner_connection()
    with owner.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON audit_accesslog FROM kap_app")
        try:
            yield
        finally:
            cursor.execute("GRANT INSERT ON audit_accesslog TO kap_app")
    owner.close()


def test_with_the_log_unwritable_every_clinical_page_is_refused(marked_ground, walked):
    wrong, pages = [], list(walked[2].values())
    assert len(pages) >= 60
    with log_unwritable():
        for line, word, browser in pages:
            status, marks, _ = ask(marked_ground, line, browser)
            if status != 503 or marks:
                wrong.append(f"{line.id} as {word}: {status}, {len(marks)} marks")
    assert wrong == []
    line, _, browser = pages[0]
    assert ask(marked_ground, line, browser)[0] == 200


def test_the_refusal_says_in_words_what_is_wrong(marked_ground):
    line = next(line for line in LINES if line.id == "desk:chart iris")
    browser = marked_ground.visitors["therapist"]
    with log_unwritable(), undone():
        answer = browser.get(f"/clients/{marked_ground.own.things['iris']}/")
    assert answer.status_code == 503
    assert "Every opening of a record is written down before it is shown" in answer.text
    assert answer["Cache-Control"] == "no-store"
    assert "Iris" not in answer.text
    assert line.get >= {"therapist"}


# ---------------------------------------------------------------- every action leaves its history


def every_verb() -> set[str]:
    """All of the product, whichever module they stand in."""
    for top in ("kap", "scheduling", "intake", "sessions", "integration"):
        package = import_module(top)
        for found in pkgutil.walk_packages(package.__path__, f"{top}."):
            if (
                ".migrations" not in found.name
                and ".sandbox" not in found.name
                and not found.name.startswith("kap.ops")
            ):
                import_module(found.name)
    return set(actions.registry)


def plain(table: str) -> str:
    return table.removesuffix("event") if table not in {one.table for one in kept.insert_only()} else table


class TestTheTables:
    def test_every_verb_is_in_exactly_one_of_them(self):
        verbs, leaving, quiet = every_verb(), set(leaves()), set(QUIET)
        assert verbs - leaving - quiet == set(), (
            "say in tests/security/histories.py what it leaves, or why nothing"
        )
        assert (leaving | quiet) - verbs == set(), "there is no such action any more"
        assert leaving & quiet == set()

    def test_every_table_keeps_its_history_or_says_why_not(self):
        tops = ("kap", "scheduling", "intake", "sessions", "integration")
        ours = [
            m for m in apps.get_models() if m.__module__.split(".")[0] in tops and not issubclass(m, Event)
        ]
        known = {one.of for one in kept.tables()}
        unnamed = [m._meta.label for m in ours if m not in known and m._meta.label not in WITHOUT]
        assert unnamed == []

    def test_what_an_action_leaves_stands_in_tables_that_are_kept(self):
        known = {plain(one.table) for one in kept.tables()}
        assert set().union(*leaves().values()) - known == set()


@contextmanager
def one_context_each():
    """In tests many actions share a transaction: what is written between two of them is nobody's."""
    usual = actions._outermost

    def run(*args):
        try:
            return usual(*args)
        finally:
            if not connection.needs_rollback:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT set_config('pghistory.context_metadata', '', true)")

    actions._outermost = run
    try:
        yield
    finally:
        actions._outermost = usual


def left_by_now() -> dict[str, dict[str, list]]:
    """verb → table → entries, of all that was written in this transaction."""
    found: dict = {}
    wide = trail.Wanted(since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime(2100, 1, 1, tzinfo=UTC))
    for entry in trail.entries(wide, 100_000):
        if entry.verb:
            found.setdefault(entry.verb, {}).setdefault(plain(entry.table), []).append(entry)
    return found


def missing_of(found) -> list[str]:
    """What the table promises of the verbs that were driven, and is not there; and rows that name nobody or no client."""
    led = {plain(one.table) for one in kept.tables() if trail.way_to_client(one.of) is not None}
    wrong = []
    for verb, tables in leaves().items():
        for table in tables if verb in found else ():
            rows = found[verb].get(table, [])
            if not rows:
                wrong.append(f"{verb} left nothing in {table}")
            if not all(row.actor for row in rows):
                wrong.append(f"{verb} in {table} names nobody")
            if table in led and not all(row.client for row in rows):
                wrong.append(f"{verb} in {table} names no client")
    return wrong


def drive(own) -> None:
    """Actions that the ground does not need, one after another."""
    by, client, admin = own.therapist, own.clients["iris"], UserFactory(roles=["admin"])
    who = people.add_client(legal_name="Una Vale", email="una@mail.example", by=by)
    people.update_client(client=who, phone="3105550100", by=admin)
    friend = people.add_contact(
        client=client,
        name="Pat Vale",
        relation="Friend",
        phone="3105550101",
        is_driver=True,
        is_adult=True,
        by=by,
    )
    people.change_contact(contact=friend, relation="Sister", by=by)
    people.end_contact(contact=friend, by=by)
    people.set_allergies(client=client, rows=[{"substance": "latex", "reaction": "rash"}], by=by)
    people.set_medicines(client=client, rows=[{"name": "lithium", "how_often": "daily"}], by=by)
    member = people.join_team(client=who, user=own.colleague, role="therapist", by=admin)
    people.leave_team(member=member, by=admin)
    people.give_account(client=who, by=admin)
    course = pathway.open_course(client=who, by=admin)
    pathway.assign(course=course, user=own.colleague, by=admin)
    stranger = people.add_client(legal_name="Vic Vale", by=admin)
    row = break_glass.break_glass(client=stranger, reason="asked", words="They ring and need help", by=by)
    break_glass.end_break_glass(emergency=row, by=by)
    user = accounts.open_account(
        email="new@alderhouse.example", name="New One", roles=["therapist"], by=admin
    )
    accounts.change_roles(user=user, roles=["therapist", "monitor"], by=admin)
    accounts.change_email(user=user, email="newer@alderhouse.example", by=admin)
    accounts.deactivate(user=user, by=admin)
    accounts.reactivate(user=user, by=admin)
    asked = accounts.invite(email="guest@alderhouse.example", name="Guest", roles=["monitor"], by=admin)
    accounts.invite_again(invitation=asked, by=admin)
    accounts.withdraw_invitation(invitation=asked, by=admin)
    provider = people.add_provider(user=user, title="LMFT", by=admin)
    people.change_provider(provider=provider, title="PhD", by=admin)
    change_clinic(clinic=Clinic.objects.get(), phone="3105550199", by=admin)
    worklist.raise_item(
        key="drive", kind="reschedule", urgency="soon", title="Look at this", client=client, by=admin
    )
    worklist.close(key="drive", by=admin)
    note = notes.signed(own.iris.course, "progress", by)
    note_actions.add_addendum(note=note, text="One more thing.", printed_name=by.name, by=by)
    asked = measures.asked(own.iris.course, "gad7", occasion="other", about=uuid4())
    measure_actions.cancel(request=asked, by=by)


class TestTheRows:
    def test_what_was_done_left_what_the_table_says(self, marked_ground):
        with undone():
            drive(marked_ground.own)
            found = left_by_now()
        assert len(found) >= 55, sorted(found)
        assert missing_of(found) == []

    def test_a_row_without_an_actor_or_a_client_is_found(self):
        bare = trail.Entry(
            datetime.now(UTC), "people_clientevent", 1, "insert", "", "people.add_client", *[""] * 5
        )
        found = {"people.add_client": {"people_client": [bare]}, "people.add_contact": {}}
        assert missing_of(found) == [
            "people.add_client in people_client names nobody", "people.add_client in people_client names no client",
            "people.add_contact left nothing in people_contact",
        ]  # fmt: skip

    @pytest.mark.sweep
    def test_the_whole_demonstration_left_what_the_table_says(self, django_db_setup, django_db_blocker):
        with django_db_blocker.unblock(), one_context_each(), suppress(Undo), transaction.atomic():
            build.build(say=lambda text: None)
            found = left_by_now()
            raise Undo
        assert len(found) >= 60, sorted(found)
        assert missing_of(found) == []


class Undo(Exception):
    """Takes the demonstration back."""
