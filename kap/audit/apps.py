from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "kap.audit"
    label = "audit"

    def ready(self):
        from kap.audit import kept

        post_migrate.connect(kept.apply_after_migrate, dispatch_uid="kap.audit.kept")
