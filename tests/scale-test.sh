#!/usr/bin/env bash
# Runs deploy/compose.scale.yaml and shows that it keeps its promises: the same bytes from every server, one rate
# limit over all, digits for everyone while no more data sets are taken, no failed request while servers are
# replaced, and few where one is killed. Needs a Docker engine with Compose, and hey; DOCKER_BUILD_FLAGS reaches
# `docker build`.
set -euo pipefail
cd "$(dirname "$0")/.."
export PORT=${PORT:-8766} COMPOSE_PROJECT_NAME=digitsmith-scale COMPOSE_HTTP_TIMEOUT=120
front=http://127.0.0.1:$PORT
servers="172.30.7.11 172.30.7.12 172.30.7.13"

fail() { echo "scale-test: $*" >&2; exit 1; }
if docker compose version >/dev/null 2>&1; then composing="docker compose"; else composing=docker-compose; fi
compose() { $composing --file deploy/compose.scale.yaml "$@" 2>"$told" || fail "$composing $*: $(tail -n 3 "$told")"; }
get() { curl --silent --show-error --fail --max-time 20 "$@"; }
ready() { for _ in $(seq 600); do get --output /dev/null "$1/readyz" 2>/dev/null && return; sleep 0.1; done; fail "$1 is not ready"; }
all_ready() { for server in $servers; do ready "http://$server:8000"; done; ready "$front"; }
under_load() { hey -z "${seconds}s" -c 8 -q 10 "$front/generate" >"$log" & load=$!; }
status() { curl --silent --max-time 20 --output /dev/null --write-out '%{http_code}' "$front$1"; }
statuses() { sed -n '/Status code/,/^$/p;/Error dist/,/^$/p' "$log"; }

for tool in "${composing% *}" hey; do command -v "$tool" >/dev/null || fail "$tool is missing"; done
docker info >/dev/null 2>&1 || fail "no Docker engine answers: start one first"
log=$(mktemp) told=$(mktemp)
trap '(compose down --timeout 5) || true; rm -f "$log" "$told"' EXIT

# Compose builds only what is missing, and would run the program as it once was.
# shellcheck disable=SC2086 # the flags are words
docker build ${DOCKER_BUILD_FLAGS:---network host} --quiet --tag digitsmith . >/dev/null || fail "the image cannot be built"

DIGITSMITH_RATE_LIMIT=30/minute compose up --detach
all_ready
answers=$(for _ in $(seq 45); do curl --silent --output /dev/null --write-out '%{http_code}\n' "$front/generate"; done)
granted=$(grep -c 200 <<<"$answers")
[ "$granted" = 30 ] || fail "three servers with one limit of 30 answered$(sort <<<"$answers" | uniq -c | tr -s ' \n' ' ')"
echo "scale-test: one limit of 30 over three servers granted $granted"
compose down --timeout 5

compose up --detach
all_ready
sums=$(for server in $servers; do get "http://$server:8000/generate?seed=7&count=100" | sha256sum; done | sort -u | wc -l)
[ "$sums" = 1 ] || fail "the same seed gave $sums different pictures"
echo "scale-test: the same seed gives the same bytes from all three"

streams="" refused=0
for _ in $(seq 200); do
  curl --silent --limit-rate 1k "$front/dataset?count=100000" >/dev/null & streams="$streams $!"
  if [ "$(status "/dataset?count=10")" = 503 ]; then refused=$((refused + 1)); else refused=0; fi
  [ "$(status /generate)" = 200 ] || fail "with $refused refused data sets in a row, a digit was refused too"
  [ "$refused" -lt 10 ] || break
done
[ "$refused" = 10 ] || fail "data sets were taken without end"
# shellcheck disable=SC2086 # the processes are words
kill $streams 2>/dev/null || true  # those refused are gone
echo "scale-test: data sets are refused where all servers stream as many as they may, and digits are not"

seconds=40 && under_load
for which in 1 2 3; do
  compose up --detach --no-deps --force-recreate --timeout 30 "app-$which"
  ready "http://172.30.7.1$which:8000"
done
wait "$load"
found=$(statuses)
grep -q '\[200\]' <<<"$found" && ! grep -qE '\[[345]|Error' <<<"$found" || fail "while servers were replaced: $found"
echo "scale-test: all three replaced under load; $(tr -s ' \n' ' ' <<<"$found")"

seconds=15 && under_load
sleep 5
docker kill "$(compose ps --quiet app-2)" >/dev/null
wait "$load"
found=$(statuses)
grep -q '\[200\]' <<<"$found" || fail "while a server was killed, nothing was answered: $found"
# hey counts statuses as "[503] 3 responses", and behind "Error distribution:" what had none as "[3] Get …".
lost=$(awk '/^Error/ {errors = 1} errors {sum += substr($1, 2)} !errors && /^ *\[[345]/ {sum += $2} END {print sum + 0}' <<<"$found")
[ "$lost" -le 8 ] || fail "a killed server cost $lost requests, more than were in flight: $found"
echo "scale-test: a server killed under load cost $lost requests; $(tr -s ' \n' ' ' <<<"$found")"

get --output /dev/null "$front/generate?seed=7"
kept=$(get --header 'X-Request-ID: mine' --dump-header - --output /dev/null "$front/generate?seed=7" | tr -d '\r')
grep -qx 'X-Cache: HIT' <<<"$kept" || fail "a seeded answer was not kept: $kept"
[ "$(grep -ci '^X-Request-ID:' <<<"$kept")" = 1 ] && grep -qx 'X-Request-ID: mine' <<<"$kept" \
  || fail "a kept answer has another request's ID: $kept"

large=$(head --bytes 2000000 /dev/zero | curl --silent --data-binary @- --write-out '%{content_type}' "$front/generate")
grep -q '"status": 413.*application/problem+json$' <<<"$(tr -d '\n' <<<"$large")" || fail "a body too large was not told so in the app's form: $large"
echo "scale-test: passed"
