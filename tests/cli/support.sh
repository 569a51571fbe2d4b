# support.sh: what the tests of the program from the outside share. Sourced from the project's root by tests/cli/test_*.sh and
# tests/fault/test_access.sh, which run.sh starts with LOTS_BUILD set: they `begin`, `check` functions whose names are
# sentences, and `report`, their last command, as cmocka would.
build=${LOTS_BUILD:-build}
lots=$build/lots
case $lots in /*) ;; *) lots=$PWD/$lots ;; esac
passed=0
failed=

begin() { # name -> $work, a folder that is there until the end
    work=$(mktemp -d "${TMPDIR:-/tmp}/lots-$1.XXXXXX") || exit 1
    trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
}
check() { # a function that must succeed; a line `skip…` of it is printed
    if "$1" >"$work/log" 2>&1; then
        passed=$((passed + 1))
        ! grep -q '^skip' "$work/log" || echo "$1: $(grep '^skip' "$work/log")"
    else
        failed="$failed $1"
        echo "[  FAILED  ] $1"
        cat "$work/log"
    fi
}
report() {
    echo "[  PASSED  ] $passed test(s)."
    [ -n "$failed" ] || return 0
    echo "[  FAILED  ] $(echo $failed | wc -w) test(s), listed below:"
    for name in $failed; do echo "[  FAILED  ] $name"; done
    return 1
}

# Run lots; its exit code in $code, its streams in $work/out and $work/err.
exits() { # wanted exit code, lots arguments
    wanted=$1
    shift
    "$lots" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
    [ "$code" = "$wanted" ] || { echo "lots $*: exit $code, wanted $wanted"; cat "$work/out" "$work/err"; return 1; }
}
out_has() { grep -qF -- "$1" "$work/out" || { echo "not on standard output: $1"; cat "$work/out"; return 1; }; }
out_lacks() { ! grep -qF -- "$1" "$work/out" || { echo "on standard output: $1"; return 1; }; }
out_empty() { [ ! -s "$work/out" ] || { echo "standard output isn't empty:"; cat "$work/out"; return 1; }; }
err_has() { grep -qF -- "$1" "$work/err" || { echo "not on standard error: $1"; cat "$work/err"; return 1; }; }
err_lacks() { ! grep -qF -- "$1" "$work/err" || { echo "on standard error: $1"; return 1; }; }
