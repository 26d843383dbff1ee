"""The codes of errors: each with its status and what it means. The document of the API is made from this, and a test
holds it to `heartbeet.problem`, which maps exceptions to them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One code: the status it comes with, and when."""

    status: int
    says: str


CODES: dict[str, Code] = {
    "VALIDATION_FAILED": Code(400, "something that was sent is not valid: `fields` says what"),
    "BAD_JSON": Code(400, "the body is not JSON"),
    "BAD_REQUEST": Code(400, "the request cannot be understood"),
    "PLAN_INTERVAL_TOO_LOW": Code(400, "the plan does not allow pings this often"),
    "ALERT_URL_INVALID": Code(400, "an address to send alerts to is not one"),
    "ALERT_URL_BLOCKED": Code(400, "alerts may not be sent to this address"),
    "IDEMPOTENCY_KEY_TOO_LONG": Code(400, "the `Idempotency-Key` has more than 255 characters"),
    "HOST_NOT_ALLOWED": Code(400, "the request names a host that is not ours"),
    "NOT_AUTHENTICATED": Code(401, "there is no access token, or it is unknown, expired or revoked"),
    "PAT_SCOPE_INSUFFICIENT": Code(403, "the access token does not have the scope that this needs"),
    "ROLE_INSUFFICIENT": Code(403, "the role in the organisation does not allow this"),
    "NOT_FOUND": Code(404, "it does not exist, or belongs to another organisation"),
    "METHOD_NOT_ALLOWED": Code(405, "`Allow` says which methods there are"),
    "MONITOR_NAME_DUPLICATE": Code(409, "another monitor of the project has this name"),
    "SECRET_UNREADABLE": Code(409, "the key that sealed the secret is gone: rotate it"),
    "INCIDENT_RESOLVED": Code(409, "the incident is over"),
    "DELIVERY_NOT_DEAD": Code(409, "the delivery was not given up, so it cannot be tried again"),
    "CHANNEL_SWITCHED_OFF": Code(409, "the channel is switched off, so nothing can be sent there again"),
    "LAST_OWNER": Code(409, "the organisation would be left without an owner"),
    "ALREADY_MEMBER": Code(409, "the person is a member of the organisation already"),
    "ALREADY_INVITED": Code(409, "the address has an open invitation: send it again, or revoke it first"),
    "INVITATION_CLOSED": Code(409, "the invitation was accepted, revoked or sent again"),
    "IDEMPOTENCY_IN_PROGRESS": Code(409, "a request with this `Idempotency-Key` is still running"),
    "IDEMPOTENCY_KEY_REPLAY_CONFLICT": Code(409, "this `Idempotency-Key` came with another request before"),
    "BODY_TOO_LARGE": Code(413, "the body has more than 1,048,576 bytes"),
    "UNSUPPORTED_MEDIA_TYPE": Code(415, "the body is not sent as `application/json`"),
    "RATE_LIMITED": Code(429, "too many requests: wait for `Retry-After`"),
    "PAT_DAILY_LIMIT_EXCEEDED": Code(429, "the access token's changes of this UTC day are used up"),
    "INVITATION_LIMIT": Code(429, "too many invitations are open: revoke some"),
    "PLAN_LIMIT_MONITORS": Code(429, "the plan's number of monitors is used up"),
    "INTERNAL": Code(500, "a mistake of ours"),
    "UNAVAILABLE": Code(503, "the database cannot be reached: wait for `Retry-After`"),
}
