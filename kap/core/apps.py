from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "kap.core"
    label = "core"

    def ready(self):
        from kap.core import grants, nav

        post_migrate.connect(grants.apply_after_migrate, dispatch_uid="kap.core.grants")
        nav.discover()
