"""Addresses of the dosing room, for work lists and refusals."""

from django.urls import reverse


def session_path(session, anchor: str = "") -> str:
    path = reverse("dosing:session", args=[session.pk])
    return f"{path}#{anchor}" if anchor else path
