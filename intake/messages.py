"""Asked before a reminder about the forms is sent."""

from kap.pathway.models import Course
from kap.pathway.stages import Stage


def still_stands(message) -> str:
    """Why it must not be sent any more; "" while the forms are open and not sent. Cause: "intake.course:<id>"."""
    course = Course.objects.filter(pk=message.cause.rpartition(":")[2]).first()
    if course is None:
        return "The course is gone"
    if course.submissions.exists():
        return "The forms are sent"
    if course.stage != Stage.INTAKE:
        return f"The course is at {course.get_stage_display().lower()}"
    return ""
