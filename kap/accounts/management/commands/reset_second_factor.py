"""manage.py reset_second_factor: for who runs the server of a clinic that has no two other people to do it."""

from django.core.management.base import BaseCommand, CommandError

from kap.accounts.models import User
from kap.accounts.second import actions
from kap.core.actions import System


class Command(BaseCommand):
    help = "Remove somebody's second factor: the person is signed out, told by mail, and sets up a new one at the next sign-in."

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("--yes", action="store_true", help="do not ask whether you are sure")

    def handle(self, *args, **options):
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None or not user.is_staff_member:
            raise CommandError("No staff account has this email address.")
        if (
            not options["yes"]
            and input(f"Remove the second factor of {user.name}? Type yes: ").strip() != "yes"
        ):
            raise CommandError("Nothing was removed.")
        actions.reset_from_server(user=user, by=System("reset_second_factor command"))
        self.stdout.write(f"Removed. {user.name} is signed out and has mail.")
