"""Who gets what from the API.

`401` is NOT_AUTHENTICATED, `scope` 403 PAT_SCOPE_INSUFFICIENT, `role` 403 ROLE_INSUFFICIENT, `404` NOT_FOUND. The token
of `scope` has one scope that the call has no use for; `other` owns another organisation, and asks for Acme's ids.
"""

from tests.tenancy import table
from tests.tenancy.houses import House


def _change_of_monitors(house: House) -> dict[str, object]:
    return {"ids": [house.ids["monitor_id"]], "changes": {"heartbeatGraceSec": 90}}


def _monitors(house: House) -> dict[str, object]:
    return {"ids": [house.ids["monitor_id"]]}


MONITORS = table.rows(
    """
    call   route                                        nobody expired revoked scope viewer member admin owner other
    GET    monitors                                     401    401     401     scope 200    200    200   200   200
    POST   monitors                                     401    401     401     scope role   201    201   201   201
    POST   monitors/bulk                                401    401     401     scope role   201    201   201   201
    PATCH  monitors/bulk                                401    401     401     scope role   200    200   200   404
    DELETE monitors/bulk                                401    401     401     scope role   200    200   200   404
    GET    monitors/<monitor_id>                        401    401     401     scope 200    200    200   200   404
    PATCH  monitors/<monitor_id>                        401    401     401     scope role   200    200   200   404
    DELETE monitors/<monitor_id>                        401    401     401     scope role   204    204   204   404
    POST   monitors/<monitor_id>/pause                  401    401     401     scope role   200    200   200   404
    POST   monitors/<monitor_id>/resume                 401    401     401     scope role   200    200   200   404
    POST   monitors/<monitor_id>/snooze                 401    401     401     scope role   200    200   200   404
    POST   monitors/<monitor_id>/unsnooze               401    401     401     scope role   200    200   200   404
    GET    monitors/<monitor_id>/subscriptions          401    401     401     scope 200    200    200   200   404
    PUT    monitors/<monitor_id>/subscriptions          401    401     401     scope role   200    200   200   404
    GET    alert-policy                                 401    401     401     scope 200    200    200   200   200
    PATCH  alert-policy                                 401    401     401     scope role   role   200   200   200
    POST   monitors/<monitor_id>/test-alert             401    401     401     scope role   200    200   200   404
    GET    monitors/<monitor_id>/secrets                401    401     401     scope role   role   200   200   404
    POST   monitors/<monitor_id>/rotate-heartbeat-token 401    401     401     scope role   role   200   200   404
    GET    monitors/<monitor_id>/incidents              401    401     401     scope 200    200    200   200   404
    GET    monitors/<monitor_id>/pings                  401    401     401     scope 200    200    200   200   404
    GET    monitors/<monitor_id>/stats                  401    401     401     scope 200    200    200   200   404
    GET    monitors/<monitor_id>/timeline               401    401     401     scope 200    200    200   200   404
    GET    monitors/<monitor_id>/replay                 401    401     401     scope 200    200    200   200   404
    GET    listening-gaps                               401    401     401     scope 200    200    200   200   200
    GET    incidents                                    401    401     401     scope 200    200    200   200   200
    GET    incidents/<incident_id>                      401    401     401     scope 200    200    200   200   404
    POST   incidents/<incident_id>/acknowledge          401    401     401     scope role   200    200   200   404
    POST   incidents/<incident_id>/resolve              401    401     401     scope role   200    200   200   404
    POST   incidents/<incident_id>/updates              401    401     401     scope role   200    200   200   404
    """,
    {
        "POST monitors": {"name": "hourly", "intervalSec": 3600},
        "POST monitors/bulk": {"monitors": [{"name": "hourly", "intervalSec": 3600}]},
        "PATCH monitors/bulk": _change_of_monitors,
        "DELETE monitors/bulk": _monitors,
        "PATCH monitors/<monitor_id>": {"heartbeatGraceSec": 90},
        "PUT monitors/<monitor_id>/subscriptions": {"subscriptions": []},
        "PATCH alert-policy": {"alertDelaySec": 300},
        "POST incidents/<incident_id>/updates": {"message": "looking at it"},
    },
)

ALERTS = table.rows(
    """
    method  route                             nobody  expired  revoked  scope  viewer  member  admin  owner  other
    GET     channels                          401     401      401      scope  200     200     200    200    200
    POST    channels                          401     401      401      scope  role    201     201    201    201
    GET     channels/<channel_id>             401     401      401      scope  200     200     200    200    404
    PATCH   channels/<channel_id>             401     401      401      scope  role    200     200    200    404
    DELETE  channels/<channel_id>             401     401      401      scope  role    204     204    204    404
    POST    channels/<channel_id>/test        401     401      401      scope  role    200     200    200    404
    GET     channels/<channel_id>/deliveries  401     401      401      scope  200     200     200    200    404
    POST    channels/<channel_id>/replay      401     401      401      scope  role    200     200    200    404
    POST    deliveries/<delivery_id>/replay   401     401      401      scope  role    200     200    200    404
    """,
    {
        "POST channels": {"kind": "email", "name": "ops", "config": {"to": "ops@example.com"}},
        "PATCH channels/<channel_id>": {"enabled": False},
    },
)

ACCOUNT = table.rows(
    """
    method  route                          nobody  expired  revoked  scope  viewer  member  admin  owner  other
    GET     me                             401     401      401      200    200     200     200    200    200
    GET     me/tokens                      401     401      401      200    200     200     200    200    200
    POST    me/tokens                      401     401      401      scope  201     201     201    201    201
    DELETE  me/tokens/<token_id>           401     401      401      scope  404     404     404    204    404
    GET     me/members                     401     401      401      scope  200     200     200    200    200
    PATCH   me/members/<member_id>         401     401      401      scope  role    role    200    200    404
    DELETE  me/members/<member_id>         401     401      401      scope  role    role    204    204    404
    GET     me/invites                     401     401      401      scope  200     200     200    200    200
    POST    me/invites                     401     401      401      scope  role    role    201    201    201
    DELETE  me/invites/<invite_id>         401     401      401      scope  role    role    204    204    404
    POST    me/invites/<invite_id>/resend  401     401      401      scope  role    role    200    200    404
    GET     me/webhook-secret              401     401      401      scope  role    role    200    200    200
    POST    me/webhook-secret/rotate       401     401      401      scope  role    role    200    200    200
    GET     audit-logs                     401     401      401      scope  role    role    200    200    200
    """,
    {
        "POST me/tokens": {"name": "CI"},
        "PATCH me/members/<member_id>": {"role": "member"},
        "POST me/invites": {"email": "grace@example.com", "role": "viewer"},
    },
)

OF_THE_INSTALLATION = {"listening-gaps", "alert-policy"}
"""Collections that hold nothing of anybody, but for numbers of one's own."""

EVERY = [*MONITORS, *ALERTS, *ACCOUNT]
