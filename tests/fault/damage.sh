#!/usr/bin/env bash
# damage.sh: a small registry of two generations, the first one pinned, with lines in its audit log and a saved cohort, and
# damage.c over a copy of it on each processor.
#
#   tests/fault/damage.sh BUILD [STEP]     each STEP-th place (1: every byte and every length)
#
# Works in memory where there is /dev/shm: `lots check` and SQLite open files some twenty times for each change.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath "${1:-build}") || exit 2
step=${2:-1}
small=tests/fault/small
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
work=$(mktemp -d "${TMPDIR:-/tmp}/lots-damage-XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT

load() { "$build/lots" ingest "$work/small.lots" --map $small/small.map --max-rejects 0.5 "$@" >/dev/null 2>&1; }
load $small/first && "$build/lots" pin "$work/small.lots" paper >/dev/null && load $small/second --append &&
    "$build/lots" query "$work/small.lots" --purpose "a line in the log" 'from patients show id' >/dev/null &&
    "$build/lots" query "$work/small.lots" 'from patients where exists(contacts) into cohort seen' >/dev/null || exit 2

workers=$(nproc) failed=0 pids=
for ((i = 0; i < workers; i++)); do
    mkdir "$work/$i" && cp -r "$work/small.lots" "$work/$i" || exit 2
    (cd "$work/$i" && exec "$build/tests/fault/damage" small.lots $((step * workers)) $((step * i))) &
    pids="$pids $!"
done
for pid in $pids; do wait "$pid" || failed=1; done
exit $failed
