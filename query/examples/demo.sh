#!/bin/sh
# demo.sh BUILD [PEOPLE]: make a synthetic population in BUILD/people.lots and answer three questions about it; and load the
# thousand people of ingest/example, which the manual's examples ask about, into BUILD/demo.lots.
set -eu
build=${1:-build}
people=${2:-100000}
lots=$build/lots
rm -rf "$build/people.lots" "$build/demo.lots" "$build/demo.lots.rejects.csv"

echo "\$ lots synth people.lots --patients $people"
"$lots" synth "$build/people.lots" --patients "$people"
for name in cost diseases readmissions; do
    query=query/examples/demo-$name.lq
    printf '\n$ cat %s\n' "$query"
    cat "$query"
    printf '\n$ lots query people.lots -f %s\n' "$query"
    "$lots" query "$build/people.lots" -f "$query"
done
"$lots" ingest "$build/demo.lots" --map ingest/maps/example.map ingest/example >/dev/null
printf '\nThe registry is %s/people.lots; %s/demo.lots is the small one of the manual. Try:\n' "$build" "$build"
printf "  %s query %s/people.lots 'from contacts group by level show n = count(), cost = sum(cost)'\n" "$lots" "$build"
