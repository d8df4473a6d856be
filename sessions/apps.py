from django.apps import AppConfig


class DosingConfig(AppConfig):
    """Preparation and dosing sessions. The label is `dosing`: Django's own app is called `sessions`."""

    name = "sessions"
    label = "dosing"
