"""What everybody may ask for, why, and what comes back; the words are those of `page_tables`.

A new route belongs here only if it has to answer strangers.
"""

from tests.tenancy import table

PUBLIC = table.rows(
    """
call route                           nobody   owner   other   then                  why
GET  /health/live                    200      200     200     -                     for who restarts a process
GET  /health/ready                   200      200     200     -                     for load balancers
GET  /health/system                  503      503     503     -                     for monitoring; here nothing listens
GET  /metrics                        200      200     200     -                     for Prometheus
GET  /api/v1/openapi.json            200      200     200     -                     for generators; it has no secret
GET  /api/v1/docs                    200      200     200     -                     the same to read
GET  /assets/heartbeet.css           200      200     200     -                     the style of every page
GET  /assets/widgets.css             200      200     200     -                     the style of pages with widgets
GET  /assets/heartbeet.js            200      200     200     -                     the script of every page
GET  /badge/<public_id>.svg          200      200     200     -                     for a README; off until it is made
GET  /badge/<public_id>.json         200      200     200     -                     the same for programs
GET  /feed/<feed_key>.atom           200      200     200     -                     for readers; its address is a secret
GET  /setup                          done     done    done    /sign-in              for the first owner
POST /setup                          done     done    done    /sign-in              the same
GET  /sign-in                        200      home    home    -                     to get in
POST /sign-in                        200      home    home    -                     here with a wrong password
GET  /sign-in/inactive               200      200     200     -                     says that an account is switched off
GET  /sign-in/second-step            /sign-in home    home    -                     comes after a right password
POST /sign-in/second-step            sign-in  home    home    -                     the same
POST /sign-in/second-step/options    sign-in  home    home    -                     the same
POST /sign-in/passkey                sign-in  sign-in sign-in -                     by a passkey; here without
POST /sign-in/passkey/options        200      200     200     -                     the same
POST /sign-in/oidc                   404      404     404     -                     by single sign-on, which is off
GET  /sign-in/oidc/callback          404      404     404     -                     the same
POST /sign-out                       done     done    done    /sign-in              to get out
GET  /sign-up                        200      home    home    -                     closed but for who was invited
POST /sign-up                        200      home    home    -                     the same
GET  /sign-up/confirm                200      200     200     -                     says that a letter was sent
GET  /confirm-e-mail/<key>           200      200     200     -                     a letter's link; here a wrong one
POST /confirm-e-mail/<key>           404      404     404     -                     the same
GET  /forgot-password                200      200     200     -                     for a letter with a link
POST /forgot-password                done     done    done    /forgot-password/sent the same for every address
GET  /forgot-password/sent           200      200     200     -                     says that a letter was sent
GET  /forgot-password/<uidb36>-<key> 200      200     200     -                     a letter's link; here a wrong one
POST /forgot-password/<uidb36>-<key> 200      200     200     -                     the same
GET  /forgot-password/done           200      200     200     -                     says that it is done
GET  /invitations/<code>             200      200     200     -                     a letter's link, a secret
POST /invitations/<code>             200      done    done    /invitations/<code>   the same; for the invited alone
POST /invitations/<code>/sign-up     done     done    done    /sign-up              for who has no account
POST /invitations/<code>/switch      done     done    done    /invitations/<code>   for who is somebody else
    """,
    {
        "POST /sign-in": {"login": "nobody@example.com", "password": "wrong"},
        "POST /forgot-password": {"email": "nobody@example.com"},
    },
)

BY_LINK = {
    "GET /invitations/<code>",
    "POST /invitations/<code>",
    "GET /badge/<public_id>.svg",
    "GET /badge/<public_id>.json",
    "GET /feed/<feed_key>.atom",
}
"""They show who invites to what, a name with a state, and incidents; what stands in the address is the secret."""
