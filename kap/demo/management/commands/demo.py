"""manage.py demo: the believable clinic that `make run` starts with."""

import os
import time
from urllib.parse import unquote, urlsplit

import psycopg2
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from kap.core.models import Clinic
from kap.demo import build, cast
from kap.demo.world import StoryBroke

NEXT = "To begin anew with today's dates: manage.py demo --refresh"


class Command(BaseCommand):
    help = "Fill an empty database with the demonstration clinic, relative to today."

    def add_arguments(self, parser):
        parser.add_argument(
            "--refresh", action="store_true", help="make a stale demonstration anew, with today's dates"
        )
        parser.add_argument("--logins", action="store_true", help="print who can sign in, and how")

    def handle(self, *args, refresh=False, logins=False, **options):
        if settings.PRODUCTION:
            raise CommandError(
                "The demonstration is made only with KAP_MODE=demo, never in a clinic with real people."
            )
        if logins:
            return self._logins()
        if Clinic.objects.exists():
            if not refresh:
                self.stdout.write(f"There is a clinic in this database already; nothing is changed. {NEXT}")
                return None
            if not self._emptied():
                return None
        self._build()
        return None

    def _emptied(self) -> bool:
        """Whether the old demonstration was removed, so that a new one can be made."""
        if not settings.DEMO:
            raise CommandError("A clinic is emptied only with KAP_MODE=demo.")
        if not build.is_ours():
            raise CommandError("The clinic in this database is not the demonstration. It is left alone.")
        if not build.is_stale():
            self.stdout.write("The demonstration is of today already; nothing to do.")
            return False
        self.stdout.write("Removing the demonstration of an earlier day")
        owner = self._owner()
        try:
            build.wipe(owner)
        finally:
            owner.close()
        return True

    def _owner(self):
        url = os.environ.get("DATABASE_OWNER_URL", "")
        if not url:
            raise CommandError("Set DATABASE_OWNER_URL: only the owner of the database may empty it.")
        parts = urlsplit(url)
        query = {
            key: value for key, _, value in (pair.partition("=") for pair in parts.query.split("&") if pair)
        }
        owner = psycopg2.connect(
            dbname=unquote(parts.path[1:]), user=unquote(parts.username or ""), password=unquote(parts.password or ""),
            host=parts.hostname or unquote(query.get("host", "")), port=parts.port or query.get("port"),
        )  # fmt: skip
        owner.autocommit = True
        return owner

    def _build(self) -> None:
        start = time.monotonic()
        self.stdout.write(f"Making the demonstration clinic {cast.CLINIC['name']}")
        try:
            build.build(say=self._say)
        except StoryBroke as broken:
            raise CommandError(f"The demonstration could not be made.\n{broken}") from broken
        self.stdout.write(f"Made in {time.monotonic() - start:.0f} s")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _logins(self) -> None:
        self.stdout.write(f"Demo logins (password: {cast.PASSWORD}; PIN of clinicians: {cast.PIN})")
        for member in cast.STAFF:
            self.stdout.write(f"  {member.roles[0]:<11} {member.email:<27} {member.name}")
        client = cast.CLIENTS[0]
        email = f"{'.'.join(client.name.lower().split())}@mail.test"
        self.stdout.write(
            f"  {'client':<11} {email:<27} {client.name}: link and code lie in the demo mailbox, /messages/mailbox"
        )
