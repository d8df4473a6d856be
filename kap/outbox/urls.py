from django.urls import path

from kap.outbox import views

app_name = "outbox"
urlpatterns = [
    path("", views.messages_list, name="list"),
    path("<int:pk>", views.message, name="message"),
    path("<int:pk>/retry", views.retry, name="retry"),
    path("mailbox", views.mailbox, name="mailbox"),
    path("mailbox/<int:pk>", views.mailbox_item, name="mailbox_item"),
    path("mailbox/<int:pk>/html", views.mailbox_html, name="mailbox_html"),
]
