#!/bin/sh
# test_damage.sh: a sample of tests/fault/damage.sh; `make check-damage` tries every byte. Run by tests/support/run.sh.
build=${LOTS_BUILD:-build}
if bash tests/fault/damage.sh "$build" 307; then
    echo "[  PASSED  ] 1 test(s)."
else
    echo "[  FAILED  ] 1 test(s), listed below:"
    echo "[  FAILED  ] damage_is_reported_or_inert"
    exit 1
fi
