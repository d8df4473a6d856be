"""The pipeline: open courses in columns by stage. What blocks a course is asked for one card at a time."""

from dataclasses import dataclass

from django.db.models import Count, F, Prefetch, Window
from django.db.models.functions import RowNumber

from kap.accounts.permissions import Can, Role
from kap.core import clock
from kap.desk.links import link
from kap.pathway.models import Course
from kap.pathway.stages import ALONG, Stage
from kap.people.models import TeamMember

COLUMNS = (*ALONG, Stage.DEFERRED)
PER_COLUMN = 12


@dataclass(frozen=True)
class Card:
    course: Course
    days: int
    owner: str
    moves: list


def with_team(courses):
    """With the client and her care team of now, for the name of the owner."""
    team = TeamMember.objects.current().select_related("user").order_by("since")
    return courses.select_related("client").prefetch_related(
        Prefetch("client__team", team, to_attr="team_now")
    )


def columns(user) -> list[dict]:
    """Each stage with its count and the courses that have stood there longest. Five queries, however many courses."""
    seen = Course.objects.visible_to(user).filter(stage__in=COLUMNS).order_by()
    counts = dict(seen.values_list("stage").annotate(n=Count("pk")))
    place = Window(RowNumber(), partition_by=F("stage"), order_by=[F("stage_since").asc(), F("pk").asc()])
    shown = with_team(seen.annotate(place=place).filter(place__lte=PER_COLUMN)).order_by("stage", "place")
    by_stage: dict = {}
    for course in shown:
        by_stage.setdefault(course.stage, []).append(card(course, user))
    return [
        {
            "stage": stage, "cards": by_stage.get(stage, []), "count": counts.get(stage, 0),
            "more": counts.get(stage, 0) - len(by_stage.get(stage, [])),
        }
        for stage in COLUMNS
        if stage in ALONG or counts.get(stage)
    ]  # fmt: skip


def of_stage(user, stage: str):
    """One column whole, the longest waiting first; to be paged."""
    return with_team(Course.objects.visible_to(user).filter(stage=stage)).order_by("stage_since", "pk")


def card(course, user) -> Card:
    since = course.stage_since or course.created_at
    return Card(course, max(0, (clock.now() - since).days), owner_of(course), moves_of(course, user))


def owner_of(course) -> str:
    """Whose turn it is: the prescriber's at the medical stage, else the therapist's."""
    role = Role.PRESCRIBER if course.stage == Stage.MEDICAL else Role.THERAPIST
    return next((member.user.name for member in course.client.team_now if member.role == role), "")


def moves_of(course, user) -> list[dict]:
    """Where this person can move a course from the board; each page says itself what is still missing."""
    exits = user.may(Can.MOVE_COURSE)
    if course.stage == Stage.DEFERRED:
        found = [("Resume", link("pathway:resume", course.pk))] if exits else []
    else:
        found = [("Next step", link("pathway:steps", course.pk))]
        if exits:
            found.append(("Leave or pause", link("pathway:leave", course.pk)))
    return [{"label": label, "href": href} for label, href in found if href]
