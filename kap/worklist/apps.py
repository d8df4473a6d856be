from django.apps import AppConfig


class WorklistConfig(AppConfig):
    name = "kap.worklist"
    label = "worklist"
