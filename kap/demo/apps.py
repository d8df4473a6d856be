from django.apps import AppConfig


class DemoConfig(AppConfig):
    """The demonstration clinic and the first set-up of a real one. No models."""

    name = "kap.demo"
    label = "demo"
