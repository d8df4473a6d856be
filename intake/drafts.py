"""Reading a course's drafts: all sections at once, and what we know already, so that nothing is asked twice."""

from dataclasses import dataclass, field

from django.utils.functional import cached_property

from intake import questions
from intake.days import clinic_today
from intake.models import Draft
from kap.pathway.stages import Stage

# While the clinic is still making up its mind; later changes are told to the care team, who ask before each session.
OPEN_STAGES = (Stage.INTAKE, Stage.MEDICAL)


@dataclass
class Drafts:
    """The answers of one course. `rows` by section key; read in one query."""

    course: object
    rows: dict[str, Draft] = field(default_factory=dict)

    @classmethod
    def of(cls, course, *, lock=False) -> "Drafts":
        rows = Draft.objects.filter(course=course).order_by("section")
        return cls(course, {row.section: row for row in (rows.select_for_update() if lock else rows)})

    @cached_property
    def everything(self) -> dict:
        """{section: stored answers}, what we know already included."""
        return {section.key: self.answers(section.key) for section in questions.SECTIONS}

    def answers(self, key: str) -> dict:
        row = self.rows.get(key)
        return row.answers if row else known_already(self.course.client, key)

    def saved_at(self, key: str):
        row = self.rows.get(key)
        return row.saved_at if row else None

    def is_started(self, key: str) -> bool:
        return key in self.rows and questions.is_started(key, self.rows[key].answers)

    def is_complete(self, key: str) -> bool:
        return key in self.rows and questions.is_complete(
            key, self.answers(key), self.everything, today=self.today
        )

    def unfinished(self) -> list[questions.Section]:
        return [section for section in questions.SECTIONS if not self.is_complete(section.key)]

    def kept(self) -> dict:
        """What would be sent: visible answers only, by section."""
        return {
            s.key: questions.kept(s.key, self.answers(s.key), self.everything) for s in questions.SECTIONS
        }

    @cached_property
    def today(self):
        """Today in the clinic's zone: a birth date may not lie ahead."""
        return clinic_today()


def can_change(course) -> bool:
    """Whether the forms may still be filled in and sent: until a prescriber has cleared the client on them.

    A deferred client who comes back answers anew: what stood in the way may be over.
    """
    if course.stage not in OPEN_STAGES:
        return False
    return not course.evaluations.filter(
        decided_at__isnull=False, decision__in=["clear", "conditions"]
    ).exists()


def known_already(client, section: str) -> dict:
    """Answers to the details that stand in the client's record. Identity and contact only, nothing clinical."""
    if section != "details":
        return {}
    born = client.birth_date
    known = {
        "legal_name": client.legal_name,
        "chosen_name": client.chosen_name,
        "pronouns": client.pronouns,
        "birth_date": {"month": str(born.month), "day": str(born.day), "year": str(born.year)}
        if born
        else {},
        "sex_at_birth": client.sex,
        "state": client.state,
        "time_zone": client.zone,
        "phone": client.phone,
        "email": client.email or (client.user.email if client.user else ""),
    }
    return {key: value for key, value in known.items() if questions.is_answered(value)}
