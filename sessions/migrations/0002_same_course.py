"""References that can only stay within one course, or one client."""

from django.db import migrations

from kap.core.constraints import same_course


class Migration(migrations.Migration):
    dependencies = [
        ("dosing", "0001_initial"),
    ]

    operations = [
        same_course("dosing_dosingsession", "order_id", "intake_order"),
        same_course("dosing_dosingsession", "evaluation_id", "intake_evaluation"),
        same_course("dosing_dosingsession", "consent_id", "documents_document"),
        same_course("dosing_dosingsession", "preparation_id", "notes_note"),
        same_course(
            "dosing_dosingsession", "appointment_id", "scheduling_attendee", "course_id", "appointment_id"
        ),
    ]
