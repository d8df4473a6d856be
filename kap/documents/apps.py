from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "kap.documents"
    label = "documents"
