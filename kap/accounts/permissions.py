"""Who may do what: roles are stable codes, permissions are sets, never ranks.

Default is deny: kap.accounts.middleware refuses every view that declares nothing.
"""

import functools
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect, resolve_url


class Role(models.TextChoices):
    """Stored; never change a code without a data migration."""

    CLIENT = "client", "Client"
    THERAPIST = "therapist", "Therapist"
    PRESCRIBER = "prescriber", "Prescriber"
    MONITOR = "monitor", "Monitor"
    ADMIN = "admin", "Admin"


CLINICAL = frozenset({Role.THERAPIST, Role.PRESCRIBER, Role.MONITOR})
STAFF = CLINICAL | {Role.ADMIN}


class Can(StrEnum):
    """One verb of the clinic each."""

    USE_ACCOUNT = "use_account"  # anyone signed in: theme, own password, sign-out
    USE_PORTAL = "use_portal"
    SIGN_OWN_CONSENT = "sign_own_consent"
    SEE_TODAY = "see_today"
    SEE_CALENDAR = "see_calendar"
    BOOK = "book"
    SEE_CLIENT_LIST = "see_client_list"
    ADD_CLIENT = "add_client"
    EDIT_CLIENT_DETAILS = "edit_client_details"
    OPEN_CHART = "open_chart"
    SEE_POOL = "see_pool"
    TAKE_FROM_POOL = "take_from_pool"
    SEE_WORKLIST = "see_worklist"
    ACKNOWLEDGE_SAFETY = "acknowledge_safety"
    SIGN_INTAKE_SESSION = "sign_intake_session"
    EVALUATE = "evaluate"
    ORDER = "order"
    SIGN_PLAN = "sign_plan"
    SIGN_PREPARATION = "sign_preparation"
    OVERRIDE_GATE = "override_gate"
    MOVE_COURSE = "move_course"
    MANAGE_CARE_TEAM = "manage_care_team"
    ENTER_DOSING = "enter_dosing"
    ANSWER_PRE_DOSE = "answer_pre_dose"
    RELEASE_DOSE = "release_dose"
    START_MEDICINE = "start_medicine"
    GIVE_DOSE = "give_dose"
    CHART_VITALS = "chart_vitals"
    DISCHARGE = "discharge"
    SIGN_INTEGRATION = "sign_integration"
    COMPLETE_COURSE = "complete_course"
    KEEP_PSYCHOTHERAPY_NOTES = "keep_psychotherapy_notes"  # her own; nobody reads another's
    SEND_FOR_SIGNATURE = "send_for_signature"
    SEE_OUTBOX = "see_outbox"
    MANAGE_ROSTER = "manage_roster"
    INVITE_STAFF = "invite_staff"
    RESET_FACTORS = "reset_factors"
    MANAGE_SETTINGS = "manage_settings"
    SIGN_PROTOCOL = "sign_protocol"
    SEE_REPORTS = "see_reports"
    SEE_AUDIT = "see_audit"
    BREAK_GLASS = "break_glass"  # emergency access to one chart outside the care teams


_ANY_STAFF = {Can.USE_ACCOUNT, Can.SEE_TODAY, Can.SEE_CALENDAR, Can.SEE_CLIENT_LIST, Can.SEE_WORKLIST}
_CLINICIAN = _ANY_STAFF | {Can.OPEN_CHART, Can.SEE_REPORTS, Can.ANSWER_PRE_DOSE, Can.CHART_VITALS}

MAY: dict[str, frozenset[Can]] = {
    Role.CLIENT: frozenset({Can.USE_ACCOUNT, Can.USE_PORTAL, Can.SIGN_OWN_CONSENT}),
    Role.THERAPIST: frozenset(
        _CLINICIAN
        | {
            Can.BOOK, Can.ADD_CLIENT, Can.EDIT_CLIENT_DETAILS, Can.SEE_POOL, Can.TAKE_FROM_POOL, Can.ACKNOWLEDGE_SAFETY,
            Can.SIGN_INTAKE_SESSION, Can.SIGN_PLAN, Can.SIGN_PREPARATION, Can.MOVE_COURSE, Can.MANAGE_CARE_TEAM,
            Can.ENTER_DOSING, Can.START_MEDICINE, Can.DISCHARGE, Can.SIGN_INTEGRATION, Can.COMPLETE_COURSE,
            Can.SEND_FOR_SIGNATURE, Can.SEE_OUTBOX, Can.KEEP_PSYCHOTHERAPY_NOTES, Can.BREAK_GLASS,
        }
    ),
    Role.PRESCRIBER: frozenset(
        _CLINICIAN
        | {
            Can.BOOK, Can.SEE_POOL, Can.TAKE_FROM_POOL, Can.ACKNOWLEDGE_SAFETY, Can.EVALUATE, Can.ORDER, Can.SIGN_PLAN,
            Can.OVERRIDE_GATE, Can.MOVE_COURSE, Can.MANAGE_CARE_TEAM, Can.ENTER_DOSING, Can.RELEASE_DOSE,
            Can.START_MEDICINE, Can.GIVE_DOSE, Can.DISCHARGE, Can.SEND_FOR_SIGNATURE, Can.SIGN_PROTOCOL,
            Can.BREAK_GLASS,
            Can.RESET_FACTORS,
        }
    ),
    Role.MONITOR: frozenset(
        _CLINICIAN | {Can.ENTER_DOSING, Can.START_MEDICINE, Can.GIVE_DOSE, Can.DISCHARGE}
    ),
    Role.ADMIN: frozenset(
        _ANY_STAFF
        | {
            Can.BOOK, Can.ADD_CLIENT, Can.EDIT_CLIENT_DETAILS, Can.SEE_POOL, Can.MANAGE_CARE_TEAM, Can.SEE_OUTBOX,
            Can.MANAGE_ROSTER, Can.INVITE_STAFF, Can.MANAGE_SETTINGS, Can.SEE_AUDIT, Can.RESET_FACTORS,
            Can.SEE_REPORTS,  # counts of the whole clinic, nobody's: small groups are hidden
        }
    ),
}  # fmt: skip


def allowed(user, can: Can | str) -> bool:
    return bool(getattr(user, "is_active", False)) and any(can in MAY[role] for role in user.roles)


def require(user, can: Can) -> None:
    """For actions: the view asked first, the action asks again."""
    if not allowed(user, can):
        raise PermissionDenied(f"This needs the right to {can.replace('_', ' ')}.")


def _page_of(request) -> str:
    """Where to go on after signing in: this page, or the page whose button was pressed."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    back = urlsplit(request.META.get("HTTP_REFERER", ""))
    return back.path if back.netloc == request.get_host() else "/"


def requires(*cans: Can):
    """The view is for signed-in people who may do at least one of these."""

    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.is_authenticated:
                if request.headers.get("X-Autosave") or request.headers.get("HX-Request"):
                    # The page stays, keeps what was typed and offers to sign in.
                    return HttpResponse(status=401)
                return redirect(f"{resolve_url('accounts:sign_in')}?{urlencode({'next': _page_of(request)})}")
            if not any(allowed(request.user, can) for can in cans):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.requires = cans
        return guarded

    return decorate


def public(why: str):
    """The view is open to people who are not signed in; `why` says on what grounds (no clinical content, own token)."""

    def decorate(view):
        view.requires = ()
        view.public_because = why
        return view

    return decorate
