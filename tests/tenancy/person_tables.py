"""Who gets what from the pages of a person, whatever organisations that person is in.

The words are those of `page_tables`; `back` leads to the second factors. The ids are those of Acme's owner: for
everybody else they are as good as none.
"""

from tests.tenancy import table

ACCOUNT = table.rows(
    """
    call  route                           nobody   stale  viewer  member  admin  owner  other  then
    GET   /account/                       done     done   done    done    done   done   done   /account/profile
    GET   /operator                       sign-in  404    404     404     404    404    404    -
    GET   /account/profile                sign-in  200    200     200     200    200    200    -
    POST  /account/profile                sign-in  done   done    done    done   done   done   /account/profile
    GET   /account/security               sign-in  200    200     200     200    200    200    -
    GET   /account/sessions               sign-in  200    200     200     200    200    200    -
    POST  /account/sessions/end-others    sign-in  done   done    done    done   done   done   /account/sessions
    POST  /account/sessions/<digest>/end  sign-in  404    404     404     404    done   404    /account/sessions
    GET   /account/organisation           sign-in  403    403     403     403    403    403    -
    POST  /account/organisation           sign-in  403    403     403     403    403    403    -
    GET   /account/e-mail                 sign-in  prove  200     200     200    200    200    -
    POST  /account/e-mail                 sign-in  prove  done    done    done   done   done   /account/e-mail
    GET   /account/password               sign-in  prove  200     200     200    200    200    -
    POST  /account/password               sign-in  prove  done    done    done   done   done   /account/security
    GET   /account/password/new           sign-in  prove  done    done    done   done   done   /account/password
    POST  /account/password/new           sign-in  prove  done    done    done   done   done   /account/password
    GET   /account/confirm                sign-in  200    200     200     200    200    200    -
    POST  /account/confirm                sign-in  home   home    home    home   home   home   -
    """,
    {
        "POST /account/profile": {"name": "x", "timezone": "UTC"},
        "POST /account/e-mail": {"email": "new@example.com", "action_add": ""},
        "POST /account/password": {"password1": "a new and long passphrase"},
        "POST /account/confirm": {"password": "correct horse battery"},
    },
)

FACTORS = table.rows(
    """
call route                                    nobody  stale viewer member admin owner other then
GET  /account/confirm/factor                  sign-in 200   200    200    200   200   200   -
POST /account/confirm/factor                  sign-in 200   200    200    200   200   200   -
GET  /account/confirm/passkey                 sign-in 200   200    200    200   200   200   -
POST /account/confirm/passkey                 sign-in 200   200    200    200   200   200   -
POST /account/confirm/options                 sign-in 200   200    200    200   200   200   -
GET  /account/two-factor                      done    done  done   done   done  done  done  /account/security
GET  /account/two-factor/app                  sign-in prove 200    200    200   200   200   -
POST /account/two-factor/app                  sign-in prove 200    200    200   200   200   -
GET  /account/two-factor/app/remove           sign-in prove done   done   done  done  done  /account/two-factor
POST /account/two-factor/app/remove           sign-in prove done   done   done  done  done  /account/two-factor
GET  /account/two-factor/codes                sign-in prove done   done   done  done  done  /account/two-factor
GET  /account/two-factor/codes/new            sign-in prove done   done   done  200   200   /account/two-factor
POST /account/two-factor/codes/new            sign-in prove back   back   back  done  done  /account/two-factor/codes
GET  /account/two-factor/passkeys/new         sign-in prove 200    200    200   200   200   -
POST /account/two-factor/passkeys/new         sign-in prove 200    200    200   200   200   -
POST /account/two-factor/passkeys/options     sign-in prove 200    200    200   200   200   -
GET  /account/two-factor/passkeys/<pk>/rename sign-in prove 404    404    404   200   404   -
POST /account/two-factor/passkeys/<pk>/rename sign-in prove 404    404    404   done  404   /account/two-factor
GET  /account/two-factor/passkeys/<pk>/remove sign-in prove 404    404    404   200   404   -
POST /account/two-factor/passkeys/<pk>/remove sign-in prove 404    404    404   done  404   /account/two-factor
    """,
    {"POST /account/two-factor/passkeys/<pk>/rename": {"name": "laptop"}},
)

OF_A_PERSON = [*ACCOUNT, *FACTORS]
