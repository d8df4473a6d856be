"""Actions driven one after another, and what they have left behind by then."""

from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from django.db import connection

from kap.accounts import actions as accounts
from kap.audit import kept, trail
from kap.core import actions
from kap.core.clinic import change_clinic
from kap.core.models import Clinic
from kap.measures import actions as measure_actions
from kap.notes import actions as note_actions
from kap.pathway import actions as pathway
from kap.people import actions as people
from kap.people import break_glass
from kap.worklist import actions as worklist
from scheduling import actions as scheduling
from scheduling.models import Appointment
from tests.factories import measures, notes
from tests.factories.people import UserFactory
from tests.security.histories import leaves


def plain(table: str) -> str:
    return table.removesuffix("event") if table not in {one.table for one in kept.insert_only()} else table


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
    visit = Appointment.objects.get(pk=own.things["iris.visit"])
    scheduling.finish(appointment=visit, by=by)
    asked = measures.asked(own.iris.course, "gad7", occasion="other", about=uuid4())
    measure_actions.cancel(request=asked, by=by)
