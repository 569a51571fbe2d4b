#!/usr/bin/env bash
# self_test.sh: does the fault harness see what it should? The sound store of two_versions.c must pass every fault, and
# each flaw must be caught by the fault meant for it.
#
#   tests/fault/self_test.sh [LIB [TWO_VERSIONS]]      (defaults below build/tests/fault)
set -u
cd "$(dirname "$0")/../.." || exit 2
lib=${1:-build/tests/fault/nth_call.so}
store=$(realpath "${2:-build/tests/fault/two_versions}") || exit 2
bad=0

# run FLAW HOWS: the harness over the store with a flaw ("" for none).
run() {
    tests/fault/run_faults.sh -l "$lib" -k "$2" -p two_versions -m "$store make \$R" -c "$store check \$R" \
        -q "$store query \$R" -w "$work" -- "$store publish \$R $1"
}

work=$(mktemp -d "${TMPDIR:-/tmp}/lots-fault-XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
run "" "kill torn lost enospc full eio short" || { echo "FAILED: the sound store"; bad=1; }
while read -r flaw how why; do
    run "$flaw" "$how" >"$work/out" 2>&1
    code=$?
    if [ "$code" = 1 ] && grep -q "^WRONG $how" "$work/out"; then
        echo "caught: $flaw by $how ($why)"
    else
        echo "FAILED: $flaw was not caught by $how (exit code $code; $why)"
        cat "$work/out"
        bad=1
    fi
done <<'TABLE'
points_in_place kill the pointer is gone for a moment
points_in_place enospc and stays gone when the disk is full
removes_too_early kill the old data go before the new are pointed at
syncs_no_data lost the name lasts, the bytes don't
syncs_no_folder lost what was reported as done is gone
trips_over_leftovers kill the second try finds the first one's files
trips_over_leftovers full also after a full disk
believes_short_writes short half a file is published
ignores_errors eio a failed write is published
ignores_errors full so is one for want of room
TABLE
exit $bad
