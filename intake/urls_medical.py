"""Addresses of the prescriber's side: queue, evaluation, diagnoses, order, plan. Included by intake.urls."""

from django.urls import path

from intake.views import evaluations, orders, plans

urlpatterns = [
    path("medical/", evaluations.queue, name="queue"),
    path("courses/<uuid:course>/evaluation/", evaluations.evaluation, name="evaluation"),
    path("courses/<uuid:course>/evaluation/start/", evaluations.evaluation_start, name="evaluation_start"),
    path("evaluations/<uuid:pk>/autosave/", evaluations.evaluation_autosave, name="evaluation_autosave"),
    path("evaluations/<uuid:pk>/decide/", evaluations.evaluation_decide, name="evaluation_decide"),
    path("evaluations/<uuid:pk>/newest-forms/", evaluations.evaluation_renew, name="evaluation_renew"),
    path("courses/<uuid:course>/diagnoses/new/", evaluations.diagnosis_new, name="diagnosis_new"),
    path("diagnoses/<uuid:pk>/", evaluations.diagnosis_change, name="diagnosis_change"),
    path("courses/<uuid:course>/to-preparation/", evaluations.to_preparation, name="to_preparation"),
    path("courses/<uuid:course>/order/", orders.order, name="order"),
    path("courses/<uuid:course>/order/write/", orders.order_write, name="order_write"),
    path("orders/<uuid:pk>/review/", orders.order_review, name="order_review"),
    path("orders/<uuid:pk>/sign/", orders.order_sign, name="order_sign"),
    path("orders/<uuid:pk>/discard/", orders.order_discard, name="order_discard"),
    path("orders/<uuid:pk>/end/", orders.order_end, name="order_end"),
    path("courses/<uuid:course>/plan/", plans.plan, name="plan"),
    path("courses/<uuid:course>/plan/start/", plans.plan_start, name="plan_start"),
    path("plans/<uuid:pk>/autosave/", plans.plan_autosave, name="plan_autosave"),
    path("plans/<uuid:pk>/sign/", plans.plan_sign, name="plan_sign"),
]
