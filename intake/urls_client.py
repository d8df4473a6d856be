"""The client's forms, and the same pages for staff on her behalf (`for_…`)."""

from django.urls import path

from intake.views import client, session, staff

urlpatterns = [
    path("start/", client.start, name="start"),
    path("start/register/", client.register, name="register"),
    path("start/welcome/", client.welcome, name="welcome"),
    path("forms/", client.tasks, name="tasks"),
    path("forms/check/", client.check, name="check"),
    path("forms/send/", client.send, name="send"),
    path("forms/sent/", client.sent, name="sent"),
    path("forms/help-now/", client.crisis, name="crisis"),
    path("forms/<slug:key>/", client.section, name="section"),
    path("forms/<slug:key>/<slug:page>/", client.page, name="page"),
    path("forms/<slug:key>/<slug:page>/save/", client.autosave, name="autosave"),
    path("courses/<uuid:course>/privacy/", client.privacy, name="privacy"),
    path("courses/<uuid:course>/forms/", staff.forms, name="forms"),
    path("courses/<uuid:course>/session-note/", session.session_note, name="session_note"),
    path("courses/<uuid:course>/to-medical/", session.to_medical, name="to_medical"),
    path("courses/<uuid:course>/enter/", staff.enter, name="for_enter"),
    path("courses/<uuid:course>/enter/tasks/", staff.tasks, name="for_tasks"),
    path("courses/<uuid:course>/enter/check/", staff.check, name="for_check"),
    path("courses/<uuid:course>/enter/send/", staff.send, name="for_send"),
    path("courses/<uuid:course>/enter/sent/", staff.sent, name="for_sent"),
    path("courses/<uuid:course>/enter/help-now/", staff.crisis, name="for_crisis"),
    path("courses/<uuid:course>/enter/<slug:key>/", staff.section, name="for_section"),
    path("courses/<uuid:course>/enter/<slug:key>/<slug:page>/", staff.page, name="for_page"),
    path("courses/<uuid:course>/enter/<slug:key>/<slug:page>/save/", staff.autosave, name="for_autosave"),
]
