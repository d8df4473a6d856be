"""Every write about second factors, failures to sign in, and their resets. The person is told of each by mail."""

import zlib

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import F
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from kap.accounts import mail
from kap.accounts.models import User
from kap.accounts.permissions import Can, require
from kap.accounts.second import factors, resets
from kap.accounts.second.models import AppSecret, CodeSheet, Factor, FactorReset, RecoveryCode
from kap.core import clock, vault
from kap.core.actions import System, action
from kap.core.errors import Refused, Stale

FAILURES = 100  # in a row, then an admin must let her in (NIST SP 800-63B-4, section 3.2.2)
LONGEST_NAME = 60


# ---------------------------------------------------------------- factors


@action("accounts.add_app")
@sensitive_variables("secret", "code")
def add_app(*, user, secret: str, code: str, by) -> Factor:
    """An authenticator app, proved by its first code. Raises Refused for a wrong one, Stale if she has one."""
    _lock(user)
    if Factor.objects.of(user).filter(type=Authenticator.Type.TOTP).exists():
        raise Stale("An authenticator app is set up already. Remove it before you set up another.")
    step = factors.matching_step(secret, code)
    if step is None:
        raise Refused("This code does not fit. Type the one that the app shows now.")
    factor = Factor.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={}, created_at=clock.now(), last_used_at=clock.now()
    )
    row = AppSecret(authenticator_id=factor.pk, last_step=step)
    vault.write(row, "secret", secret)
    row.save(force_insert=True)
    _tell(user, "An authenticator app was added.", by)
    return factor


@action("accounts.add_passkey")
def add_passkey(*, user, name: str, credential: dict, by) -> Factor:
    """`credential`: the browser's answer, checked by `factors.finish_passkey`. Raises Refused."""
    _lock(user)
    name = " ".join(name.split())[:LONGEST_NAME]
    if not name:
        raise Refused("Give the passkey a name by which you will know it, such as “Phone”.")
    if any(one.name.lower() == name.lower() for one in Factor.objects.of(user)):
        raise Refused("You have a passkey of this name. Choose another name.")
    factor = Factor.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": credential},
        created_at=clock.now(), last_used_at=clock.now(),
    )  # fmt: skip
    _tell(user, f"A passkey was added: {name}.", by)
    return factor


@action("accounts.remove_factor")
def remove_factor(*, factor, by) -> None:
    """Raises Refused for the last one, Stale when it is gone already."""
    _lock(factor.user)
    hers = Factor.objects.of(factor.user)
    found = hers.filter(pk=factor.pk).first()
    if found is None:
        raise Stale("This was removed already.")
    if hers.count() < 2:
        raise Refused("This is your last one. Add another way to sign in, then remove it.")
    name = found.name
    found.delete()
    _tell(factor.user, f"This was removed: {name}.", by)


@action("accounts.make_codes")
def make_codes(*, user, by) -> list[str]:
    """Ten new recovery codes, told once; the ones before them no longer work. Raises Refused."""
    _lock(user)
    if not Factor.objects.of(user).exists():
        raise Refused("Set up an authenticator app or a passkey first.")
    had = CodeSheet.objects.filter(user=user).delete()[0]
    sheet, codes = CodeSheet.objects.create(user=user), factors.new_codes()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(sheet=sheet, code_hash=factors.code_hash(code, sheet)) for code in codes
    )
    if had:
        _tell(user, "New recovery codes were made. The earlier ones no longer work.", by)
    return codes


@action("accounts.keep_codes")
def keep_codes(*, user, by) -> CodeSheet:
    """She says that she kept them. Raises Stale when there are none."""
    sheet = CodeSheet.objects.select_for_update().filter(user=user).first()
    if sheet is None:
        raise Stale("Make your recovery codes first.")
    sheet.kept_at = sheet.kept_at or clock.now()
    sheet.save(update_fields=["kept_at"])
    return sheet


# ---------------------------------------------------------------- using them


@action("accounts.use_app_code")
@sensitive_variables("code")
def use_app_code(*, user, code: str, by) -> bool:
    """Whether the app shows this code now. Each code works once: its step and earlier ones are used up."""
    row = (
        AppSecret.objects.select_for_update(of=("self",))
        .filter(authenticator__user=user, authenticator__type=Authenticator.Type.TOTP)
        .first()
    )
    step = factors.matching_step(vault.read(row, "secret"), code, row.last_step) if row else None
    if step is None:
        return False
    row.last_step = step
    row.save(update_fields=["last_step"])
    Authenticator.objects.filter(pk=row.authenticator_id).update(last_used_at=clock.now())
    return True


@action("accounts.use_recovery_code")
@sensitive_variables("code")
def use_recovery_code(*, user, code: str, by) -> int | None:
    """How many are left after this one, or None when it does not fit. Each works once."""
    sheet = CodeSheet.objects.select_for_update().filter(user=user).first()
    wanted = factors.code_hash(code, sheet) if sheet else ""
    row = sheet.codes.filter(code_hash=wanted, used_at=None).first() if sheet else None
    if row is None:
        return None
    row.used_at = clock.now()
    row.save(update_fields=["used_at"])
    left = sheet.codes.filter(used_at=None).count()
    _tell(user, f"A recovery code was used. {left} of {factors.CODES} are left.", by)
    return left


@action("accounts.use_passkey")
def use_passkey(*, factor, count: int, by) -> bool:
    """`count`: how often the key says that it has signed. Where keys count (many say 0 for ever), one that does not
    go on is a copy: it is not let in, and its owner is told (WebAuthn level 2, section 7.2, step 21)."""
    row = Factor.objects.select_for_update().get(pk=factor.pk)
    last = row.data.get("count") or row.wrap().authenticator_data.counter
    if (count or last) and count <= last:
        words = f"Somebody tried to sign in with what looks like a copy of your passkey {row.name}. Tell an admin now."
        _tell(row.user, words, by)
        return False
    row.data["count"], row.last_used_at = count, clock.now()
    row.save(update_fields=["data", "last_used_at"])
    return True


# ---------------------------------------------------------------- failures in a row


@action("accounts.count_failure")
def count_failure(*, email: str, by) -> None:
    """One wrong password or code more. At the hundredth in a row the account is locked until an admin lets her in.

    The same statement runs for an address that nobody has, so that the time tells nothing.
    """
    User.objects.filter(email__iexact=email.strip()).update(failures=F("failures") + 1)
    for user in User.objects.filter(email__iexact=email.strip(), failures__gte=FAILURES, locked_at=None):
        user.locked_at = clock.now()
        user.save(update_fields=["locked_at"])
        _tell(
            user,
            f"Your account is locked after {FAILURES} failed tries to sign in. Ask an admin to let you in.",
            by,
        )


@action("accounts.forget_failures")
def forget_failures(*, user, by) -> None:
    """She is in: the row of failures ends here."""
    User.objects.filter(pk=user.pk, failures__gt=0, locked_at=None).update(failures=0)


@action("accounts.let_in")
def let_in(*, user, by) -> User:
    """An admin, or who runs the server, ends the lock after too many failures. Raises Stale."""
    if not isinstance(by, System):
        require(by, Can.INVITE_STAFF)
    user = _lock(user)
    if user.locked_at is None:
        raise Stale(f"{user.name} is not locked.")
    user.locked_at, user.failures = None, 0
    user.save(update_fields=["locked_at", "failures"])
    return user


# ---------------------------------------------------------------- reset by two


@action("accounts.ask_reset")
def ask_reset(*, user, reason: str, by) -> FactorReset:
    """Ask to remove somebody's factors, so that she can set them up anew. Raises Refused, Stale."""
    require(by, Can.RESET_FACTORS)
    _lock(user)
    if by.pk == user.pk:
        raise Refused("You cannot ask for your own. Ask a colleague to do it.")
    if not resets.may_ask(by, user):
        raise Refused("An admin asks for this.")
    if len(" ".join(reason.split())) < 10:
        raise Refused("Write a sentence: what happened, and how you know who it is that asks.")
    if not Factor.objects.of(user).exists():
        raise Stale(f"{user.name} has no second factor. One is set up at the next sign-in.")
    if not resets.confirmers(user, by.pk):
        raise Refused(
            "Nobody else here can confirm it. Who runs the server can: manage.py reset_second_factor."
        )
    _end_old(user, by)
    if FactorReset.objects.filter(user=user, confirmed_at=None, dropped_at=None).exists():
        raise Stale("This was asked already and waits to be confirmed.")
    made = FactorReset.objects.create(user=user, reason=" ".join(reason.split())[:500], asked_by=by)
    for one in resets.confirmers(user, by.pk):
        mail.owe(
            key=f"reset_wanted:{made.pk}:{one.pk}", kind="reset_wanted", send_at=clock.now(), to_address=one.email,
            to_name=one.name, context={"path": reverse("accounts:resets")}, expires_at=made.asked_at + resets.LASTS,
            by=by,
        )  # fmt: skip
    return made


def _end_old(user, by) -> None:
    ended = clock.now() - resets.LASTS
    FactorReset.objects.filter(user=user, confirmed_at=None, dropped_at=None, asked_at__lte=ended).update(
        dropped_at=clock.now(), dropped_by=by
    )


@action("accounts.confirm_reset")
def confirm_reset(*, reset, by) -> FactorReset:
    """Her factors go, her sessions end, she is told, and she sets up anew at the next sign-in. Raises Refused, Stale."""
    require(by, Can.RESET_FACTORS)
    reset = _open_reset(reset)
    if not resets.may_confirm(by, reset):
        raise Refused("Somebody else must confirm this: not who asked, and not the person concerned.")
    reset.confirmed_at, reset.confirmed_by = clock.now(), by
    reset.save(update_fields=["confirmed_at", "confirmed_by"])
    _remove_all(reset.user, by)
    return reset


@action("accounts.drop_reset")
def drop_reset(*, reset, by) -> FactorReset:
    """Nothing is removed. Who asked may withdraw it, who could confirm may refuse it."""
    require(by, Can.RESET_FACTORS)
    reset = _open_reset(reset)
    if by.pk != reset.asked_by_id and not resets.may_confirm(by, reset):
        raise Refused("Who asked may withdraw this; who may confirm it may refuse it.")
    reset.dropped_at, reset.dropped_by = clock.now(), by
    reset.save(update_fields=["dropped_at", "dropped_by"])
    return reset


@action("accounts.reset_from_server")
def reset_from_server(*, user, by) -> None:
    """For who runs the server, where a clinic has no second and third person. `by` is the command."""
    _lock(user)
    _remove_all(user, by)


def _open_reset(reset) -> FactorReset:
    reset = FactorReset.objects.select_for_update(of=("self",)).select_related("user").get(pk=reset.pk)
    if reset.confirmed_at:
        raise Stale("This was confirmed already.")
    if reset.dropped_at:
        raise Stale("This was withdrawn or refused already.")
    if reset.asked_at <= clock.now() - resets.LASTS:
        raise Stale("This was asked more than 24 hours ago. Let it be asked again, if it is still needed.")
    return reset


def _remove_all(user, by) -> None:
    Factor.objects.filter(user=user).delete()
    CodeSheet.objects.filter(user=user).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
    _tell(
        user,
        "Your second factor was removed, and you are signed out everywhere. Set up a new one when you sign in.",
        by,
    )


def _lock(user) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _tell(user, what: str, by) -> None:
    """So that she notices what she did not do herself."""
    now = clock.now()
    mail.owe(
        key=f"sign_in_changed:{user.pk}:{now.isoformat()}:{zlib.crc32(what.encode())}", kind="sign_in_changed", send_at=now,
        to_address=user.email, to_name=user.name, context={"what": what, "path": reverse("accounts:account")}, by=by,
    )  # fmt: skip
