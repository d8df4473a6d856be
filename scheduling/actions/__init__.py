"""Every write of the calendar. Locks in one order: resources by id, appointments by id, the course."""

from scheduling.actions.booking import book, book_dosing
from scheduling.actions.companions import (
    bring_companion,
    confirm_companion,
    decline_companion,
    name_companion,
)
from scheduling.actions.hours import Touches, add_shift, add_time_off, cancel_time_off, end_shift
from scheduling.actions.moving import move
from scheduling.actions.places import close_location, close_room, save_location, save_room, save_service
from scheduling.actions.visits import arrive, cancel, finish, no_show, release_integration
from scheduling.plans import DosingPlan
from scheduling.refusals import OutOfWindow, Taken

__all__ = [
    "DosingPlan", "OutOfWindow", "Taken", "Touches", "add_shift", "add_time_off", "arrive", "book", "book_dosing",
    "bring_companion", "cancel", "cancel_time_off", "close_location", "close_room", "confirm_companion", "decline_companion",
    "end_shift", "finish", "move", "name_companion", "no_show", "release_integration", "save_location", "save_room",
    "save_service",
]  # fmt: skip
