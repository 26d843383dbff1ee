#!/bin/sh
# Sets up a monitor for a cron job, with nothing but curl, sed and grep:
#
#     MONITORING_URL=https://beet.example.com MONITORING_TOKEN=hb_… JOB=invoices sh client.sh
#
# Prints the name of each monitor that there is, then what the new one's row says.
set -eu

answer=$(mktemp)
headers=$(mktemp)
trap 'rm -f "$answer" "$headers"' EXIT

# Prints the status; leaves the body in $answer and the headers in $headers.
call() {
    method=$1 path=$2
    shift 2
    case $path in http*) url=$path ;; *) url=$MONITORING_URL/api/v1$path ;; esac
    curl -sS -o "$answer" -D "$headers" -w '%{http_code}' -X "$method" "$url" \
        -H "Authorization: Bearer $MONITORING_TOKEN" -H 'Content-Type: application/json' "$@"
}

# The value of a text or a number of the top level, by its name.
field() {
    sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^,\"}]*\\).*/\\1/p" "$answer"
}

fail() {
    echo "$1: $(cat "$answer")" >&2
    exit 1
}

body="{\"name\": \"$JOB\", \"intervalSec\": 3600, \"heartbeatGraceSec\": 300, \"url\": \"internal://$JOB\"}"

[ "$(call POST /monitors -H "Idempotency-Key: setup-$JOB" -d "$body")" = 201 ] || fail "not created"
monitor=$(field id)

# The connection broke, say: the same again is safe.
[ "$(call POST /monitors -H "Idempotency-Key: setup-$JOB" -d "$body")" = 201 ] || fail "not replayed"
[ "$(field id)" = "$monitor" ] || fail "made twice"
grep -qi '^idempotent-replayed: true' "$headers" || fail "not marked as a replay"

# A name that is taken is told by its code, whatever the sentence says.
[ "$(call POST /monitors -d "$body")" = 409 ] || fail "not refused"
[ "$(field code)" = MONITOR_NAME_DUPLICATE ] || fail "another code"

# What the token may not do is told too.
[ "$(call GET /incidents)" = 403 ] || fail "not forbidden"
[ "$(field code)" = PAT_SCOPE_INSUFFICIENT ] || fail "another code"

[ "$(call GET "/monitors/$monitor/secrets")" = 200 ] || fail "no secrets"
ping_url=$(field pingUrl)
[ "$(curl -sS -o /dev/null -w '%{http_code}' -X POST "$ping_url")" = 204 ] || fail "not pinged"

next="/monitors?limit=2"
while [ "$next" != null ]; do
    [ "$(call GET "$next")" = 200 ] || fail "no page"
    grep -o '"name":"[^"]*"' "$answer" | sed 's/"name":"\(.*\)"/monitor \1/'
    next=$(field next)
done

[ "$(call GET "/monitors/$monitor")" = 200 ] || fail "no row"
echo "status $(field status)"
echo "pings $(field pingCount)"
