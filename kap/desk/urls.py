"""The desk's addresses."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from kap.desk.chart.header import TABS
from kap.desk.views import chart, clients, home, portal, reports, settings, trail

app_name = "desk"


class TabConverter(StringConverter):
    """Only the chart's own tabs, so that other rooms may have pages under a client's address too."""

    regex = "|".join(TABS)


register_converter(TabConverter, "tab")

urlpatterns = [
    path("", home.home, name="home"),
    path("today/", home.today_page, name="today"),
    path("pipeline/", home.pipeline, name="pipeline"),
    path("pipeline/<uuid:course>/missing/", home.blocker, name="blocker"),
    path("clients/", clients.clients, name="clients"),
    path("clients/<uuid:client>/", chart.chart, name="chart"),
    path("clients/<uuid:client>/<tab:tab>/", chart.chart, name="chart_tab"),
    path("find/", clients.search, name="search"),
    path("portal/", portal.portal, name="portal"),
    path("portal/who-opened/", portal.who_opened, name="who_opened"),
    path("reports/", reports.reports, name="reports"),
    path("reports/file.csv", reports.reports_csv, name="reports_csv"),
    path("audit/", trail.audit, name="audit"),
    path("audit/file.csv", trail.audit_csv, name="audit_csv"),
    path("settings/", settings.settings, name="settings"),
    path("settings/clinic/", settings.clinic, name="settings_clinic"),
    path("settings/protocol/new/", settings.protocol_new, name="protocol_new"),
    path("settings/protocol/<uuid:version>/", settings.protocol_version, name="protocol"),
]
