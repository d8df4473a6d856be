"""A session that has ended, as it was signed; and what was added since."""

from kap.core.units import amount
from kap.documents.models import Document
from kap.documents.models import Kind as DocumentKind
from sessions import facts
from sessions.trend import trend
from sessions.views.base import order_of, sheet_of, show


def record(request, session):
    sheet, order = sheet_of(session), order_of(session)
    doses = [(one.given_at, amount(one.dose_mg, "mg")) for one in sheet.standing_doses]
    document = (
        Document.objects.filter(kind=DocumentKind.SESSION_RECORD, about=session.pk)
        .defer("content", "html")
        .first()
    )
    discharge = getattr(session, "discharge", None)
    context = {
        "sheet": sheet, "rows": sheet.rows, "document": document, "discharge": discharge,
        "missing": discharge.criteria.get("missing", []) if discharge else [],
        "trend": trend(sheet.readings, doses, session.first_dose_at, facts.call_limits(order) if order else None),
    }  # fmt: skip
    return show(request, "dosing/record.html", session, context, kind="session_record", order=order)
