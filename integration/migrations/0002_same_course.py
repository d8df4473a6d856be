"""References that can only stay within one course, or one client."""

from django.db import migrations

from kap.core.constraints import same_course


class Migration(migrations.Migration):
    dependencies = [
        ("integration", "0001_initial"),
    ]

    operations = [
        same_course("integration_integrationsession", "dosing_id", "dosing_dosingsession"),
        same_course("integration_integrationsession", "note_id", "notes_note"),
        same_course(
            "integration_integrationsession",
            "appointment_id",
            "scheduling_attendee",
            "course_id",
            "appointment_id",
        ),
        same_course("integration_coursesummary", "document_id", "documents_document"),
    ]
