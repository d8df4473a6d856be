"""Starting the medicine: the one moment at which every paper must hold, in Python and in the database."""

from kap.accounts.permissions import Can, require
from kap.core import clock
from kap.core.actions import action
from kap.core.errors import Refused, Stale
from kap.pathway.gates import require_open
from kap.pathway.models import Setting
from sessions import facts
from sessions.actions.common import lock, not_ended, prove
from sessions.entry import papers
from sessions.models import DosingSession
from sessions.words import said_in_words


def start(*, session, second_person=None, pin: str = "", by) -> DosingSession:
    """Start the medicine: gate "start the medicine", then the papers in force are written into the session.

    second_person: whoever confirms with her PIN at this screen; without one, who stood by before (`stand_by`).
    At home nobody on the staff needs to stand by; the chaperone and the clinician on video are lines of the check.
    Raises GateClosed, Refused (wrong PIN, a paper missing), Stale (started or ended meanwhile), PermissionDenied.
    """
    prove(second_person, pin, by)
    return _start(session=session, second_person=second_person, by=by)


@action("dosing.start")
def _start(*, session, second_person, by) -> DosingSession:
    require(by, Can.START_MEDICINE)
    session = lock(session)
    not_ended(session)
    if session.started_at:
        at = session.started_at.astimezone(facts.zone(session.appointment))
        raise Stale(f"{session.started_by.name} started the medicine at {at:%H:%M}.")
    if second_person is not None:
        session.second_person = second_person
    if session.second_person_id == by.pk:
        _swap_or_refuse(session)
    require_open("start_medicine", session.course, session)
    for name, paper in papers(session).items():
        setattr(session, name, paper)
    session.started_at, session.started_by = clock.now(), by
    with said_in_words():
        session.save()
    return session


def _swap_or_refuse(session) -> None:
    """One person is not two. At home she needs no second one on the staff."""
    if session.setting != Setting.REMOTE:
        raise Refused("You are down as the second person. Somebody else must start, or stand by.")
    session.second_person = None
