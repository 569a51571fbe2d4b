#!/bin/sh
# demo.sh BUILD: load the example population into BUILD/demo.lots and answer three questions about it.
set -eu
build=${1:-build}
lots=$build/lots
registry=$build/demo.lots
rm -rf "$registry" "$registry.rejects.csv"

echo "\$ lots ingest demo.lots --map ingest/maps/example.map ingest/example"
"$lots" ingest "$registry" --map ingest/maps/example.map ingest/example
for name in cost diseases readmissions; do
    query=query/examples/demo-$name.lq
    printf '\n$ cat %s\n' "$query"
    cat "$query"
    case $name in cost) purpose='who cost most' ;; *) purpose= ;; esac # a list of persons says why
    printf '\n$ lots query demo.lots -f %s%s\n' "$query" "${purpose:+ --purpose '$purpose'}"
    "$lots" query "$registry" -f "$query" ${purpose:+--purpose "$purpose"}
done
printf '\nThe registry is %s. Try:\n' "$registry"
printf "  %s query %s 'from contacts group by level show n = count(), cost = sum(cost)'\n" "$lots" "$registry"
