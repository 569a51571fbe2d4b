#!/bin/sh
# test_faults.sh: a sample of tests/fault/run.sh: a first load, an append and a pin, killed and cut off from power at some
# of their calls. `make check-fault` tries all of them in every way. Run by tests/support/run.sh.
build=${LOTS_BUILD:-build}
if ldd "$build/lots" 2>/dev/null | grep -qE 'lib(a|t|ub)san'; then
    echo "skip: faults are injected by preloading, which sanitizers don't go with"
    exit 0
fi
if bash tests/fault/run.sh "$build" "kill lost full short" 61; then
    echo "[  PASSED  ] 1 test(s)."
else
    echo "[  FAILED  ] 1 test(s), listed below:"
    echo "[  FAILED  ] a_registry_is_the_old_or_the_new_one"
    exit 1
fi
