from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "intake"
    label = "intake"

    def ready(self):
        from intake.reach import unsent
        from kap.worklist import reach

        reach.register(unsent)
