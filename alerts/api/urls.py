"""The API's routes of channels and deliveries."""

from alerts.api import views
from heartbeet.lib.routes import either

urlpatterns = [
    *either("channels", views.Channels.as_view()),
    *either("channels/<int:channel_id>", views.ChannelDetail.as_view()),
    *either("channels/<int:channel_id>/test", views.ChannelTest.as_view()),
    *either("channels/<int:channel_id>/deliveries", views.ChannelDeliveries.as_view()),
    *either("channels/<int:channel_id>/replay", views.ChannelReplay.as_view()),
    *either("deliveries/<int:delivery_id>/replay", views.DeliveryReplay.as_view()),
]
