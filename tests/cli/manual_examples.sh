# manual_examples.sh: running the examples of query/LANGUAGE.md and README.md. Sourced by test_manual.sh, test_readme.sh and
# manual_fill.sh.
#
# $work holds demo.lots, the example registry, and open.lots, the same without hidden cells (min_cell = 0), in which answers
# are compared with SQL. Commands of ```console blocks run in a folder of their own, with query/ and ingest/ of the project beside demo.lots.

purpose='reading the manual'

examples_begin() { # build folder -> $work, $lots
    lots=$1/lots
    case $lots in /*) ;; *) lots=$PWD/$lots ;; esac
    work=$(mktemp -d "${TMPDIR:-/tmp}/lots-manual.XXXXXX")
    mkdir "$work/bin" "$work/desk"
    ln -s "$lots" "$work/bin/lots"
    ln -s "$PWD/query" "$PWD/ingest" "$work/desk/"
    sed 's/^id = text$/&\
min_cell = 0/' ingest/maps/example.map >"$work/open.map"
    "$lots" ingest "$work/desk/demo.lots" --map ingest/maps/example.map ingest/example >"$work/log" 2>&1 &&
        "$lots" ingest "$work/open.lots" --map "$work/open.map" ingest/example >>"$work/log" 2>&1 || cat "$work/log"
}

examples_split() { # file -> $work/blocks
    rm -rf "$work/blocks"
    mkdir "$work/blocks"
    awk -v out="$work/blocks" -f tests/cli/manual_blocks.awk "$1"
}

# What a query file prints, its notes first; the query's exit code.
examples_ask() {
    "$lots" query "$work/desk/demo.lots" - --purpose "$purpose" <"$1" 2>&1
}

# Of what was printed, what an example shows: its notes only if it shows notes.
examples_shown() { # wanted, printed
    if [ -f "$1" ] && grep -qE '^(note|warning):' "$1"; then
        cat "$2"
    else
        grep -vE '^(note|warning):' "$2"
    fi
}

# A transcript again: each line that begins with "$ " and what it prints on standard output.
examples_replay() {
    gap=
    grep '^\$ ' "$1" | while IFS= read -r command; do
        printf '%s%s\n' "$gap" "$command"
        (cd "$work/desk" && PATH=$work/bin:$PATH sh -c "${command#\$ }" 2>/dev/null </dev/null)
        gap='
'
    done
}
