"""The quick hash is for demonstration and tests alone, and gives way to the real one."""

from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, identify_hasher, make_password

from kap.core.hashers import QuickArgon2


def test_quick_hashes_are_argon2_and_prove_the_password():
    made = make_password("alder house is a demo")
    assert isinstance(identify_hasher(made), QuickArgon2)
    assert check_password("alder house is a demo", made)
    assert not check_password("alder house is no demo", made)


def test_the_real_hasher_reads_a_quick_hash_and_wants_it_anew():
    quick, real = make_password("alder house is a demo"), Argon2PasswordHasher()
    assert real.verify("alder house is a demo", quick)
    assert real.must_update(quick)
