"""The client's task list: what is done, what is left, how long it takes, and why something cannot start yet."""

import math
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from intake import questions
from intake.evidence.forms import REQUIRED_MEASURES
from kap.measures import instruments

SECONDS_PER_ITEM = 12
CHECK_MINUTES, CONSENT_MINUTES = 2, 10


@dataclass(frozen=True)
class Task:
    """One line. `href` "" : cannot start yet, `hint` says why. `counts`: part of "4 of 9 done"."""

    label: str
    href: str
    status: str
    minutes: int
    hint: str = ""
    counts: bool = True
    words: str = ""


@dataclass
class Group:
    title: str
    tasks: list[Task] = field(default_factory=list)


@dataclass(frozen=True)
class TaskList:
    groups: list[Group]
    done: int
    total: int
    minutes_left: int
    next: Task | None

    @property
    def progress(self) -> str:
        return _("%(done)s of %(total)s done") % {"done": self.done, "total": self.total}


def minutes_in_all() -> int:
    """What to tell somebody who has not begun: all sections and questionnaires, to the nearest five minutes."""
    minutes = sum(section.minutes for section in questions.SECTIONS) + CHECK_MINUTES
    return 5 * round((minutes + sum(_minutes(instruments.get(code)) for code in REQUIRED_MEASURES)) / 5)


def _minutes(instrument) -> int:
    return math.ceil(len(instrument.scored_items) * SECONDS_PER_ITEM / 60)


def build(place, drafts, measures, to_sign, submission) -> TaskList:
    """`measures`: baseline Requests; `to_sign`: open signature requests; `submission`: the last one, or None."""
    groups = {str(title): Group(str(title)) for title in questions.GROUPS}
    for section in questions.SECTIONS:
        groups[str(section.group)].tasks.append(_section(place, drafts, section))
    health = groups[str(questions.YOUR_HEALTH)].tasks
    health += [_measure(place, request) for request in measures]
    finish = groups[str(questions.FINISH)].tasks
    finish += [_signature(request) for request in to_sign]
    everything = [task for group in groups.values() for task in group.tasks]
    needed = [task for task in everything if task.counts]
    open_tasks = [task for task in needed if task.status != "done"]
    finish.append(_check(place, open_tasks, submission))
    return TaskList(
        groups=list(groups.values()),
        done=len(needed) - len(open_tasks),
        total=len(needed),
        minutes_left=sum(task.minutes for task in open_tasks) + (CHECK_MINUTES if open_tasks else 0),
        next=next((task for task in open_tasks if task.status == "started"), next(iter(open_tasks), None)),
    )


def _section(place, drafts, section) -> Task:
    href = place.url("section", section.key)
    if drafts.is_complete(section.key):
        return Task(str(section.title), href, "done", 0, str(_later(drafts, section)))
    if not drafts.is_started(section.key):
        return Task(str(section.title), href, "todo", section.minutes, str(section.hint))
    visible = questions.visible_questions(section, drafts.answers(section.key), drafts.everything)
    asked = [question for question in visible if question.required]
    given = sum(questions.is_answered(drafts.answers(section.key).get(question.key)) for question in asked)
    hint = _("%(given)s of %(asked)s questions answered") % {"given": given, "asked": len(asked)}
    left = max(1, math.ceil(section.minutes * (len(asked) - given) / max(1, len(asked))))
    return Task(str(section.title), href, "started", left, hint)


def _later(drafts, section):
    """A companion who is still to be named stays visible, though the form can be sent without."""
    who = drafts.answers("companion").get("who") if section.key == "companion" else ""
    if who == "later":
        return _("You will add this person later")
    if who == "nobody":
        return _("We will talk about ways to help")
    return ""


def _measure(place, request) -> Task:
    instrument = instruments.get(request.instrument)
    href = place.measure(request)
    count = len(instrument.scored_items)
    minutes = _minutes(instrument)
    needed = (
        request.about is None
    )  # a screener that an answer called for is offered, and does not hold the forms up
    if request.response_id:
        return Task(str(instrument.title), "", "done", 0, counts=needed)
    hint = ngettext("%(n)s short question", "%(n)s short questions", count) % {"n": count}
    if request.draft:
        given = sum(value is not None for value in request.draft.values())
        hint = _("%(all)s, %(given)s answered") % {"all": hint, "given": given}
        return Task(str(instrument.title), href, "started", minutes, hint, needed)
    return Task(str(instrument.title), href, "todo", minutes, hint, needed)


def _signature(request) -> Task:
    if request.document_id:
        href = reverse("documents:document", args=[request.document_id])
        return Task(request.template.title, href, "done", 0, counts=False, words=_("Signed"))
    href = reverse("documents:sign", args=[request.pk])
    hint = _("Read it in your own time. You can ask first.")
    return Task(request.template.title, href, "todo", CONSENT_MINUTES, hint, counts=False)


def _check(place, open_tasks, submission) -> Task:
    label = _("Check and send")
    if open_tasks:
        if len(open_tasks) > 3:
            why = _("Opens when the rest is done")
        else:
            titles = ", ".join(task.label for task in open_tasks)
            why = _("Opens when this is done: %(titles)s") % {"titles": titles}
        return Task(label, "", "locked", CHECK_MINUTES, why, counts=False)
    if submission is not None:
        return Task(
            label,
            place.check,
            "done",
            0,
            _("Send again if you change something"),
            counts=False,
            words=_("Sent"),
        )
    return Task(label, place.check, "todo", CHECK_MINUTES, counts=False)
