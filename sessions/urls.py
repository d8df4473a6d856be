"""Addresses of the dosing rooms."""

from django.urls import path

from sessions.views import cockpit, ending, pre_dose, preparation, rooms, tools

app_name = "dosing"

urlpatterns = [
    path("", rooms.rooms, name="rooms"),
    path("open/<uuid:pk>/", rooms.open_room, name="open"),
    path("open/<uuid:pk>/ready/", rooms.readiness, name="readiness"),
    path("open/<uuid:pk>/pass/<slug:evidence>/", rooms.pass_entry, name="pass_entry"),
    path("preparation/<uuid:pk>/", preparation.preparation, name="preparation"),
    path("<uuid:pk>/", cockpit.session, name="session"),
    path("<uuid:pk>/flow/", cockpit.flow, name="flow"),
    path("<uuid:pk>/vitals/", cockpit.vitals, name="vitals"),
    path("<uuid:pk>/call/", cockpit.call, name="call"),
    path("<uuid:pk>/line/", pre_dose.line, name="line"),
    path("<uuid:pk>/place/", pre_dose.place, name="place"),
    path("<uuid:pk>/safety/", pre_dose.safety, name="safety"),
    path("<uuid:pk>/second/", pre_dose.second, name="second"),
    path("<uuid:pk>/release/", pre_dose.release, name="release"),
    path("<uuid:pk>/pass/<slug:evidence>/", pre_dose.pass_start, name="pass_start"),
    path("<uuid:pk>/start/", pre_dose.start, name="start"),
    path("<uuid:pk>/observation/", tools.observation, name="observation"),
    path("<uuid:pk>/dose/", tools.dose, name="dose"),
    path("<uuid:pk>/event/", tools.event, name="event"),
    path("<uuid:pk>/strike/<slug:kind>/<uuid:row>/", tools.strike, name="strike"),
    path("<uuid:pk>/discharge/", ending.discharge, name="discharge"),
    path("<uuid:pk>/left/", ending.left, name="left"),
    path("<uuid:pk>/not-dosed/", ending.not_dosed, name="not_dosed"),
]
