"""manage.py rotate_keys: seal everything that is encrypted anew, under the newest key of FIELD_KEYS."""

from django.core.management.base import BaseCommand, CommandError

from kap.core import reseal, vault
from kap.core.vault import NoKeys

SHOWN = 5  # ids of rows that do not open


class Command(BaseCommand):
    help = (
        "Seals every encrypted value anew under the newest key of FIELD_KEYS, while the clinic works. May be ended "
        "and started again. An old key may be taken away only when this says that nothing is under it any more."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="only count what is not under the newest key"
        )
        parser.add_argument("--batch", type=int, default=reseal.BATCH, help="rows in one transaction")

    def handle(self, *args, check: bool, batch: int, **options):
        if batch < 1:
            raise CommandError("--batch wants at least 1.")
        try:
            newest = vault.keys().newest
        except NoKeys as error:
            raise CommandError(str(error)) from None
        left = sum(self._one(place, check=check, batch=batch) for place in reseal.places())
        if left:
            raise CommandError(
                f"Not done: {left} {'value is' if left == 1 else 'values are'} not under {newest}. "
                "Keep the old keys in FIELD_KEYS. Does every host have the newest key first? Then run this again."
            )
        self.stdout.write(f"Done: everything is under {newest}. Older keys may be taken out of FIELD_KEYS.")

    def _one(self, place, *, check: bool, batch: int) -> int:
        if check:
            left = place.behind().count()
            self.stdout.write(
                f"{place.label}: {place.rows().count()} values, {left} not under the newest key"
            )
            return left
        count = reseal.rotate(place, batch=batch)
        self.stdout.write(f"{place.label}: {count.total} values, {count.done} sealed anew, {count.left} left")
        if count.unreadable:
            some = ", ".join(str(pk) for pk in count.unreadable[:SHOWN])
            self.stdout.write(f"  {len(count.unreadable)} could not be opened, among them {some}")
        return count.left
