"""One client's chart, tab by tab. Strangers get 404; whoever runs the clinic sees logistics only."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core import clock
from kap.desk.chart import cards, header, next_step, plan, tabs, timeline
from kap.people.models import Client
from scheduling.models import Appointment

SHOWN = 20  # contacts beside the appointments; the page of details has them all


@requires(Can.OPEN_CHART, Can.MANAGE_ROSTER)
@require_safe
def chart(request, client, tab="overview"):
    if tab not in header.TABS:
        raise Http404
    mine = Client.objects.visible_to(request.user).filter(pk=client).first()
    if mine is None:
        return logistics(request, client, tab)
    access.opened(request, tabs.kind_of(tab), client=mine)
    course = mine.courses.select_related("protocol").order_by("-number").first()
    if course:
        course.client = mine
    paired = plan.read(course, header.active_order(course))
    allergies, medicines = (
        list(mine.allergies.filter(ended_at=None)),
        list(mine.medicines.filter(ended_at=None)),
    )
    context = header.context(
        mine, course, request.user, tab, done=paired.done, allergies=allergies, medicines=medicines
    )
    context |= {"medicines": medicines, "allergies": allergies}
    if tab == "overview":
        context |= overview(request, mine, course, paired, context["order"])
    else:
        context |= tabs.BUILD[tab](request, mine, course)
    return render(request, f"desk/chart_{tab}.html", context)


def overview(request, client, course, paired, order) -> dict:
    coming = list(plan.upcoming(course)[:1]) if course else []
    return {
        "nodes": plan.strip(paired, clock.now()),
        "plan_words": plan.sentence(course, paired, order),
        "outcomes": cards.outcomes_of(course, paired),
        "entries": timeline.entries(client, request.user),
        "next": next_step.next_step(course, request.user, done=paired.done),
        "people": cards.people_of(client, coming),
        "consents": cards.consents_of(client, course),
    }


def logistics(request, client, tab):
    """Names, phones and appointments, for those who run the clinic. Nothing clinical is read at all."""
    shown = get_object_or_404(Client.objects.listed_for(request.user), pk=client)
    if tab not in ("overview", "access"):
        raise Http404
    access.opened(request, "logistics", client=shown, purpose="operations")
    context = {"client": shown, "tab": tab, "contacts": shown.contacts.filter(ended_at=None)[:SHOWN]}
    if tab == "access":
        return render(
            request,
            "desk/chart_access.html",
            context | {"plain_chart": True} | tabs.access_tab(request, shown, None),
        )
    appointments = (
        Appointment.objects.filter(attendees__client=shown)
        .select_related("service", "location", "room")
        .order_by("-starts_at")
    )
    context["page_obj"] = tabs.page_of(request, appointments, 20)
    context["team"] = shown.team.current().select_related("user").order_by("since")
    return render(request, "desk/logistics.html", context)
