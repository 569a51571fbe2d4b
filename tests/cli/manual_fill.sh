#!/bin/sh
# manual_fill.sh BUILD FILE.md: write under each ```lots block of the file that has a ```text block what it prints now, and
# into each ```console block what its commands print. For authors, who then read it: the test compares, it writes nothing.
set -eu
build=$1
file=$2
. tests/cli/manual_examples.sh
examples_begin "$build"
trap 'rm -rf "$work"' EXIT
examples_split "$file"
for line in "$work"/blocks/*.line; do
    block=${line%.line}
    if [ -f "$block.lots" ]; then
        examples_ask "$block.lots" >"$block.all" || :
        examples_shown "$block.want" "$block.all" >"$block.got"
    else
        examples_replay "$block.console" >"$block.got" || :
    fi
done
awk -v blocks="$work/blocks" '
    function put(path,   text) { while ((getline text < path) > 0) print text; close(path) }
    !inside && /^```/ {
        inside = 1
        kind = substr($0, 4)
        if (kind == "lots" || kind == "console") { n++; last = kind }
        print
        if (kind == "console" || (kind == "text" && last == "lots")) { put(sprintf("%s/%03d.got", blocks, n)); skip = 1 }
        next
    }
    inside && /^```$/ { inside = skip = 0; print; next }
    inside { if (!skip) print; next }
    { if (NF > 0) last = ""; print }' "$file" >"$work/filled.md"
cat "$work/filled.md" >"$file"
