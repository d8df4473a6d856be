"""What the evaluation page shows beside the form: the client's answers, her questionnaires, medicines, diagnoses."""

from dataclasses import dataclass, field

from intake.actions.forms import content_of
from intake.days import clinic_today
from intake.evaluation_facts import day, evaluation_findings
from intake.order_facts import newest_decided
from kap.core.levels import Level
from kap.documents.models import Kind
from kap.measures import instruments


@dataclass
class Answer:
    anchor: str
    label: str
    words: str
    values: list[str]
    flags: list = field(default_factory=list)


@dataclass
class Part:
    key: str
    title: str
    answers: list[Answer]

    @property
    def flagged(self) -> bool:
        return any(answer.flags for answer in self.answers)


def anchor(section: str, question: str) -> str:
    return f"a-{section}-{question}" if question else f"a-{section}"


def answers(submission, flags) -> list[Part]:
    """The forms as the client saw them, each answer with the flags that point to it."""
    if submission is None:
        return []
    by_anchor: dict[str, list] = {}
    for flag in flags:
        by_anchor.setdefault(anchor(flag.section, flag.question), []).append(flag)
    return [
        Part(
            part["section"],
            part["title"],
            [
                Answer(key, row["question"], row["words"], row["answer"], by_anchor.get(key, []))
                for row in part["rows"]
                for key in [anchor(part["section"], row["question"])]
            ],
        )
        for part in content_of(submission)["shown"]
    ]


@dataclass
class Measure:
    code: str
    title: str
    total: object
    most: object
    band: str
    authored_at: object
    flags: list
    items: list


def measures(course, flags) -> list[Measure]:
    """The newest answer to each questionnaire, with its items in words."""
    newest = {}
    for response in course.responses.order_by("authored_at"):
        newest[response.instrument] = response
    made = []
    for code in instruments.CODES:
        if code in newest:
            made.append(_measure(code, newest[code], [f for f in flags if f.section == code]))
    return made


def _measure(code, response, flags) -> Measure:
    instrument = instruments.get(code)
    rows = []
    for item in instrument.items:
        given = response.answers.get(item.key)
        words = next((answer.text for answer in item.answers if answer.score == given), "Not answered")
        rows.append((anchor(code, item.key), item.text, words))
    return Measure(
        code, instrument.name, response.total, None, response.band, response.authored_at, flags, rows
    )


def flag_target(flag, parts, scored) -> str:
    """Where on the page the flag comes from; "" where no such answer is shown."""
    key = anchor(flag.section, flag.question)
    shown = {answer.anchor for part in parts for answer in part.answers}
    shown |= {row[0] for measure in scored for row in measure.items} | {anchor(m.code, "") for m in scored}
    for wanted in (key, anchor(flag.section, "")):
        if wanted in shown:
            return f"#{wanted}"
    return ""


def draft_page(draft, form, by) -> dict:
    """Context of the page while the evaluation is open."""
    course, today = draft.course, clinic_today()
    flags = [flag for flag, _ in form.flags]
    parts, scored = answers(draft.submission, flags), measures(draft.course, flags)
    newest = course.submissions.first()
    findings = evaluation_findings(draft, today, by=by)
    return {
        "evaluation": draft,
        "form": form,
        "parts": parts,
        "measures": scored,
        "medicines": list(course.client.medicines.filter(ended_at=None)),
        "flag_rows": [
            {
                "flag": flag,
                "box": box,
                "level": level,
                "must": level is not Level.INFO,
                "href": flag_target(flag, parts, scored),
            }
            for flag, box, level in form.flag_fields
        ],
        "findings": [one for one in findings if not one.code.startswith("flag_")],
        "unanswered": sum(one.code.startswith("flag_") for one in findings),
        "newer": newest if newest and newest.pk != draft.submission_id else None,
        "diagnoses": list(course.diagnoses.filter(ended_at=None)),
        "valid_days": course.rules.validity.evaluation_days,
        "colleague": draft.author if draft.author_id != by.pk else None,
    }


def decided_page(course) -> dict:
    """Context of the page when nothing is open: the last decision, or none."""
    latest = newest_decided(course)
    return {
        "latest": latest,
        "latest_valid": bool(latest and latest.valid_until and latest.valid_until >= clinic_today()),
        "document": course.documents.filter(kind=Kind.MEDICAL_EVALUATION, about=latest.pk).first()
        if latest
        else None,
        "diagnoses": list(course.diagnoses.filter(ended_at=None)),
        "earlier": list(
            course.evaluations.filter(decided_at__isnull=False).select_related("decided_by")[1:6]
        ),
        "submission": course.submissions.first(),
        "valid_words": day(latest.valid_until) if latest and latest.valid_until else "",
    }
