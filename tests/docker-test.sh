#!/usr/bin/env bash
# Builds the container, runs it as an operator would (read-only, no capabilities, non-root), asks it
# for a digit and stops it. Needs a Docker engine; DOCKER_BUILD_FLAGS reaches `docker build`.
set -euo pipefail
cd "$(dirname "$0")/.."
port=${PORT:-8765}

fail() { echo "docker-test: $*" >&2; exit 1; }

docker info >/dev/null 2>&1 || fail "no Docker engine answers: start one first"
# shellcheck disable=SC2086 # the flags are words
docker build ${DOCKER_BUILD_FLAGS:---network host} --tag digitsmith .
docker rm --force digitsmith-test >/dev/null 2>&1 || true
docker run --detach --name digitsmith-test --read-only --cap-drop ALL --security-opt no-new-privileges \
  --env PORT=9000 --publish "127.0.0.1:$port:9000" digitsmith >/dev/null
trap 'docker rm --force digitsmith-test >/dev/null' EXIT

state() { docker inspect --format "{{.State.$1}}" digitsmith-test; }
until [ "$(state Health.Status)" = healthy ]; do
  [ "$(state Running)" = true ] || { docker logs digitsmith-test; fail "the container stopped"; }
  [ "$(state Health.Status)" != unhealthy ] || { docker logs digitsmith-test; fail "the container is unhealthy"; }
  sleep 1
done

url="http://127.0.0.1:$port/generate?digit=7&seed=42"
kind=$(curl --silent --show-error --fail --output /dev/null --write-out '%{content_type}' "$url")
[ "$kind" = image/png ] || fail "$url gave $kind, not image/png"
url="http://127.0.0.1:$port/dataset?count=10&seed=42&format=parquet"
start=$(curl --silent --show-error --fail "$url" | { head --bytes 4; cat >/dev/null; })
[ "$start" = PAR1 ] || fail "$url gave $start…, not Parquet"
metrics=$(curl --silent --show-error --fail "http://127.0.0.1:$port/metrics")
grep -q '^digitsmith_digits_total{model="digitsmith"} 11.0$' <<<"$metrics" || fail "/metrics does not tell of those digits"
user=$(docker exec digitsmith-test id -u)
[ "$user" != 0 ] || fail "the server runs as root"
if docker exec digitsmith-test python -c 'import tensorflow' 2>/dev/null; then fail "TensorFlow is in the image"; fi

for compiler in cc gcc g++ clang; do
  if docker exec digitsmith-test sh -c "command -v $compiler"; then fail "a compiler is in the image"; fi
done

models=$(docker exec digitsmith-test du --summarize --block-size 1MB --total models cache | awk 'END {print $1}')
rest=$(($(docker image inspect --format '{{.Size}}' digitsmith) / 1000000 - models))
[ "$rest" -lt 450 ] || fail "beside its models the image has $rest MB, not less than 450"

docker stop --time 30 digitsmith-test >/dev/null
[ "$(state ExitCode)" = 0 ] || fail "SIGTERM ended the server with exit code $(state ExitCode), not 0"
echo "docker-test: passed; the image has $rest MB beside $models MB of models"
