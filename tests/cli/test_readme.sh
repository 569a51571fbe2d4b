#!/bin/sh
# test_readme.sh: README.md's commands, in a folder of their own, print what is shown: 100,000 people are made, once, some
# seconds of work. Under a sanitizer that is minutes for nothing new, and is left out.
# Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/manual_examples.sh
build=${LOTS_BUILD:-build}
if LC_ALL=C grep -qE '__(a|t)san_init' "$build/lots"; then
    echo "[  SKIPPED  ] the readme: a sanitizer's build"
    echo "[  PASSED  ] 0 test(s)."
    exit 0
fi
examples_begin "$build"
trap 'rm -rf "$work"' EXIT
examples_split README.md
bad=0
blocks=0
for block in "$work"/blocks/*.console; do
    blocks=$((blocks + 1))
    examples_replay "$block" >"$work/got"
    diff "$block" "$work/got" >"$work/log" && continue
    bad=1
    echo "README.md:$(cat "${block%.console}.line"): a transcript that is not what the commands print now"
    cat "$work/log"
done
[ "$blocks" -ge 1 ] || { bad=1; echo "README.md: no transcript"; }
if [ "$bad" = 0 ]; then
    echo "[  PASSED  ] 1 test(s)."
else
    echo "[  PASSED  ] 0 test(s)."
    echo "[  FAILED  ] 1 test(s), listed below:"
    echo "[  FAILED  ] the_readme_shows_what_its_commands_print"
fi
exit "$bad"
