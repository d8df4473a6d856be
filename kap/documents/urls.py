from django.urls import path

from kap.documents.views import ask, read, sign

app_name = "documents"
urlpatterns = [
    path("<uuid:pk>", read.document, name="document"),
    path("<uuid:pk>/pdf", read.pdf, name="pdf"),
    path("<uuid:pk>/pdf/again", read.render_again, name="render_again"),
    path("<uuid:pk>/withdraw", sign.withdraw, name="withdraw"),
    path("sign/<uuid:pk>", sign.sign, name="sign"),
    path("sign/<uuid:pk>/ask-first", sign.ask_first, name="ask_first"),
    path("sign/<uuid:pk>/decline", sign.decline, name="decline"),
    path("ask/<uuid:pk>", ask.ask, name="ask"),
    path("ask/<uuid:pk>/cancel", ask.cancel, name="cancel"),
]
