#!/usr/bin/env bash
# run.sh: the commands that write a registry, ended or failed at each of their file system calls in turn.
#
#   tests/fault/run.sh BUILD [HOWS [STRIDE]]     as -k and -s of run_faults.sh, which says what must hold
#
# Works in memory where there is /dev/shm: a disk's fsync would be most of the time.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$(realpath "${1:-build}") || exit 2
hows=${2:-kill torn lost enospc full eio short}
stride=${3:-1}
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
lots=$build/lots
small=$PWD/tests/fault/small
ingest="$lots ingest \$R --map $small/small.map --threads 1 --max-rejects 0.5"
# What a reader can see: info with its content hash, pins, codes and their texts, the audit log but
# for its times, the cohorts but for theirs, a table through a column.
look="$lots info \$R && $lots pin \$R && $lots codes \$R icd10 && $lots audit \$R --format csv | cut -d , -f 2- &&
$lots cohort \$R --format json | sed 's/.time.:.[^,]*,//' &&
$lots query \$R 'from contacts group by start, end, level, cost, dx, note, beds = level.beds show n = count()' --format csv &&
$lots query \$R 'from patients group by birth, sex, n = count(contacts), labs = sum(value over labs) show k = count()' --format csv"
logs=$(mktemp -d "${TMPDIR:-/tmp}/lots-faults-XXXXXX") || exit 2
trap 'rm -rf "$logs"' EXIT
tries=0 failed=0

# NAME MAKE LINE: begin it; all run beside each other.
try() {
    tries=$((tries + 1))
    run_one "$@" >"$logs/$tries" 2>&1 &
    pids[tries]=$!
}
run_one() {
    echo "== $1"
    tests/fault/run_faults.sh -l "$build/tests/fault/nth_call.so" -p lots -k "$hows" -s "$stride" \
        -m "$2" -c "$lots check \$R --full" -q "$look" -- "$3"
}

try "a first load" true "$ingest $small/first"
try "a load that spills" true "$ingest --memory 1 $small/first"
try "an append" "$ingest $small/first" "$ingest $small/second --append"
try "an append that removes an old generation" "$ingest $small/first && $ingest $small/second --append" \
    "$ingest $small/first --append"
try "a pin" "$ingest $small/first" "$lots pin \$R paper"
try "a line in the audit log" "$ingest $small/first" "$lots query \$R --purpose test 'from patients show id'"
try "a cohort" "$ingest $small/first" "$lots query \$R 'from patients where exists(contacts) into cohort seen'"
for ((i = 1; i <= tries; i++)); do
    wait "${pids[i]}" || failed=1
    cat "$logs/$i"
done
exit $failed
