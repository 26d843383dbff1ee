"""Who gets what from the pages of an organisation; each is asked for with and without `/o/<organisation>` before it.

`sign-in` leads to the sign-in page, and from there back, `prove` to the page that asks if it is still you, `done` to
`then` (`*` stands for a new id), `home` to `/`, and an address in a cell there. The browser of `stale` is an admin's
who signed in long ago; `other` owns another organisation, and asks for Acme's ids.
"""

from tests.tenancy import table

_MONITOR = {"name": "x", "schedule": "interval", "every": "300", "grace": "1 min", "alert_threshold": 1}

MONITORS = table.rows(
    """
    call route                                nobody  stale viewer member admin owner other then
    GET  /                                    sign-in 200   200    200    200   200   200   -
    GET  /banner                              sign-in 200   200    200    200   200   200   -
    GET  /monitors/new                        sign-in 200   403    200    200   200   200   -
    POST /monitors/new                        sign-in done  403    done   done  done  done  /monitors/*
    POST /monitors/bulk                       sign-in done  403    done   done  done  done  /
    GET  /monitors/bulk/pause                 sign-in done  403    done   done  done  done  /
    POST /monitors/bulk/pause                 sign-in done  403    done   done  done  done  /
    GET  /monitors/bulk/delete                sign-in done  403    done   done  done  done  /
    POST /monitors/bulk/delete                sign-in done  403    done   done  done  done  /
    GET  /monitors/schedule                   sign-in 200   200    200    200   200   200   -
    GET  /monitors/<monitor_id>               sign-in 200   200    200    200   200   404   -
    GET  /monitors/<monitor_id>/charts        sign-in 200   200    200    200   200   404   -
    GET  /monitors/<monitor_id>/replay        sign-in 200   200    200    200   200   404   -
    GET  /monitors/<monitor_id>/edit          sign-in 200   403    200    200   200   404   -
    POST /monitors/<monitor_id>/edit          sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    GET  /monitors/<monitor_id>/clone         sign-in 200   403    200    200   200   404   -
    POST /monitors/<monitor_id>/clone         sign-in done  403    done   done  done  404   /monitors/*
    POST /monitors/<monitor_id>/reveal        sign-in prove 403    403    done  done  404   /monitors/<monitor_id>
    GET  /monitors/<monitor_id>/rotate        sign-in prove 403    403    200   200   404   -
    POST /monitors/<monitor_id>/rotate        sign-in prove 403    403    done  done  404   /monitors/<monitor_id>
    GET  /monitors/<monitor_id>/pause         sign-in 200   403    200    200   200   404   -
    POST /monitors/<monitor_id>/pause         sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    POST /monitors/<monitor_id>/resume        sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    GET  /monitors/<monitor_id>/snooze        sign-in 200   403    200    200   200   404   -
    POST /monitors/<monitor_id>/snooze        sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    POST /monitors/<monitor_id>/unsnooze      sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    GET  /monitors/<monitor_id>/telling       sign-in 200   403    200    200   200   404   -
    POST /monitors/<monitor_id>/telling       sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    POST /monitors/<monitor_id>/badge         sign-in done  403    done   done  done  404   /monitors/<monitor_id>
    GET  /monitors/<monitor_id>/delete        sign-in 200   403    200    200   200   404   -
    POST /monitors/<monitor_id>/delete        sign-in done  403    done   done  done  404   /
    GET  /monitors/<monitor_id>/pings         sign-in 200   200    200    200   200   404   -
    GET  /monitors/<monitor_id>/pings/<ping_id> sign-in 200 200    200    200   200   404   -
    GET  /incidents                           sign-in 200   200    200    200   200   200   -
    GET  /incidents/<incident_id>             sign-in 200   200    200    200   200   404   -
    POST /incidents/<incident_id>/acknowledge sign-in done  403    done   done  done  404   /incidents/<incident_id>
    POST /incidents/<incident_id>/resolve     sign-in done  403    done   done  done  404   /incidents/<incident_id>
    POST /incidents/<incident_id>/notes       sign-in done  403    done   done  done  404   /incidents/<incident_id>
    POST /incidents/<incident_id>/explain     sign-in 404   404    404    404   404   404   -
    """,
    {
        "POST /monitors/<monitor_id>/snooze": {"how": "hour"},
        "POST /monitors/new": _MONITOR,
        "POST /monitors/<monitor_id>/edit": _MONITOR,
        "POST /monitors/<monitor_id>/clone": _MONITOR,
        "POST /incidents/<incident_id>/notes": {"message": "looking at it"},
    },
)

ALERTS = table.rows(
    """
    call  route                             nobody   stale  viewer  member  admin  owner  other  then
    GET   /channels                         sign-in  200    200     200     200    200    200    -
    GET   /channels/new                     sign-in  200    403     200     200    200    200    -
    GET   /channels/new/<kind>              sign-in  200    403     200     200    200    200    -
    POST  /channels/new/<kind>              sign-in  done   403     done    done   done   done   /channels/*
    GET   /channels/test                    sign-in  200    403     200     200    200    200    -
    POST  /channels/test                    sign-in  done   403     done    done   done   done   /channels/test
    GET   /monitors/<monitor_id>/test-alert sign-in  200    403     200     200    200    404    -
    POST  /monitors/<monitor_id>/test-alert sign-in  done   403 done done done 404 /monitors/<monitor_id>/test-alert
    GET   /channels/<channel_id>            sign-in  200    200     200     200    200    404    -
    GET   /channels/<channel_id>/edit       sign-in  200    403     200     200    200    404    -
    POST  /channels/<channel_id>/edit       sign-in  done   403     done    done   done   404    /channels/<channel_id>
    POST  /channels/<channel_id>/test       sign-in  done   403     done    done   done   404    /channels/<channel_id>
    POST  /channels/<channel_id>/enable     sign-in  done   403     done    done   done   404    /channels/<channel_id>
    POST  /channels/<channel_id>/disable    sign-in  done   403     done    done   done   404    /channels/<channel_id>
    GET   /channels/<channel_id>/delete     sign-in  200    403     200     200    200    404    -
    POST  /channels/<channel_id>/delete     sign-in  done   403     done    done   done   404    /channels
    GET   /channels/<channel_id>/replay     sign-in  200    403     200     200    200    404    -
    POST  /channels/<channel_id>/replay     sign-in  done   403     done    done   done   404    /channels/<channel_id>
    POST  /deliveries/<delivery_id>/replay  sign-in  done   403     done    done   done   404    /channels/<channel_id>
    """,
    {
        "POST /channels/new/<kind>": {"name": "ops", "config-to": "ops@example.com"},
        "POST /channels/<channel_id>/edit": {"name": "ops", "config-to": "ops@example.com"},
    },
)

SETTINGS = table.rows(
    """
call route                                        nobody  stale viewer member admin owner other then
GET  /settings                                    sign-in 200   200    200    200   200   200   -
POST /settings                                    sign-in done  403    403    done  done  done  /settings
GET  /settings/leave                              sign-in 200   200    200    200   200   200   -
POST /settings/leave                              sign-in home  home   home   home  done  done  /settings
GET  /settings/members                            sign-in 200   200    200    200   200   200   -
POST /settings/members/<member_id>/role           sign-in done  403    403    done  done  404   /settings/members
GET  /settings/members/<member_id>/remove         sign-in 200   403    403    200   200   404   -
POST /settings/members/<member_id>/remove         sign-in done  403    403    done  done  404   /settings/members
POST /settings/invitations                        sign-in done  403    403    done  done  done  /settings/members
POST /settings/invitations/<invitation_id>/resend sign-in done  403    403    done  done  404   /settings/members
GET  /settings/invitations/<invitation_id>/revoke sign-in 200   403    403    200   200   404   -
POST /settings/invitations/<invitation_id>/revoke sign-in done  403    403    done  done  404   /settings/members
GET  /settings/alerts                             sign-in 200   200    200    200   200   200   -
POST /settings/alerts                             sign-in done  403    403    done  done  done  /settings/alerts
GET  /settings/badges                             sign-in 200   200    200    200   200   200   -
POST /settings/badges/new                         sign-in done  403    done   done  done  done  /settings/badges
GET  /settings/badges/<badge_id>/replace          sign-in 200   403    200    200   200   404   -
POST /settings/badges/<badge_id>/replace          sign-in done  403    done   done  done  404   /monitors/<monitor_id>
GET  /settings/badges/<badge_id>/delete           sign-in 200   403    200    200   200   404   -
POST /settings/badges/<badge_id>/delete           sign-in done  403    done   done  done  404   /monitors/<monitor_id>
POST /settings/feed/new                           sign-in prove 403    403    done  done  done  /settings/badges
POST /settings/feed/show                          sign-in prove 403    403    done  done  done  /settings/badges
GET  /settings/feed/replace                       sign-in prove 403    403    200   200   200   -
POST /settings/feed/replace                       sign-in prove 403    403    done  done  done  /settings/badges
GET  /settings/feed/delete                        sign-in 200   403    403    200   200   200   -
POST /settings/feed/delete                        sign-in done  403    403    done  done  done  /settings/badges
GET  /settings/projects                           sign-in 200   200    200    200   200   200   -
POST /settings/projects/new                       sign-in done  403    done   done  done  done  /settings/projects
POST /settings/projects/<project_id>/rename       sign-in done  403    done   done  done  404   /settings/projects
GET  /settings/projects/<project_id>/delete       sign-in 200   403    200    200   200   404   -
POST /settings/projects/<project_id>/delete       sign-in done  403    done   done  done  404   /settings/projects
GET  /settings/tokens                             sign-in prove 200    200    200   200   200   -
GET  /settings/tokens/new                         sign-in prove 200    200    200   200   200   -
POST /settings/tokens/new                         sign-in prove done   done   done  done  done  /settings/tokens
GET  /settings/tokens/<token_id>/revoke           sign-in prove 404    404    404   200   404   -
POST /settings/tokens/<token_id>/revoke           sign-in prove 404    404    404   done  404   /settings/tokens
GET  /settings/webhook-secret                     sign-in 200   403    403    200   200   200   -
POST /settings/webhook-secret/show                sign-in prove 403    403    done  done  done  /settings/webhook-secret
GET  /settings/webhook-secret/rotate              sign-in prove 403    403    200   200   200   -
POST /settings/webhook-secret/rotate              sign-in prove 403    403    done  done  done  /settings/webhook-secret
GET  /settings/audit-log                          sign-in 200   403    403    200   200   200   -
GET  /settings/audit-log.csv                      sign-in 200   403    403    200   200   200   -
    """,
    {
        "POST /settings": {"name": "renamed"},
        "POST /settings/members/<member_id>/role": {"role": "member"},
        "POST /settings/invitations": {"email": "grace@example.com", "role": "viewer"},
        "POST /settings/alerts": {"delay": "300", "remind": "0", "recovery": 1},
        "POST /settings/badges/new": lambda house: {"tag": house.canary},
        "POST /settings/projects/new": {"name": "new"},
        "POST /settings/projects/<project_id>/rename": {"name": "renamed"},
        "POST /settings/tokens/new": {"name": "CI", "preset": "all", "expires": "90"},
    },
)

BOARDS = table.rows(
    """
    call route                            nobody  stale  viewer member admin  owner  other  then
    GET  /boards                          sign-in 200    200    200    200    200    200    -
    POST /boards/new                      sign-in done   403    done   done   done   done   /boards/*/edit
    GET  /boards/<board_id>               sign-in 200    200    200    200    200    404    -
    GET  /boards/<board_id>/edit          sign-in 200    403    200    200    200    404    -
    POST /boards/<board_id>/rename        sign-in done   403    done   done   done   404    /boards/<board_id>/edit
    GET  /boards/<board_id>/delete        sign-in 200    403    200    200    200    404    -
    POST /boards/<board_id>/delete        sign-in done   403    done   done   done   404    /boards
    POST /boards/<board_id>/widgets       sign-in done   403    done   done   done   404    /boards/<board_id>/edit
    POST /boards/<board_id>/widgets/<widget_id>/move sign-in done 403 done done done 404 /boards/<board_id>/edit*
    POST /boards/<board_id>/widgets/<widget_id>/resize sign-in done 403 done done done 404 /boards/<board_id>/edit*
    POST /boards/<board_id>/widgets/<widget_id>/remove sign-in done 403 done done done 404 /boards/<board_id>/edit
    """,
    {
        "POST /boards/new": {"name": "new"},
        "POST /boards/<board_id>/rename": {"name": "renamed"},
        "POST /boards/<board_id>/widgets": lambda house: {"kind": "status", "monitor": house.ids["monitor_id"]},
        "POST /boards/<board_id>/widgets/<widget_id>/move": {"to": "earlier"},
        "POST /boards/<board_id>/widgets/<widget_id>/resize": {"to": "wider"},
    },
)

OF_AN_ORGANIZATION = [*MONITORS, *BOARDS, *ALERTS, *SETTINGS]
