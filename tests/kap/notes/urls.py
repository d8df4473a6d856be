"""A page of the editor for the tests, beside the real ones."""

from django.shortcuts import get_object_or_404
from django.urls import path

from kap.accounts.permissions import Can, requires
from kap.notes import editor
from kap.pathway.models import Course
from kap.urls import urlpatterns as real

SESSION = "6b1f0d3e-8a4e-4e0e-9f0a-000000000001"


@requires(Can.OPEN_CHART)
def note(request, pk, kind):
    course = get_object_or_404(Course.objects.visible_to(request.user).select_related("client"), pk=pk)
    return editor.page(request, course=course, kind=kind, about=SESSION)


urlpatterns = [*real, path("test/<uuid:pk>/<slug:kind>", note, name="test_note")]
