from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "kap.notes"
    label = "notes"
