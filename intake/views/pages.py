"""The form pages themselves, the same for a client and for staff who write down what she says on the phone.

Who may open them is decided in `client` and `staff`; here is what a page does.
"""

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from intake import actions, questions
from intake.drafts import Drafts, can_change
from intake.forms_dynamic import PageForm, digest
from intake.safety import alerts
from intake.task_list import build
from kap.audit import access
from kap.core import clock
from kap.core.errors import Refused
from kap.documents.models import SignatureRequest
from kap.measures import instruments
from kap.measures.models import Occasion, Request


def measures_of(course) -> list[Request]:
    """The questionnaires asked before treatment, in the order asked; the screener that item 9 asks included."""
    asked = Request.objects.filter(course=course, occasion=Occasion.BASELINE, cancelled_at=None)
    asked = asked.select_related("response")
    order = {"phq9": 0, "gad7": 1}
    return sorted(asked, key=lambda request: (order.get(request.instrument, 2), request.due_at))


def task_list(request, place):
    course = place.course
    access.opened(request, "forms", client=course.client, thing=course)
    drafts = Drafts.of(course)
    to_sign = SignatureRequest.objects.for_the_client().filter(
        course=course, declined_at=None, cancelled_at=None
    )
    tasks = build(
        place,
        drafts,
        measures_of(course),
        list(to_sign.select_related("template")),
        course.submissions.first(),
    )
    saved = max((row.saved_at for row in drafts.rows.values()), default=None)
    return render(
        request, "intake/tasks.html",
        {"place": place, "client": course.client, "list": tasks, "saved_at": saved, "open": can_change(course)},
    )  # fmt: skip


def _section(key):
    try:
        return questions.get(key)
    except KeyError:
        raise Http404 from None


def open_section(request, place, key):
    """To the first page that still needs something; a finished section opens at its beginning."""
    section = _section(key)
    drafts = Drafts.of(place.course)
    pages = questions.pages(section, drafts.answers(key), drafts.everything)
    page = _first_open(drafts, section) if drafts.is_started(key) else pages[0]
    return redirect(place.url("page", key, page or pages[0]))


def _first_open(drafts, section) -> str | None:
    answers = drafts.answers(section.key)
    for page in questions.pages(section, answers, drafts.everything):
        if questions.validate(section, answers, drafts.everything, page=page, today=drafts.today):
            return page
    return None


def show_page(request, place, key, page):
    section, drafts = _section(key), Drafts.of(place.course)
    if page not in {section.page_of(question) for question in section.questions}:
        raise Http404
    if not can_change(place.course):
        return redirect(place.tasks)
    if request.method == "POST":
        return _keep(request, place, section, page, drafts)
    cards = request.GET.get("cards", "")
    form = PageForm(
        section, page, drafts.answers(key), drafts.everything,
        cards=int(cards) if cards.isascii() and cards.isdigit() and len(cards) < 4 else 0,
    )  # fmt: skip
    if not form.visible:
        return redirect(place.url("section", key))
    return _render(request, place, section, page, drafts, form)


def _render(request, place, section, page, drafts, form, *, status=200, **extra):
    access.opened(request, "forms", client=place.client, thing=place.course)
    pages = questions.pages(section, form.answers, form.everything)
    number = pages.index(page) + 1 if page in pages else 1
    stored = drafts.answers(section.key)
    back = request.POST.get("back") or request.GET.get("back", "")
    context = {
        "place": place, "client": place.client, "section": section, "page": page, "form": form,
        "blocks": form.blocks, "version": digest(form.page_answers(stored)), "number": number, "count": len(pages),
        "single": form.asked[0] if section.one_per_page else None, "saved_at": drafts.saved_at(section.key),
        "back": back, "back_url": _before(place, section, pages, number, back),
        "action": place.url("page", section.key, page), "autosave": place.url("autosave", section.key, page),
        "more": "more" in request.GET, "new_card": "cards" in request.GET, **extra,
    }  # fmt: skip
    return render(request, "intake/section.html", context, status=status)


def _before(place, section, pages, number, back) -> str:
    if back == "check":
        return place.check
    return place.url("page", section.key, pages[number - 2]) if number > 1 else place.tasks


def _posted_form(request, section, page, drafts) -> PageForm:
    return PageForm(
        section, page, drafts.answers(section.key), drafts.everything, data=request.POST, today=drafts.today
    )


def _keep(request, place, section, page, drafts):
    """Save what was typed, then see where the person wants to go."""
    form = _posted_form(request, section, page, drafts)
    before = questions.pages(section, drafts.answers(section.key), drafts.everything)
    typed, go = form.storable(), request.POST.get("go", "")
    adding, removing = request.POST.get("add", ""), request.POST.get("remove", "")
    if removing:
        typed = _without_card(typed, form.typed, removing)
    try:
        draft = actions.save_page(
            course=place.course, section=section.key, page=page, answers=typed, seen=request.POST.get("version") or None,
            done=not (go or adding or removing), by=place.by,
        )  # fmt: skip
    except actions.Conflict as conflict:
        return _conflict(request, place, section, page, form, conflict)
    drafts.rows[section.key] = draft
    drafts.__dict__.pop("everything", None)
    here = place.url("page", section.key, page) + _keep_back(request)
    if go == "stop":
        messages.success(request, _("Saved. You can go on whenever you like."))
        return redirect(place.tasks)
    if adding or removing:
        return redirect(_card_address(here, form, adding, removing))
    return _go_on(request, place, section, page, drafts, form, before)


def _keep_back(request) -> str:
    return "?back=check" if request.POST.get("back") == "check" else ""


def _without_card(kept, typed, removing) -> dict:
    """Cards are counted as they stood on the page, empty ones included."""
    key, _dot, index = removing.partition(".")
    if not isinstance(typed.get(key), list) or key not in kept:
        return kept
    return {**kept, key: [row for number, row in enumerate(typed[key]) if row and str(number) != index]}


def _card_address(here, form, adding, removing) -> str:
    """Back to the page, at the card in question. An added one is empty and lives only in the address."""
    join = "&" if "?" in here else "?"
    if adding:
        count = sum(1 for row in form.typed.get(adding) or [] if row) + 1
        return f"{here}{join}cards={count}#card-{adding}-{count}"
    return f"{here}#card-{removing.partition('.')[0]}-1"


def _conflict(request, place, section, page, form, conflict):
    drafts = Drafts.of(place.course)
    theirs = questions.summary_rows(section, conflict.theirs.answers, drafts.everything)
    return _render(
        request, place, section, page, drafts, form, status=409, conflict=str(conflict),
        theirs=[row for row in theirs if row.page == page],
    )  # fmt: skip


def _go_on(request, place, section, page, drafts, form, before):
    """Continue: errors stay here, questions that the answers bring up are asked, then the next page."""
    shown = set(request.POST.get("shown", "").split())
    brought_up = [
        key for key in form.page_keys
        if key in form.visible - shown and not questions.is_answered(form.answers.get(key))
    ]  # fmt: skip
    form.check, form.only = True, form.visible - set(brought_up)
    if form.errors:
        return _render(request, place, section, page, drafts, form, status=422)
    back = request.POST.get("back", "")
    if brought_up:
        join = "&" if back == "check" else "?"
        here = place.url("page", section.key, page) + _keep_back(request)
        return redirect(f"{here}{join}more=1#q-{brought_up[0]}")
    opened = [name for name in questions.pages(section, form.answers, form.everything) if name not in before]
    if (
        back == "check" and opened
    ):  # what the change brought up is read before going back, answered once or not
        return redirect(f"{place.url('page', section.key, opened[0])}?back=check")
    if section.key == "safety" and page in {alert.page for alert in alerts(drafts.answers("safety"))}:
        return redirect(f"{place.url('crisis')}?after={page}{'&back=check' if back == 'check' else ''}")
    return redirect(next_address(place, drafts, section, page, back))


def next_address(place, drafts, section, page, back="") -> str:
    """After this page: the section's next one; at its end the task list, or the check page whence she came."""
    if back == "check":
        left = _first_open(drafts, section)
        return place.url("page", section.key, left) + "?back=check" if left else place.check
    following = questions.next_page(section, page, drafts.answers(section.key), drafts.everything)
    return place.url("page", section.key, following) if following else place.tasks


def autosave(request, place, key, page):
    """The answer that js/autosave.js wants (docs/frontend.md, 3)."""
    section, drafts = _section(key), Drafts.of(place.course)
    if page not in {section.page_of(question) for question in section.questions}:
        raise Http404
    form = _posted_form(request, section, page, drafts)
    try:
        draft = actions.save_page(
            course=place.course, section=key, page=page, answers=form.storable(),
            seen=request.POST.get("version") or None, by=place.by,
        )  # fmt: skip
    except actions.Conflict as conflict:
        rows = questions.summary_rows(section, conflict.theirs.answers, drafts.everything)
        theirs = "\n".join(f"{row.label}: {row.value}" for row in rows if row.page == page)
        href = place.url("page", key, page)
        return JsonResponse({"conflict": str(conflict), "theirs": theirs, "href": href}, status=409)
    except Refused as refused:
        return JsonResponse({"conflict": " ".join(refused.reasons)}, status=409)
    if form.too_long:
        return JsonResponse({"errors": {name: [words] for name, words in form.too_long.items()}}, status=422)
    saved = timezone.localtime(clock.now()).strftime("%H:%M")
    return JsonResponse({"saved_at": saved, "version": digest(form.page_answers(draft.answers))})


def crisis(request, place):
    """Shown at once when an answer says that the client may act on thoughts of suicide."""
    drafts, after = Drafts.of(place.course), request.GET.get("after", "")
    section = questions.get("safety")
    known = {section.page_of(question) for question in section.questions}
    go_on = (
        next_address(place, drafts, section, after, request.GET.get("back", ""))
        if after in known
        else place.tasks
    )
    access.opened(request, "forms", client=place.client, thing=place.course)
    told = bool(alerts(drafts.answers("safety")))
    return render(
        request, "intake/crisis.html", {"place": place, "client": place.client, "go_on": go_on, "told": told}
    )


def check_answers(request, place, *, errors=(), status=200):
    course, drafts = place.course, Drafts.of(place.course)
    access.opened(request, "forms", client=course.client, thing=course)
    measures = measures_of(course)
    left = _open_tasks(place, drafts, measures)
    submission = course.submissions.first()
    unchanged = (
        submission is not None and not left and not actions.changed_since(submission, drafts, measures)
    )
    return render(
        request, "intake/check.html",
        {
            "place": place, "client": course.client, "sections": [_summary(place, drafts, s) for s in questions.SECTIONS],
            "measures": _measure_rows(place, measures), "left": left, "submission": submission, "unchanged": unchanged,
            "open": can_change(course), "errors": [{"href": "", "words": words} for words in errors],
        },
        status=status,
    )  # fmt: skip


def _open_tasks(place, drafts, measures):
    tasks = build(place, drafts, measures, [], None)
    return [task for group in tasks.groups for task in group.tasks if task.counts and task.status != "done"]


def _measure_rows(place, requests) -> list[dict]:
    """That a questionnaire is answered, never its score: that is for the talk with the therapist."""
    return [
        {
            "label": instruments.get(request.instrument).title,
            "value": _("Answered") if request.response_id else _("Not answered"),
            "missing": not request.response_id,
            "href": "" if request.response_id else place.measure(request, place.check),
            "change": _("Answer"),
        }
        for request in requests
    ]


def _summary(place, drafts, section) -> dict:
    answers = drafts.answers(section.key)
    wrong = questions.validate(section, answers, drafts.everything, today=drafts.today)
    wrong_keys = {key.split(".")[0] for key in wrong}
    rows = [
        {
            "label": row.label, "value": "\n".join(row.values) or _("Not answered"),
            "missing": row.key in wrong_keys or (row.required and not row.answered),
            "href": f"{place.url('page', section.key, row.page)}?back=check#q-{row.key}",
        }
        for row in questions.summary_rows(section, answers, drafts.everything)
    ]  # fmt: skip
    return {"title": section.title, "rows": rows, "started": section.key in drafts.rows}


def send(request, place):
    try:
        actions.send_forms(course=place.course, by=place.by)
    except Refused as refused:
        return check_answers(request, place, errors=refused.reasons, status=422)
    return redirect(place.url("sent"))
