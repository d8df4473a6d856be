"""Accounts: opening them, their roles, passwords and PINs, and the codes that clients sign in with."""

from datetime import timedelta

from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from kap.accounts import limits, mail, pins, tokens
from kap.accounts.models import Invitation, RoleGrant, SignIn, SignInCode, User
from kap.accounts.permissions import STAFF, Can, Role, require
from kap.audit import access
from kap.core import clock
from kap.core.actions import System, action, audit_label, constraint_name
from kap.core.errors import Refused, Stale

CODE_LASTS = timedelta(minutes=15)
CODE_TRIES = 5
INVITATION_LASTS = timedelta(days=7)
RESET_LASTS = timedelta(hours=1)
EMAIL_TAKEN = "There is an account with this email address already."


# ---------------------------------------------------------------- accounts and roles


@action("accounts.open")
def open_account(*, email: str, name: str, roles, password: str | None = None, by) -> User:
    """A new account with its roles. Without a password it can be used only by emailed code (clients).

    Raises Refused when the address has an account already.
    """
    if not isinstance(by, System | Invitation):
        require(by, Can.ADD_CLIENT if set(roles) == {Role.CLIENT} else Can.INVITE_STAFF)
    user = User(email=email.strip(), name=name.strip())
    if password is None:
        user.set_unusable_password()
    else:
        user.set_password(password)
    try:
        user.save(force_insert=True)
    except IntegrityError as error:
        if constraint_name(error) == "one_account_per_email":
            raise Refused(EMAIL_TAKEN) from error
        raise
    _grant(user, roles, by)
    return user


@action("accounts.change_email")
def change_email(*, user, email: str, by) -> User:
    """The address by which she signs in. Raises Refused when it is somebody else's.

    Whoever read the old one may have been let in by it: what was mailed there opens nothing more, and she is signed
    out everywhere.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    user.email = email.strip()
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError as error:
        if constraint_name(error) == "one_account_per_email":
            raise Refused(EMAIL_TAKEN) from error
        raise
    SignInCode.objects.filter(user=user, used_at=None).update(expires_at=clock.now())
    _end_all(user)
    return user


@action("accounts.change_roles")
def change_roles(*, user, roles, by) -> User:
    """Grant what is new, end what is gone. The clinic always keeps one active admin. Raises Refused.

    Somebody who loses a role is signed out everywhere.
    """
    require(by, Can.INVITE_STAFF)
    wanted = {Role(role) for role in roles}
    if not wanted or not wanted <= STAFF:
        raise Refused("Choose at least one role, or deactivate the account instead.")
    _lock_admins()
    user = User.objects.select_for_update().get(pk=user.pk)
    withdrawn = user.roles - wanted - {Role.CLIENT}
    if Role.ADMIN in withdrawn:
        _another_admin_than(user, "This is the last admin. Make somebody else admin first.")
    RoleGrant.objects.filter(user=user, ended_at=None).exclude(role__in=[*wanted, Role.CLIENT]).update(
        ended_at=clock.now(), ended_by=audit_label(by)
    )
    _grant(user, wanted - set(user.roles), by)
    if withdrawn and user.pk != getattr(
        by, "pk", None
    ):  # who gives a role of her own back stays where she is
        _end_all(user)
    return user


@action("accounts.deactivate")
def deactivate(*, user, by) -> User:
    """No more signing in; open sessions end with their next request. Records stay. Raises Refused, Stale."""
    require(by, Can.INVITE_STAFF)
    if by.pk == user.pk:
        raise Refused("You cannot deactivate your own account. Ask another admin.")
    _lock_admins()
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        raise Stale(f"{user.name} is deactivated already.")
    if Role.ADMIN in user.roles:
        _another_admin_than(user, "This is the last admin. Make somebody else admin first.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    _end_all(user)  # else they would come back with the account
    return user


@action("accounts.reactivate")
def reactivate(*, user, by) -> User:
    require(by, Can.INVITE_STAFF)
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active:
        raise Stale(f"{user.name} is active already.")
    user.is_active = True
    user.save(update_fields=["is_active"])
    return user


@action("accounts.end_sessions")
def end_sessions(*, user, sign_ins, by) -> int:
    """Sign `user` out where she is signed in: `sign_ins` are ids of rows of hers. How many were ended.

    Her own she may end; an admin ends those of staff. Their next request finds nobody signed in.
    """
    if by.pk != user.pk:
        require(by, Can.INVITE_STAFF)
        if not user.is_staff_member:
            raise PermissionDenied("An admin ends the sign-ins of staff.")
    rows = list(SignIn.objects.filter(user=user, pk__in=sign_ins))
    for row in rows:
        row.end()
    return len(rows)


@action("accounts.sign_out")
def sign_out(*, key: str, by) -> None:
    """The row of a session that ends by itself or by its owner's hand."""
    SignIn.objects.filter(session_key=key).delete()


def _end_all(user) -> None:
    for row in SignIn.objects.filter(user=user):
        row.end()


def _grant(user, roles, by) -> None:
    for role in sorted(roles):
        RoleGrant.objects.create(user=user, role=role, granted_by=audit_label(by))
    user.__dict__.pop("_roles", None)


def _lock_admins() -> None:
    """Two admins who remove each other at the same moment must not both succeed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('kap.accounts.admins'))")


def _another_admin_than(user, words: str) -> None:
    if not User.objects.with_role(Role.ADMIN).exclude(pk=user.pk).exists():
        raise Refused(words)


# ---------------------------------------------------------------- invitations of staff


@action("accounts.invite")
def invite(*, email: str, name: str, roles, by) -> Invitation:
    """Send somebody a link by which she opens her own account. Raises Refused."""
    require(by, Can.INVITE_STAFF)
    wanted = sorted(Role(role) for role in roles)
    if not wanted or not set(wanted) <= STAFF:
        raise Refused("Choose at least one role.")
    known = User.objects.filter(email__iexact=email.strip()).first()
    if known is not None and not known.is_unclaimed:
        how = (
            "Change its roles in the list of staff."
            if known.is_staff_member
            else "Invite with another address."
        )
        raise Refused(f"{EMAIL_TAKEN} {how}")
    if pending().filter(email__iexact=email.strip()).exists():
        raise Refused("This person is invited already. Send the invitation again from the list of staff.")
    token = tokens.new_token()
    invitation = Invitation.objects.create(
        email=email.strip(), name=name.strip(), roles=wanted, token_hash=tokens.token_hash(token), invited_by=by,
        expires_at=clock.now() + INVITATION_LASTS,
    )  # fmt: skip
    _send_invitation(invitation, token, by)
    return invitation


@action("accounts.invite_again")
def invite_again(*, invitation, by) -> Invitation:
    """A new link; the old one stops working. Raises Stale when she has accepted or it was withdrawn."""
    require(by, Can.INVITE_STAFF)
    invitation = _open_invitation(invitation)
    token = tokens.new_token()
    invitation.token_hash = tokens.token_hash(token)
    invitation.expires_at = clock.now() + INVITATION_LASTS
    invitation.save(update_fields=["token_hash", "expires_at"])
    _send_invitation(invitation, token, by)
    return invitation


@action("accounts.withdraw_invitation")
def withdraw_invitation(*, invitation, by) -> Invitation:
    require(by, Can.INVITE_STAFF)
    invitation = _open_invitation(invitation)
    invitation.withdrawn_at = clock.now()
    invitation.save(update_fields=["withdrawn_at"])
    return invitation


@action("accounts.accept_invitation")
def accept_invitation(*, invitation, name: str, password: str, by) -> User:
    """Called by whoever holds the link: `by` is the invitation. Raises Stale, Refused.

    An account that somebody asked for under this address, and nobody opened, becomes hers.
    """
    invitation = _open_invitation(invitation)
    if invitation.expires_at <= clock.now():
        raise Stale("This invitation has run out. Ask the clinic to send it again.")
    known = User.objects.select_for_update().filter(email__iexact=invitation.email).first()
    if known is not None and known.is_unclaimed:
        user = _claim(known, name=name, password=password, roles=invitation.roles, by=invitation)
    else:
        user = open_account(
            email=invitation.email, name=name, roles=invitation.roles, password=password, by=invitation
        )
    invitation.accepted_at, invitation.accepted_by = clock.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    return user


def _claim(user, *, name: str, password: str, roles, by) -> User:
    SignInCode.objects.filter(user=user, used_at=None).update(expires_at=clock.now())
    user.grants.filter(ended_at=None).update(ended_at=clock.now(), ended_by=audit_label(by))
    user.name = name.strip()
    user.set_password(password)
    user.save(update_fields=["name", "password"])
    _grant(user, roles, by)
    return User.objects.get(pk=user.pk)  # its roles were read already


def pending():
    """Invitations that may still be accepted or sent again."""
    return Invitation.objects.filter(accepted_at=None, withdrawn_at=None)


def _open_invitation(invitation) -> Invitation:
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at:
        raise Stale(f"{invitation.name} has accepted this invitation already.")
    if invitation.withdrawn_at:
        raise Stale("This invitation was withdrawn.")
    return invitation


def _send_invitation(invitation, token: str, by) -> None:
    mail.owe(
        key=f"staff_invitation:{invitation.pk}:{invitation.token_hash[:12]}", kind="staff_invitation",
        send_at=clock.now(), to_address=invitation.email, to_name=invitation.name,
        context={"path": reverse("accounts:invitation", args=[token])}, expires_at=invitation.expires_at, by=by,
    )  # fmt: skip


# ---------------------------------------------------------------- passwords and PINs


@action("accounts.change_password")
def change_password(*, user, password: str, by) -> User:
    """Ends all her other sessions, since a session is bound to the password."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.set_password(password)
    user.save(update_fields=["password"])
    access.noted("password_changed", by=by, thing=user)
    return user


@action("accounts.ask_password_reset")
def ask_password_reset(*, user, by) -> None:
    """Owe the link. It works once and for an hour; choosing a password or signing in makes it void."""
    path = reverse(
        "accounts:password_new",
        args=[urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)],
    )
    now = clock.now()
    mail.owe(
        key=f"password_reset:{user.pk}:{now.isoformat()}", kind="password_reset", send_at=now, to_address=user.email,
        to_name=user.name, context={"path": path}, expires_at=now + RESET_LASTS, by=by,
    )  # fmt: skip


@action("accounts.set_pin")
def set_pin(*, user, pin: str, by) -> User:
    if why := pins.problem(pin):
        raise Refused(why)
    user = User.objects.select_for_update().get(pk=user.pk)
    user.set_pin(pin)
    user.save(update_fields=["pin"])
    for one in (limits.PIN, limits.PIN_DAY):
        limits.forget(one, str(user.pk))
    access.noted("pin_changed", by=by, thing=user)
    return user


# ---------------------------------------------------------------- codes for clients


@action("accounts.send_code")
def send_code(*, user, next_path: str = "", by) -> SignInCode:
    """Email a link and a code, good once and for 15 minutes. `next_path` is where she wanted to go.

    Raises Refused for an inactive account and for staff, who sign in by password.
    """
    if not user.is_active or Role.CLIENT not in user.roles or user.is_staff_member:
        raise Refused("This account does not sign in by code.")
    token, code, now = tokens.new_token(), tokens.new_code(), clock.now()
    row = SignInCode(
        user=user, link_hash=tokens.token_hash(token), next_path=next_path[:300], expires_at=now + CODE_LASTS
    )
    row.code_hash = tokens.code_hash(code, row.link_hash)
    row.save(force_insert=True)
    mail.owe(
        key=f"sign_in_code:{row.pk}", kind="sign_in_code", send_at=now, to_address=user.email, to_name=user.name,
        context={"path": reverse("accounts:link", args=[token]), "code": code}, expires_at=row.expires_at, by=by,
    )  # fmt: skip
    return row


@action("accounts.use_code")
def use_code(*, row, code: str, by) -> str:
    """ "signed_in", "wrong" or "ended". Answers instead of raising, so that a wrong try stays counted."""
    row = SignInCode.objects.select_for_update(of=("self",)).select_related("user").get(pk=row.pk)
    ended = (
        row.used_at or row.attempts >= CODE_TRIES or row.expires_at <= clock.now() or not row.user.is_active
    )
    if ended:
        return "ended"
    row.attempts += 1
    right = tokens.same(tokens.code_hash(code, row.link_hash), row.code_hash)
    if right:
        row.used_at = clock.now()
    row.save(update_fields=["attempts", "used_at"])
    if right:
        return "signed_in"
    return "ended" if row.attempts >= CODE_TRIES else "wrong"
