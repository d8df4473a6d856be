"""A dosing session from the door to the door: check, medicine, vital signs, discharge."""

import random
import uuid
from datetime import timedelta
from decimal import Decimal

from kap.core import clock
from kap.demo import cast, words
from kap.demo.answers import phone
from kap.demo.world import MEDICINE_STARTS, STAY, Case
from kap.worklist import actions as worklist
from kap.worklist.models import Item
from scheduling import actions as scheduling
from sessions import actions as room
from sessions import checklists, facts
from sessions.entry import active_order

# Minutes after the dose, and how much of the rise of blood pressure and pulse is there by then.
COURSE = {0: 0.0, 10: 0.3, 20: 0.75, 30: 1.0, 40: 0.9, 60: 0.55, 75: 0.35, 90: 0.2, 105: 0.1, 120: 0.05}
AT_HOME = (0, 30, 60, 90, 120)
CHECK, START = 6, MEDICINE_STARTS  # minutes after the planned beginning
DETAILS = {
    "benzodiazepine": "None this week", "fasting": "Food 07:30, water 10:15", "changes": "Nothing new",
    "preparation": "", "bladder": "No complaints",
}  # fmt: skip
FIT = {
    "aldrete": dict.fromkeys(("activity", "respiration", "circulation", "consciousness", "oxygen"), 2),
    "padss": dict.fromkeys(("vitals", "ambulation", "nausea", "pain", "bleeding"), 2),
    "moaas": 5, "oriented": True, "steady_gait": True, "new_suicidal_thoughts": False, "mood_reviewed": True,
    "companion_took_charge": True, "instructions_given": True, "integration_time_told": True,
}  # fmt: skip


class Sitting:
    """One session. `minute(n)` is the instant so many minutes after the planned beginning."""

    def __init__(self, case: Case):
        self.case, self.begins = case, case.dose.starts_at
        self.rng = random.Random(f"{case.person.name}:{case.world.offset(self.begins)}")  # noqa: S311  # nosec B311 # a story
        self.base = {"systolic_mmhg": self.rng.randint(110, 130), "heart_rate_bpm": self.rng.randint(60, 78)}
        self.session = None

    def minute(self, number: float):
        return self.begins + timedelta(minutes=number)

    def open(self) -> None:
        """The client arrives; the monitor opens the session."""
        case = self.case
        case.act = "opening the dosing session"
        with clock.at(self.minute(-8)):
            scheduling.arrive(appointment=case.dose, by=case.monitor)
        with clock.at(self.minute(0)):
            self.session = room.open_session(appointment=case.dose, by=case.monitor)

    def check(self, **vitals) -> None:
        """Every line by who may answer it, vital signs, safety screen, the second person."""
        case = self.case
        case.act = "pre-dose check"
        with clock.at(self.minute(CHECK)):
            if case.remote:
                self._place()
            self.read(0.0, **vitals)
            for line in checklists.pre_dose_lines(facts.setting_code(case.person.setting)):
                self._answer(line)
            screen = {"1": 0, "2": 0, "3": None, "4": None, "5": None, "6": 0, "6a": None}
            room.screen_safety(session=self.session, answers=screen, by=case.therapist)
            if not case.remote:
                room.stand_by(session=self.session, person=case.therapist, by=case.therapist)
        self.session.refresh_from_db()

    def _answer(self, line) -> None:
        case = self.case
        answer, detail = checklists.FINE, DETAILS.get(line.code, "")
        if line.code == "preparation":
            detail = case.pick(words.INTENTIONS)
        if line.code == "pregnancy" and not case.is_female:
            answer = checklists.NOT_APPLICABLE
        by = case.monitor if "monitor" in line.roles else case.therapist
        room.answer_line(session=self.session, line=line.code, answer=answer, detail=detail, by=by)

    def _place(self) -> None:
        case = self.case
        room.record_remote(
            session=self.session, address=case.client.address, state="CA",
            callback=f"{phone(case, 0)}, {case.companion_name} {phone(case, 2)}", emergency_number="951 555 0911",
            nearest_ed="Riverside Community, 4445 Magnolia Avenue", lozenges_before=6, photo_id_seen=True,
            disconnect_plan="Call the client, then the companion, then the emergency number after 10 minutes.",
            by=case.monitor,
        )  # fmt: skip

    def read(self, share: float, **given):
        """One reading; `share`: how much of the medicine's rise shows."""
        rise, rng = share * self.rng.randint(16, 26), self.rng
        systolic = self.base["systolic_mmhg"] + round(rise) + rng.randint(-2, 2)
        values = {
            "systolic_mmhg": systolic, "diastolic_mmhg": round(systolic * 0.62) + rng.randint(-2, 2),
            "heart_rate_bpm": self.base["heart_rate_bpm"] + round(rise * 0.6) + rng.randint(-2, 2),
            "spo2_percent": 98 - (share > 0.5) - rng.randint(0, 1), "respiratory_rate_bpm": 14 + rng.randint(-1, 2),
            "temperature_c": Decimal("36.7"), "moaas": 4 if share > 0.7 else 5,
        } | given  # fmt: skip
        if share:
            values.pop("temperature_c")
        return room.record_vitals(
            session=self.session, entry_key=uuid.uuid4(), values=values, by=self.case.monitor
        )

    def start(self) -> None:
        case = self.case
        case.act = "starting the medicine"
        with clock.at(self.minute(START)):
            self.read(0.0)
            self.session = room.start(session=self.session, by=case.monitor)
            order = active_order(
                case.course, case.person.route, case.person.setting, case.world.local(self.begins).date()
            )
            more = {"lozenge_held_minutes": 12, "lozenge_after": "spit"} if case.person.route == "sl" else {}
            room.give(
                session=self.session,
                dose_mg=order.dose_max_mg,
                witness=case.therapist,
                pin=cast.PIN,
                by=case.monitor,
                **more,
            )
        self.session.refresh_from_db()

    def chart(self, until: int) -> None:
        """Readings at the protocol's minutes, with a remark or two and, rarely, a slip that is struck through."""
        case = self.case
        case.act = "charting"
        minutes = AT_HOME if case.remote else tuple(COURSE)
        slip = self.rng.choice([None, None, None, 20])
        for number in (n for n in minutes if 0 < n <= until):
            with clock.at(self.minute(START + number)):
                if number == slip:
                    self._slip(COURSE[number])
                self.read(COURSE[number])
                if number in (30, 75):
                    room.observe(session=self.session, words=case.pick(words.OBSERVATIONS), by=case.monitor)

    def _slip(self, share: float) -> None:
        """Two digits swapped, seen at once and struck through."""
        wrong = self.read(share, heart_rate_bpm=self.base["heart_rate_bpm"] + 41)
        room.strike(
            target=wrong, reason="Heart rate mistyped; read again from the monitor.", by=self.case.monitor
        )

    def event(self, code: str, grade: int, minute: int, what: str, done: str) -> None:
        """An adverse event that has passed by the time it is written down."""
        self.case.act = "adverse event"
        with clock.at(self.minute(START + minute + 30)):
            room.record_event(
                session=self.session, code=code, grade=grade, relatedness="probable", action=done, outcome="resolved",
                onset_at=self.minute(START + minute), resolved_at=self.minute(START + minute + 25), words=what,
                action_taken="Stayed close; fluids offered.", by=self.case.monitor,
            )  # fmt: skip

    def discharge(self) -> None:
        case, stay = self.case, STAY[self.case.person.route]
        case.act = "discharge"
        with clock.at(self.minute(START + stay)):
            self.read(0.05)
            room.discharge(
                session=self.session, answers=FIT, companion=case.dose.companion, words=words.DISCHARGED,
                printed_name=case.monitor.name, lozenges_after=5 if case.remote else None, by=case.monitor,
            )  # fmt: skip


def whole(case: Case) -> None:
    """A session from the door to the door. Call after its end; each step happens at its own time."""
    case.again()
    sitting = Sitting(case)
    sitting.open()
    sitting.check()
    sitting.start()
    sitting.chart(STAY[case.person.route] - 5)
    chance = sitting.rng.random()
    if chance < 0.16:
        sitting.event("nausea", 1, 42, "Queasy while lying on the side, better sitting up.", "watched")
    elif chance < 0.26:
        sitting.event("anxiety", 2, 22, "Frightened for some minutes, calmed by voice and hand.", "comforted")
    sitting.discharge()
    case.again()


def not_given(case: Case) -> None:
    """Blood pressure stays too high; the session closes without medicine."""
    case.again()
    sitting = Sitting(case)
    sitting.open()
    case.act = "closing without medicine"
    with clock.at(sitting.minute(CHECK)):
        sitting.read(0.0, systolic_mmhg=168, diastolic_mmhg=102)
    with clock.at(sitting.minute(CHECK + 12)):
        sitting.read(0.0, systolic_mmhg=164, diastolic_mmhg=101)
    with clock.at(sitting.minute(35)):
        room.close_not_dosed(
            session=sitting.session, by=case.monitor,
            words="Blood pressure 168/102 and 164/101 twelve minutes apart; slept badly. Postponed with the prescriber.",
        )  # fmt: skip
        for item in Item.objects.filter(client=case.client, acknowledged_at=None, kind="predose_held"):
            worklist.close(key=item.key, by=case.monitor)
    case.again()
