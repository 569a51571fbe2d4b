#!/bin/sh
# Run every test program of a build folder, two at a time, and every tests/**/test_*.sh; print each one's closing lines
# as cmocka wrote them, the whole output of those that fail, and last the line `N passed, N failed`.
build=${1:-build}
out=$build/test-output
rm -rf "$out" && mkdir -p "$out" || exit 1
export LOTS_BUILD="$build"

one() { # a program's path -> its output and exit code in files
    name=$(printf '%s' "${1#"$build"/}" | tr '/' '_')
    case $1 in
    *.sh) sh "$1" >"$out/$name.log" 2>&1 ;;
    *) "$1" >"$out/$name.log" 2>&1 ;;
    esac
    echo "$?" >"$out/$name.code"
}

running=0
for program in $(find "$build/tests" -type f -name 'test_*' -perm -100 ! -name '*.o' ! -name '*.d' | sort) \
    $(find tests -name 'test_*.sh' | sort); do
    one "$program" &
    running=$((running + 1))
    if [ "$running" -ge "${JOBS:-2}" ]; then
        wait
        running=0
    fi
done
wait

passed=0
failed=0
for code in $(find "$out" -name '*.code' | sort); do
    log=${code%.code}.log
    name=$(basename "${code%.code}")
    good=$(sed -n 's/^\[  PASSED  \] \([0-9][0-9]*\) test(s)\.$/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    bad=$(sed -n 's/^\[  FAILED  \] \([0-9][0-9]*\) test(s), listed below:$/\1/p' "$log" | awk '{n += $1} END {print n + 0}')
    if [ "$(cat "$code")" != 0 ] && [ "$bad" = 0 ]; then
        bad=1 # it died before it could count
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
    echo "== $name"
    if [ "$bad" != 0 ]; then
        cat "$log"
    else
        grep -E '^\[  (PASSED|SKIPPED)  \]|skip' "$log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
