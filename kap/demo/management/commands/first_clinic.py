"""manage.py first_clinic: what a clinic of your own begins with; everything else is done in the browser."""

from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from intake.us_states import state_code
from kap.accounts import actions as accounts
from kap.accounts.models import User
from kap.accounts.permissions import Role
from kap.core import clinic as core
from kap.core.actions import System
from kap.core.errors import Refused
from kap.core.models import Clinic
from kap.demo import clinic as demo
from kap.documents import actions as documents
from kap.outbox.models import Message
from scheduling import actions as scheduling
from scheduling.models import Room

FOUNDER = System("first clinic")
# option, question, default
ASKED = (
    ("name", "Name of the clinic", ""),
    ("zone", "Home time zone", "America/Los_Angeles"),
    ("phone", "Telephone", ""),
    ("email", "Email address that clients may write to", ""),
    ("address", "Address in one line", ""),
    ("crisis_phone", "Crisis line that clients are shown", "988"),
    ("location", "Name of the first location", "Main clinic"),
    ("state", "State of that location (two letters)", ""),
    (
        "rooms",
        "Its rooms, as name=therapy or name=dosing, with commas between",
        "Room 1=therapy, Dosing room=dosing",
    ),
    ("admin_name", "Name of the first admin", ""),
    ("admin_email", "Email address of the first admin", ""),
)
NEXT = """
The clinic is made. Next:
  1. {name} chooses a password here (works once, for an hour; also sent by email):
     {link}
     A new link, if that has run out: manage.py first_clinic --link
     The first sign-in sets up a second factor: an authenticator app or a passkey.
  2. The admin invites a prescriber, under Staff.
  3. The prescriber reads the clinical numbers under Settings and signs the first protocol. Until then no course
     of treatment can begin.
  4. The admin enters licences and hours on the roster, and looks through rooms, services and texts."""


class Command(BaseCommand):
    help = "Make the clinic, its first location and rooms, services, texts and the first admin. Asks for what is not given."

    def add_arguments(self, parser):
        for name, question, default in ASKED:
            parser.add_argument(
                f"--{name.replace('_', '-')}", help=f"{question}{f' [{default}]' if default else ''}"
            )
        parser.add_argument(
            "--no-input", action="store_true", help="ask nothing: take defaults, or end with what is missing"
        )
        parser.add_argument(
            "--link", action="store_true", help="a new link for an admin who has no password yet"
        )

    def handle(self, *args, **options):
        if options["link"]:
            return self._link_again()
        if Clinic.objects.exists():
            raise CommandError(
                "This database has its clinic already. Change it in the browser, under Settings."
            )
        given = self._asked(options)
        rooms = self._checked(given)
        try:
            with transaction.atomic():
                admin = found(given, rooms)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(NEXT.format(name=admin.name, link=link_for(admin)))
        return None

    def _asked(self, options) -> dict[str, str]:
        given, missing = {}, []
        for name, question, default in ASKED:
            value = options[name]
            if value is None and not options["no_input"]:
                value = self._typed(f"{question}{f' [{default}]' if default else ''}: ")
            given[name] = " ".join((value or "").split()) or default
            if not given[name]:
                missing.append(f"--{name.replace('_', '-')}: {question}")
        if missing:
            raise CommandError("These are needed:\n  " + "\n  ".join(missing))
        return given

    def _typed(self, question: str) -> str:
        try:
            return input(question)
        except EOFError as nobody:
            raise CommandError(
                "Nobody is here to answer. Give every option, or --no-input for the defaults."
            ) from nobody

    def _checked(self, given) -> list[tuple[str, str]]:
        """The rooms. Raises CommandError with everything that is wrong."""
        wrong = []
        if given["zone"] not in available_timezones():
            wrong.append(f"--zone {given['zone']!r} is no time zone. Write it such as America/Los_Angeles.")
        for name in ("email", "admin_email"):
            try:
                validate_email(given[name])
            except ValidationError:
                wrong.append(f"--{name.replace('_', '-')} {given[name]!r} is no email address.")
        if not (state := state_code(given["state"])):
            wrong.append(f"--state {given['state']!r} is no US state. Write two letters, such as CA.")
        given["state"] = state
        rooms = [
            tuple(part.strip() for part in room.partition("=")[::2])
            for room in given["rooms"].split(",")
            if room.strip()
        ]
        if any(not name or kind not in Room.Kind.values for name, kind in rooms):
            wrong.append(
                f"--rooms {given['rooms']!r}: write each as name=therapy or name=dosing, with commas between."
            )
        if wrong:
            raise CommandError("\n".join(wrong))
        return rooms

    def _link_again(self) -> None:
        waiting = [user for user in User.objects.with_role(Role.ADMIN) if not user.has_usable_password()]
        if not waiting:
            raise CommandError("Every admin has a password. Use “Forgotten?” on the sign-in page.")
        for user in waiting:
            accounts.ask_password_reset(user=user, by=FOUNDER)
            self.stdout.write(f"{user.name}: {link_for(user)}")


def found(given: dict, rooms) -> User:
    """Everything in one transaction of the caller. Returns the admin, who has no password yet."""
    core.set_up_clinic(
        name=given["name"], zone=given["zone"], phone=given["phone"], email=given["email"], address=given["address"],
        crisis_phone=given["crisis_phone"], crisis_words=crisis_words(given["crisis_phone"]), by=FOUNDER,
    )  # fmt: skip
    admin = accounts.open_account(
        email=given["admin_email"], name=given["admin_name"], roles=[Role.ADMIN], by=FOUNDER
    )
    place = scheduling.save_location(
        name=given["location"], zone=given["zone"], state=given["state"], address=given["address"], by=admin
    )
    for name, kind in rooms:
        scheduling.save_room(location=place, name=name, kind=kind, by=admin)
    demo.services(by=admin)
    documents.publish_defaults(by=admin)
    accounts.ask_password_reset(user=admin, by=FOUNDER)
    return admin


def crisis_words(phone: str) -> str:
    if phone == "988":
        return Clinic._meta.get_field("crisis_words").default
    return f"Call {phone}, any time."


def link_for(user) -> str:
    """The newest link that is owed to her by email."""
    owed = Message.objects.filter(kind="password_reset", to_address=user.email).latest("owed_at")
    return f"{settings.SITE_URL}{owed.context['path']}"
