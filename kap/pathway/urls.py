from django.urls import path

from kap.pathway.views import pool, steps

app_name = "pathway"

urlpatterns = [
    path("pool/", pool.pool, name="pool"),
    path("pool/<uuid:course>/take/", pool.take, name="take"),
    path("pool/<uuid:course>/assign/", pool.assign, name="assign"),
    path("enquiries/new/", pool.enquiry_new, name="enquiry_new"),
    path("clients/<uuid:client>/courses/new/", pool.course_new, name="course_new"),
    path("courses/<uuid:course>/steps/", steps.steps, name="steps"),
    path("courses/<uuid:course>/advance/", steps.advance, name="advance"),
    path("courses/<uuid:course>/leave/", steps.leave, name="leave"),
    path("courses/<uuid:course>/resume/", steps.resume, name="resume"),
    path("courses/<uuid:course>/override/<str:gate>/<str:evidence>/", steps.override, name="override"),
]
