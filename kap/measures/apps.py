from django.apps import AppConfig


class MeasuresConfig(AppConfig):
    name = "kap.measures"
    label = "measures"
