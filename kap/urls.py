"""All addresses. Each app's own lie in its urls.py; one that does not exist yet is not served."""

from importlib.util import find_spec

from django.urls import include, path

from kap.core import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
]

APPS = (
    ("", "kap.desk.urls"),
    ("", "kap.core.urls"),
    ("", "kap.accounts.urls"),
    ("", "kap.people.urls"),
    ("", "kap.pathway.urls"),
    ("worklist/", "kap.worklist.urls"),
    ("messages/", "kap.outbox.urls"),
    ("documents/", "kap.documents.urls"),
    ("measures/", "kap.measures.urls"),
    ("", "kap.notes.urls"),
    ("", "scheduling.urls"),
    ("", "intake.urls"),
    ("dosing/", "sessions.urls"),
    ("integration/", "integration.urls"),
)
urlpatterns += [path(prefix, include(module)) for prefix, module in APPS if find_spec(module)]

handler400 = "kap.core.views.bad_request"
handler403 = "kap.core.views.forbidden"
handler404 = "kap.core.views.not_found"
handler500 = "kap.core.views.server_error"
