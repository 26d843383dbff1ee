from django.apps import AppConfig


class HeartbeetConfig(AppConfig):
    name = "heartbeet"

    def ready(self) -> None:
        from heartbeet import checks  # noqa: F401  (importing registers the system checks)
