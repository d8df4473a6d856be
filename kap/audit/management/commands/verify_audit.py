"""Are the records what was written, and are the guards in place? Exit code 1 with a list where not."""

import time

from django.core.management.base import BaseCommand, CommandError

from kap.audit import rights, verify


class Command(BaseCommand):
    help = "Checks rights, triggers, seals, history against live rows, and hashes of what is signed."

    def add_arguments(self, parser):
        parser.add_argument(
            "--anchor", default="", help="A root noted elsewhere, which the chain must still hold."
        )
        parser.add_argument("--strict", action="store_true", help="Remarks fail the check too.")

    def handle(self, *, anchor, strict, verbosity, **options):
        count, start = verify.Count(), time.monotonic()
        found = [*rights.check(), *verify.check(count, anchor)]
        seconds = time.monotonic() - start
        wrong = [one for one in found if strict or not one.remark]
        for one in found:
            if one in wrong:
                self.stdout.write(self.style.ERROR(f"WRONG   {one}"))
            elif verbosity:
                self.stdout.write(f"remark  {one}")
        if verbosity:
            self.stdout.write(
                f"{count.rows} sealed rows in {count.seals} batches, {count.live} live rows against their history, "
                f"{count.signed} hashes, in {seconds:.1f} s ({count.rows / max(seconds, 0.001):,.0f} sealed rows/s)."
            )
            self.stdout.write(f"Newest root, to note elsewhere: {verify.newest_root()}")
        if wrong:
            raise CommandError(
                f"{len(wrong)} findings. Keep the database as it is and ask who had access to it."
            )
        self.stdout.write("Nothing wrong was found.")
