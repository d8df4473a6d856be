"""The prescriber's queue: cases at the medical stage, oldest first, and cleared clients whose papers run out."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery

from intake.models import Decision, Diagnosis, Evaluation, Flag, FlagAnswer, Order, Plan, Submission
from intake.prescribers import licensed_states
from kap.core import clock
from kap.core.levels import Level
from kap.pathway.models import Course
from kap.pathway.stages import Stage

SOON_DAYS = 14  # how early a list reminds of what runs out; not a clinical number
TREATED = (Stage.PREPARATION, Stage.DOSING, Stage.INTEGRATION)


@dataclass
class Case:
    """One line of the queue."""

    course: Course
    days: int
    hard: int
    soft: int
    unanswered: int
    missing: list[str] = field(default_factory=list)
    begun: bool = False
    licensed: bool = True

    @property
    def client(self):
        return self.course.client


def at_medical(user):
    """Her cases that wait for a decision, an order or a plan; oldest first, so that lists never jump."""
    return Course.objects.visible_to(user).filter(stage=Stage.MEDICAL).order_by("stage_since", "pk")


def waiting_count(user) -> int:
    return at_medical(user).count()


def with_facts(courses):
    """Counts and papers of each course, in a fixed number of queries."""
    submission = Submission.objects.filter(course=OuterRef("pk")).order_by("-number").values("pk")[:1]
    counted = Flag.objects.filter(submission=OuterRef("newest_submission")).order_by().values("submission")
    answered = FlagAnswer.objects.filter(flag=OuterRef("pk"), evaluation__decided_at=None)
    open_flags = counted.filter(level__in=[Level.HARD, Level.SOFT]).filter(~Exists(answered))

    def number(flags):
        return Subquery(flags.annotate(n=Count("pk")).values("n"))

    return (
        courses.select_related("client", "protocol")
        .annotate(newest_submission=Subquery(submission))
        .annotate(
            hard_flags=number(counted.filter(level=Level.HARD)),
            soft_flags=number(counted.filter(level=Level.SOFT)),
            open_flags=number(open_flags),
            coded=Exists(Diagnosis.objects.filter(course=OuterRef("pk"), ended_at=None)),
        )
        .prefetch_related(
            Prefetch("evaluations", Evaluation.objects.defer("content", "notes").order_by("-created_at")),
            Prefetch("orders", Order.objects.filter(signed_at__isnull=False, ended_at=None).defer("content")),
            Prefetch("plans", Plan.objects.filter(signed_at__isnull=False, superseded_at=None)),
        )
    )


def cases(courses, user, today: date) -> list[Case]:
    """The lines of a page. `courses`: an evaluated page of `with_facts`."""
    states = licensed_states(user, today)
    return [_case(course, states, today) for course in courses]


def _case(course, states, today) -> Case:
    missing = []
    decided = [one for one in course.evaluations.all() if one.decided_at]
    latest = max(decided, key=lambda one: one.decided_at, default=None)
    clears = latest is not None and latest.decision in (Decision.CLEAR, Decision.CONDITIONS)
    if not clears or latest.valid_until < today:
        missing.append("Evaluation")
    if not course.coded:
        missing.append("Diagnosis")
    if not any(order.expires_on >= today for order in course.orders.all()):
        missing.append("Order")
    if not course.plans.all():
        missing.append("Plan")
    begun = any(one.decided_at is None for one in course.evaluations.all())
    return Case(
        course, (clock.now() - course.stage_since).days, course.hard_flags or 0, course.soft_flags or 0,
        0 if clears else course.open_flags or 0, missing, begun, course.client.state in states,
    )  # fmt: skip


def running_out(user, today: date):
    """Clients in treatment whose clearance or order ends within two weeks, has ended, or is not there."""
    edge = today + timedelta(days=SOON_DAYS)
    decided = Evaluation.objects.filter(course=OuterRef("pk"), decided_at__isnull=False).order_by(
        "-decided_at"
    )
    order = Order.objects.filter(course=OuterRef("pk"), signed_at__isnull=False, ended_at=None)
    return (
        Course.objects.visible_to(user)
        .filter(stage__in=TREATED)
        .annotate(
            cleared_until=Subquery(decided.values("valid_until")[:1]),
            order_until=Subquery(order.values("expires_on")[:1]),
        )
        .filter(
            Q(cleared_until=None)
            | Q(cleared_until__lte=edge)
            | Q(order_until=None)
            | Q(order_until__lte=edge)
        )
        .select_related("client")
        .order_by(F("cleared_until").asc(nulls_first=True), "pk")
    )
