"""The worklist's answer to gates."""

from django.urls import reverse

from kap.pathway.gates import Missing
from kap.worklist.models import Item, Kind


def no_open_safety_alert(course, subject=None):
    item = Item.objects.open().filter(client=course.client_id, kind=Kind.SAFETY).first()
    if item is not None:
        return Missing(
            f"A safety alert is not answered: {item.title}.",
            "A clinician answers it with what was done.",
            reverse("worklist:item", args=[item.pk]),
        )
