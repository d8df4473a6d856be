"""Every write of the dosing room."""

from sessions.actions.ending import close_not_dosed, discharge, leave_against_advice
from sessions.actions.events import call_prescriber, observe, record_event
from sessions.actions.giving import give
from sessions.actions.opening import open_session
from sessions.actions.pre_dose import answer_line, record_remote, release, screen_safety, stand_by
from sessions.actions.starting import start
from sessions.actions.striking import strike
from sessions.actions.vitals import record_vitals

__all__ = [
    "answer_line",
    "call_prescriber",
    "close_not_dosed",
    "discharge",
    "give",
    "leave_against_advice",
    "observe",
    "open_session",
    "record_event",
    "record_remote",
    "record_vitals",
    "release",
    "screen_safety",
    "stand_by",
    "start",
    "strike",
]
