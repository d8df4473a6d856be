"""References that can only stay within one course, or one client."""

from django.db import migrations

from kap.core.constraints import same_course


class Migration(migrations.Migration):
    dependencies = [
        ("notes", "0001_initial"),
    ]

    operations = [
        same_course("notes_note", "course_id", "pathway_course", "client_id"),
    ]
