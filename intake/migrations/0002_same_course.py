"""References that can only stay within one course, or one client."""

from django.db import migrations

from kap.core.constraints import same_course


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0001_initial"),
    ]

    operations = [
        same_course("intake_order", "evaluation_id", "intake_evaluation"),
        same_course("intake_evaluation", "submission_id", "intake_submission"),
        same_course("intake_plan", "document_id", "documents_document"),
    ]
