from django.apps import AppConfig


class HeartbeetConfig(AppConfig):
    name = "heartbeet"
