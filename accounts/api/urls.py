"""The API's routes of the account."""

from accounts.api import views
from heartbeet.lib.routes import either

urlpatterns = [
    *either("me/tokens", views.Tokens.as_view()),
    *either("me/tokens/<int:token_id>", views.TokenDetail.as_view()),
]
