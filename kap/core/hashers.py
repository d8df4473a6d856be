"""A quick password hash for demonstration and tests, where passwords are printed for everyone to use."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 at its least cost: the same code runs, without a quarter of a second of two cores for each PIN.

    Never used in production (kap.settings); a hash made here is made anew at full cost by the first sign-in there.
    """

    time_cost = 1
    memory_cost = 8 * 16  # KiB
    parallelism = 1
