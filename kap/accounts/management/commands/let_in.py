"""manage.py let_in: for who runs the server, when every admin is locked after too many failed tries to sign in.

A hundred wrong passwords for each of their addresses are enough for that, and anybody may send them.
"""

from django.core.management.base import BaseCommand, CommandError

from kap.accounts.models import User
from kap.accounts.second import actions
from kap.core.actions import System
from kap.core.errors import Refused


class Command(BaseCommand):
    help = "Let somebody try to sign in again who is locked after too many failed tries. Needs no admin."

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, *args, **options):
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None or not user.is_staff_member:
            raise CommandError("No staff account has this email address.")
        try:
            actions.let_in(user=user, by=System("let_in command"))
        except Refused as refused:
            raise CommandError(" ".join(refused.reasons)) from refused
        self.stdout.write(f"{user.name} can try to sign in again, with the same password and second factor.")
