"""Addresses of the intake rooms. Client and staff forms: urls_client; evaluation, order, plan: urls_medical."""

from importlib import import_module
from importlib.util import find_spec

app_name = "intake"

urlpatterns = []
for name in ("intake.urls_client", "intake.urls_medical"):
    if find_spec(name):
        urlpatterns += import_module(name).urlpatterns
