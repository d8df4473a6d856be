from django.apps import AppConfig


class PathwayConfig(AppConfig):
    name = "kap.pathway"
    label = "pathway"
