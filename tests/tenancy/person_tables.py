"""Who gets what from the pages of a person, whatever organisations that person is in; nothing stands before them.

The words are those of `page_tables`. The ids are those of Acme's owner: for everybody else they are as good as none.
"""

from tests.tenancy import table

ACCOUNT = table.rows(
    """
    method  route                           nobody   stale  viewer  member  admin  owner  other  then
    GET     /account/                       done     done   done    done    done   done   done   /account/profile
    GET     /account/profile                sign-in  200    200     200     200    200    200    -
    POST    /account/profile                sign-in  done   done    done    done   done   done   /account/profile
    GET     /account/security               sign-in  200    200     200     200    200    200    -
    GET     /account/sessions               sign-in  200    200     200     200    200    200    -
    POST    /account/sessions/end-others    sign-in  done   done    done    done   done   done   /account/sessions
    POST    /account/sessions/<digest>/end  sign-in  404    404     404     404    done   404    /account/sessions
    GET     /account/organisation           sign-in  403    403     403     403    403    403    -
    POST    /account/organisation           sign-in  403    403     403     403    403    403    -
    """,
    {"POST /account/profile": {"name": "x", "timezone": "UTC"}},
)
