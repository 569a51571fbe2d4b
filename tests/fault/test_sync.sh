#!/bin/sh
# test_sync.sh: every file of a first load is synced before the catalog names it. Each sync of the load fails in turn: the load
# must fail, name what it could not sync, and leave no registry; and all files of the registry must have been named so.
# Run by tests/support/run.sh.
build=${LOTS_BUILD:-build}
if ldd "$build/lots" 2>/dev/null | grep -qE 'lib(a|t|ub)san'; then
    echo "skip: faults are injected by preloading, which sanitizers don't go with"
    exit 0
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/lots-sync-XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
lib=$(realpath "$build/tests/fault/nth_call.so") || exit 2
wrong=0
blame() {
    wrong=$((wrong + 1))
    echo "WRONG at call $n: $1"
    sed 's/^/    | /' "$work/log"
}
load() { # NAME=VALUE of the fault
    rm -rf "$work/r.lots"
    env LOTS_FAULT_PROGRAM=lots "$1" LOTS_FAULT_HOW=eio LOTS_FAULT_COUNT="$work/count" LD_PRELOAD="$lib" "$build/lots" ingest \
        "$work/r.lots" --map tests/fault/small/small.map --threads 1 --max-rejects 0.5 tests/fault/small/first >"$work/log" 2>&1
}

n=0
load LOTS_FAULT_AT=0 || blame "the load fails without a fault"
calls=$(cat "$work/count")
files=$(cd "$work/r.lots" && find segments identities dictionaries tables readers -type f)
: >"$work/named"
for n in $(seq "$calls"); do
    load LOTS_FAULT_AT="$n"
    code=$?
    grep -q "^fault: call $n, fsync: eio" "$work/log" || continue
    [ "$code" != 0 ] || blame "a sync failed and the load went on"
    file=$(sed -n "s/.*can't sync '\(.*\)': .*/\1/p" "$work/log")
    if [ -n "$file" ] && "$build/lots" info "$work/r.lots" >/dev/null 2>&1; then
        blame "a registry was published"
    fi
    echo "$file" >>"$work/named"
done
for file in $files; do
    n=none
    grep -qx "$work/r.lots/$file" "$work/named" || blame "'$file' is not synced"
done
if [ "$wrong" = 0 ] && [ "$(echo "$files" | wc -l)" -gt 5 ]; then
    echo "[  PASSED  ] 1 test(s)."
else
    echo "[  FAILED  ] 1 test(s), listed below:"
    echo "[  FAILED  ] a_load_syncs_every_file_and_names_the_one_it_could_not"
    exit 1
fi
