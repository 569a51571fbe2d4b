#!/bin/sh
# test_synth.sh: lots synth from the outside: a registry and files that load into the same one, what is refused, and that every
# question of query/examples has an answer on it. Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/support.sh
begin synth
reg=$work/made.lots

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

check a_registry_and_files_are_made_at_once
check the_files_load_into_the_same_registry
check the_shipped_mapping_is_that_of_the_default_years
check one_row_of_the_patients_file_is_a_person
check another_seed_is_another_population
check every_question_has_an_answer
check mistakes_are_told
check the_figures_are_described
report
