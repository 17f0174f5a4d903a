"""`desk.localhost`: the agents' desk."""

from django.urls import include, path

from config.urls import handlers

handler400, handler403, handler404, handler500 = handlers
urlpatterns = [path("", include("accounts.urls")), path("", include("desk.urls"))]
