"""What the lock of an idle tablet may show of a session under way: the room and the times, never a name.

Named by dotted path in settings.LIVE_ROOMS, since kap.accounts stands to the left.
"""

from sessions.flowsheet import Flowsheet
from sessions.models import DosingSession


def rooms(user, ids: list[str]) -> list[dict]:
    """Of these sessions those under way that `user` may see. `since`: the dose, before it the start; `due`: next vitals.

    Times are aware instants in UTC; `due` is None before the first dose.
    """
    live = DosingSession.objects.visible_to(user).live().filter(pk__in=ids, started_at__isnull=False)
    return [
        {
            "id": str(session.pk), "room": room_words(session), "dosed": session.first_dose_at is not None,
            "since": session.first_dose_at or session.started_at, "due": Flowsheet(session).next_due,
        }
        for session in live.select_related("appointment__room", "appointment__location", "course", "order")
    ]  # fmt: skip


def room_words(session) -> str:
    if session.setting == "remote":
        return "At home, by video"
    return getattr(session.appointment.room, "name", "") or session.appointment.location.name
