#!/bin/sh
# test_synth.sh: lots synth from the outside: a registry and files that load into the same one, what is refused, and that every
# question of query/examples has an answer on it. Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
build=${LOTS_BUILD:-build}
lots=$build/lots
case $lots in /*) ;; *) lots=$PWD/$lots ;; esac
work=$(mktemp -d "${TMPDIR:-/tmp}/lots-synth.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
reg=$work/made.lots
passed=0
failed=
failures=0

check() {
    if "$1" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failures=$((failures + 1))
        failed="$failed $1"
        echo "[  FAILED  ] $1"
        cat "$work/log"
    fi
}
exits() { # wanted exit code, lots arguments
    wanted=$1
    shift
    "$lots" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
    [ "$code" = "$wanted" ] || { echo "lots $*: exit $code, wanted $wanted"; cat "$work/out" "$work/err"; return 1; }
}
out_has() { grep -qF -- "$1" "$work/out" || { echo "not on standard output: $1"; cat "$work/out"; return 1; }; }
err_has() { grep -qF -- "$1" "$work/err" || { echo "not on standard error: $1"; cat "$work/err"; return 1; }; }
content() { "$lots" info "$1" | sed -n 's/^content *//p'; }

a_registry_and_files_are_made_at_once() {
    exits 0 synth "$reg" --patients 2000 --csv "$work/csv" && out_has "generation 1, 2000 patients" &&
        exits 0 check "$reg" && [ ! -e "$reg.synth" ] && [ ! -e "$reg.spill" ]
}
the_files_load_into_the_same_registry() {
    exits 0 ingest "$work/again.lots" --map "$work/csv/synth.map" "$work/csv" &&
        [ -n "$(content "$reg")" ] && [ "$(content "$reg")" = "$(content "$work/again.lots")" ]
}
the_shipped_mapping_is_that_of_the_default_years() {
    cmp ingest/maps/synth.map "$work/csv/synth.map" && exits 0 synth --patients 10 --years 2001..2003 --csv "$work/early" &&
        grep -q 'until = 2003-12-31' "$work/early/synth.map" && ! grep -q '20[12][0-9]-[01][0-9]-[0-3][0-9]' "$work/early/synth.map"
}
one_row_of_the_patients_file_is_a_person() {
    [ "$(wc -l <"$work/csv/patients.csv")" = 2001 ] &&
        exits 0 query "$reg" 'from patients show n = count()' --format csv && out_has '2000'
}
another_seed_is_another_population() {
    exits 0 synth "$work/other.lots" --patients 2000 --seed 2 && [ "$(content "$reg")" != "$(content "$work/other.lots")" ]
}
every_question_has_an_answer() {
    for question in query/examples/[0-9]*.lq; do
        with=
        grep -q '^param clinic' "$question" && with='--param clinic=VC-01016-1'
        exits 0 query "$reg" -f "$question" $with --purpose 'a test' --format csv || { echo "$question"; return 1; }
    done
}
mistakes_are_told() {
    exits 2 synth "$reg" --patients 10 && err_has 'there already' &&
        exits 2 synth "$work/x.lots" && err_has '--patients' &&
        exits 2 synth --patients 10 && err_has '--csv DIR' &&
        exits 2 synth "$work/x.lots" --patients 10 --years 2023..2014 && err_has 'first..last' &&
        exits 2 synth "$work/x.lots" --patients 10 --years 2023 && err_has '2014..2023' &&
        exits 2 synth "$work/x.lots" --patients ten && exits 2 synth "$work/x.lots" --patients 10 --sed 3 && err_has '--seed' &&
        [ ! -e "$work/x.lots" ]
}
the_figures_are_described() {
    exits 0 synth --describe --patients 3000 && out_has 'SNAC-K' && out_has 'costliest'
}

for one in a_registry_and_files_are_made_at_once the_files_load_into_the_same_registry \
    the_shipped_mapping_is_that_of_the_default_years one_row_of_the_patients_file_is_a_person \
    another_seed_is_another_population every_question_has_an_answer mistakes_are_told the_figures_are_described; do
    check "$one"
done
echo "[  PASSED  ] $passed test(s)."
[ "$failures" = 0 ] || { echo "[  FAILED  ] $failures test(s), listed below:"; for one in $failed; do echo "[  FAILED  ] $one"; done; exit 1; }
