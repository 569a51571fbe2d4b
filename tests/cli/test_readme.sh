#!/bin/sh
# test_readme.sh: README.md's commands, in a folder of their own, print what is shown: 100,000 people are made, once, some
# seconds of work. Under a sanitizer that is minutes for nothing new, and is left out.
# Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/support.sh
. tests/cli/manual_examples.sh
if LC_ALL=C grep -qE '__(a|t)san_init' "$build/lots"; then
    echo "[  SKIPPED  ] the readme: a sanitizer's build"
    echo "[  PASSED  ] 0 test(s)."
    exit 0
fi
examples_begin "$build"
trap 'rm -rf "$work"' EXIT

the_readme_shows_what_its_commands_print() {
    examples_split README.md
    blocks=0
    wrong=0
    for block in "$work"/blocks/*.console; do
        blocks=$((blocks + 1))
        examples_replay "$block" >"$work/got"
        diff "$block" "$work/got" && continue
        wrong=1
        echo "README.md:$(cat "${block%.console}.line"): a transcript that is not what the commands print now"
    done
    [ "$blocks" -ge 1 ] && [ "$wrong" = 0 ] || { echo "README.md: $blocks transcripts"; return 1; }
}

check the_readme_shows_what_its_commands_print
report
