"""A client's details, contacts, care team, allergies and medicines."""

from copy import copy

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kap.accounts.permissions import Can, requires
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused
from kap.core.once import once
from kap.core.templatetags.kap import num
from kap.people import actions
from kap.people.forms import AllergyRows, ClientForm, ContactForm, MedicineRows, TeamForm, filled
from kap.people.models import Client, Contact, TeamMember

PER_PAGE = 20  # contacts


def _listed(request, pk):
    """Somebody whose name this person may see; strangers get 404."""
    return get_object_or_404(Client.objects.listed_for(request.user).select_related("user"), pk=pk)


def status_of(form) -> int:
    return 422 if form.errors else 200


@requires(Can.ADD_CLIENT)
@require_safe
def client_new(request):
    """Adding somebody also begins her course of treatment, so the page belongs to the pathway."""
    return redirect("pathway:enquiry_new")


@requires(Can.SEE_CLIENT_LIST)
@require_safe
def client(request, client):
    """Who she is and who is around her: nothing clinical."""
    found = _listed(request, client)
    access.opened(request, "details", client=found)
    team = found.team.current().select_related("user__provider").order_by("role", "since")
    context = {
        "client": found,
        "page_obj": Paginator(found.contacts.filter(ended_at=None), PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "team": team,
        "may_edit": request.user.may(Can.EDIT_CLIENT_DETAILS),
        "may_team": request.user.may(Can.MANAGE_CARE_TEAM),
        "may_invite": request.user.may(Can.ADD_CLIENT),
        "sees_chart": request.user.may(Can.OPEN_CHART),
    }
    return render(request, "people/client.html", context)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_http_methods(["GET", "POST"])
def client_edit(request, client):
    found = _listed(request, client)
    form = ClientForm(request.POST or None, instance=copy(found))  # it writes what is typed into its copy
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_client(client=found, **form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error("email", " ".join(refused.reasons))
        else:
            messages.success(request, "Details saved.")
            return redirect("people:client", client=found.pk)
    access.opened(request, "details", client=found)
    return render(request, "people/client_edit.html", {"form": form, "client": found}, status=status_of(form))


@requires(Can.ADD_CLIENT)
@require_POST
@once
def client_invite(request, client):
    found = _listed(request, client)
    actions.invite_client(client=found, by=request.user)
    messages.success(request, f"{found.name} gets an email that says how to sign in.")
    return redirect("people:client", client=found.pk)


# ---------------------------------------------------------------- contacts


@requires(Can.EDIT_CLIENT_DETAILS)
@once
@require_http_methods(["GET", "POST"])
def contact_new(request, client):
    found = _listed(request, client)
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        contact = actions.add_contact(client=found, **form.cleaned_data, by=request.user)
        messages.success(request, f"{contact.name} is now a contact of {found.name}.")
        return redirect("people:client", client=found.pk)
    access.opened(request, "details", client=found)
    return render(request, "people/contact.html", {"form": form, "client": found}, status=status_of(form))


def _contact(request, client, contact):
    found = _listed(request, client)
    return found, get_object_or_404(Contact.objects.filter(client=found, ended_at=None), pk=contact)


@requires(Can.EDIT_CLIENT_DETAILS)
@require_http_methods(["GET", "POST"])
def contact_change(request, client, contact):
    found, person = _contact(request, client, contact)
    form = ContactForm(request.POST or None, instance=copy(person))
    if request.method == "POST" and form.is_valid():
        actions.change_contact(contact=person, **form.cleaned_data, by=request.user)
        messages.success(request, "Contact saved.")
        return redirect("people:client", client=found.pk)
    access.opened(request, "details", client=found)
    context = {"form": form, "client": found, "contact": person}
    return render(request, "people/contact.html", context, status=status_of(form))


@requires(Can.EDIT_CLIENT_DETAILS)
@require_http_methods(["GET", "POST"])
def contact_end(request, client, contact):
    found, person = _contact(request, client, contact)
    if request.method == "POST":
        actions.end_contact(contact=person, by=request.user)
        messages.success(request, f"{person.name} is no longer a contact.")
        return redirect("people:client", client=found.pk)
    access.opened(request, "details", client=found)
    context = {
        "client": found, "title": f"Remove {person.name} from the contacts?", "verb": "Remove contact",
        "text": "What was signed and confirmed under this name stays. Sessions that count on it need another contact.",
    }  # fmt: skip
    return render(request, "people/confirm.html", context)


# ---------------------------------------------------------------- care team


@requires(Can.MANAGE_CARE_TEAM)
@once
@require_http_methods(["GET", "POST"])
def team(request, client):
    """The care team, and a form by which somebody joins it: for good, or as a cover until a day."""
    found = _listed(request, client)
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user, role = form.person_and_role
        try:
            actions.join_team(
                client=found, user=user, role=role, until=form.until_instant, why=form.cleaned_data["why"],
                by=request.user,
            )  # fmt: skip
        except Refused as refused:
            form.add_error("who", " ".join(refused.reasons))
        else:
            messages.success(request, f"{user.name} is on the care team.")
            return redirect("people:team", client=found.pk)
    access.opened(request, "details", client=found)
    members = found.team.select_related("user__provider").order_by("-since")
    current = [m for m in members if m.until is None or m.until > clock.now()]
    past = [m for m in members if m not in current][:20]
    context = {"form": form, "client": found, "current": current, "past": past}
    return render(request, "people/team.html", context, status=status_of(form))


@requires(Can.MANAGE_CARE_TEAM)
@require_http_methods(["GET", "POST"])
def team_end(request, client, member):
    found = _listed(request, client)
    person = get_object_or_404(
        TeamMember.objects.current().filter(client=found).select_related("user"), pk=member
    )
    if request.method == "POST":
        actions.leave_team(member=person, by=request.user)
        messages.success(request, f"{person.user.name} is no longer on the care team.")
        still_mine = Client.objects.listed_for(request.user).filter(pk=found.pk).exists()
        return redirect("people:team", client=found.pk) if still_mine else redirect("/")
    access.opened(request, "details", client=found)
    others = found.team.current().filter(role=person.role).exclude(pk=person.pk).exists()
    text = f"The chart closes to {person.user.name} at once. What was written and signed stays."
    if not others:
        text += f" No {person.get_role_display().lower()} would be left: the next gate stays shut until one joins."
    context = {
        "client": found,
        "title": f"End {person.user.name}’s part in the care?",
        "text": text,
        "verb": "End",
    }
    return render(
        request, "people/confirm.html", {**context, "back": reverse("people:team", args=[found.pk])}
    )


# ---------------------------------------------------------------- allergies and medicines


@requires(Can.OPEN_CHART)
@require_http_methods(["GET", "POST"])
def allergies(request, client):
    found = get_object_or_404(Client.objects.visible_to(request.user), pk=client)
    now = found.allergies.filter(ended_at=None)
    rows = AllergyRows(request.POST or None, initial=list(now.values("substance", "reaction")))
    if request.method == "POST" and rows.is_valid():
        actions.set_allergies(client=found, rows=filled(rows, "substance"), by=request.user)
        messages.success(request, "Allergies saved.")
        return redirect("people:client", client=found.pk)
    return _rows_page(request, found, rows, "allergies", found.allergies_checked_on)


@requires(Can.OPEN_CHART)
@require_http_methods(["GET", "POST"])
def medicines(request, client):
    found = get_object_or_404(Client.objects.visible_to(request.user), pk=client)
    now = found.medicines.filter(ended_at=None)
    fields = ("name", "dose_amount", "dose_unit", "how_often")
    lines = [
        {**line, "dose_amount": num(line["dose_amount"])} for line in now.values(*fields)
    ]  # 50, never 50.000
    rows = MedicineRows(request.POST or None, initial=lines)
    if request.method == "POST" and rows.is_valid():
        reasons = {(m.name, m.dose_amount, m.dose_unit, m.how_often): m.why for m in now}
        wanted = [
            {**row, "why": reasons.get(tuple(row[field] for field in fields), "")}
            for row in filled(rows, "name")
        ]
        actions.set_medicines(client=found, rows=wanted, by=request.user)
        messages.success(request, "Medicines saved.")
        return redirect("people:client", client=found.pk)
    return _rows_page(request, found, rows, "medicines", found.medicines_checked_on)


def _rows_page(request, found, rows, what, checked_on):
    access.opened(request, what, client=found)
    context = {"client": found, "formset": rows, "what": what, "checked_on": checked_on}
    return render(
        request, "people/rows.html", context, status=200 if rows.is_valid() or not rows.is_bound else 422
    )
