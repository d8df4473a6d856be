"""What a prescriber writes: diagnoses, the evaluation, orders, the plan. One address for callers."""

from intake.actions.diagnoses import add_diagnosis, end_diagnosis, make_principal
from intake.actions.evaluations import decide, save_evaluation, start_evaluation, use_newest_forms
from intake.actions.orders import discard_order, draft_order, end_order, sign_order
from intake.actions.plans import save_plan, sign_plan, start_plan

__all__ = [
    "add_diagnosis",
    "decide",
    "discard_order",
    "draft_order",
    "end_diagnosis",
    "end_order",
    "make_principal",
    "save_evaluation",
    "save_plan",
    "sign_order",
    "sign_plan",
    "start_evaluation",
    "start_plan",
    "use_newest_forms",
]
