#!/bin/sh
# test_cohorts.sh: saved cohorts from the outside: counted, saved, asked on newer and older data, listed, dropped, remade.
# Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints. Counts are checked against the CSV files.
small=tests/fault/small
. tests/cli/support.sh
begin cohorts
reg=$work/demo.lots
two=$work/two.lots

# The whole output as csv: registry, question, lines expected, options.
gives() {
    where=$1 question=$2 expected=$3
    shift 3
    exits 0 query "$where" "$question" --format csv "$@" && printf "$expected" | diff - "$work/out"
}
load() { "$lots" ingest "$@" --max-rejects 0.5 >/dev/null 2>&1; }

people=$(($(wc -l <ingest/example/patients.csv) - 1))
women=$(awk -F, 'NR > 1 && $3 == "female"' ingest/example/patients.csv | wc -l)
women_treated=$(awk -F, 'NR == FNR { if ($3 == "female") woman[$1] = 1; next } woman[$1] && !seen[$1]++' ingest/example/patients.csv \
    ingest/example/drugs.csv | wc -l)

a_cohort_is_counted_saved_and_asked_for() {
    load "$reg" --map ingest/maps/example.map ingest/example || return 1
    gives "$reg" 'from patients where sex = female into cohort women' "cohort,patients\nwomen,$women\n" &&
        gives "$reg" 'from patients show n = count(where women)' "n,patients\n$women,$people\n" &&
        gives "$reg" 'from drugs where women show n = patients()' "n,patients\n$women_treated,$women_treated\n" --threads 3 &&
        gives "$reg" 'from patients where women and exists(drugs) into cohort treated' "cohort,patients\ntreated,$women_treated\n" &&
        gives "$reg" 'from patients where treated show n = count()' "n,patients\n$women_treated,$women_treated\n"
}
it_lists_nobody_but_is_logged() {
    exits 0 audit "$reg" --format csv && out_has 'cohort women saved' && [ "$(wc -l <"$work/out")" = 3 ] &&
        [ "$(grep -c ',0,cohort' "$work/out")" = 2 ] && exits 0 query "$reg" 'from patients where women into cohort again' --purpose 'a study' &&
        exits 0 audit "$reg" && out_has 'cohort again saved: a study' && exits 0 cohort "$reg" --drop again
}
its_rows_still_need_a_purpose() { exits 7 query "$reg" 'from patients where women show birth' && err_has --purpose; }
a_small_cohort_is_hidden_wherever_it_is_told() {
    gives "$reg" 'from patients sort birth, id limit 3 into cohort few' 'cohort,patients\nfew,<5\n' &&
        exits 0 cohort "$reg" --format csv && out_has 'few,<5,1,' && out_lacks ',3,' &&
        exits 0 cohort "$reg" && out_has '<5' && exits 0 cohort "$reg" --format json && out_has '"cohort":"few"' && out_lacks ':3,' &&
        exits 0 info "$reg" && grep -q '^few  *<5  *1$' "$work/out" &&
        gives "$reg" 'from patients where few show n = count()' 'n,patients\n<5,<5\n' &&
        exits 0 query "$reg" 'from patients where few show n = count()' --provenance --format json && out_has '"patients":"<5"' &&
        exits 0 query "$reg" 'from patients limit 9 into cohort few' && err_has 'it had <5 patients' &&
        exits 0 query "$reg" 'from patients limit 9 into cohort few' --min-cell 10 && out_has '<10' && err_has 'it had <10 patients'
}
a_replaced_cohort_is_told_and_an_uncounted_one_is_not_saved() {
    exits 0 query "$reg" 'from patients where sex = male into cohort women' --no-save && err_has 'cohort women is counted, not saved' &&
        gives "$reg" 'from patients show n = count(where women)' "n,patients\n$women,$people\n" &&
        exits 0 query "$reg" 'from patients where sex = female into cohort women' &&
        err_has "cohort women is replaced: it had $women patients (generation 1)"
}
a_question_that_fails_saves_nothing() {
    exits 3 query "$reg" 'from patients into cohort all_of_them from patients show n = sum(2 ^ 62 + 2 ^ 62 + 2 ^ 62)' || return 1
    exits 0 cohort "$reg" && out_lacks all_of_them
}
a_result_tells_which_cohorts_it_rests_on_and_can_be_made_again() {
    exits 0 query "$reg" 'from patients where treated show n = count()' --provenance --format json -o "$work/r.json" &&
        grep -q '"cohorts":\[{"name":"treated","patients":[0-9]*,"saved_generation":1,.*"name":"women","saved_generation":1,' "$work/r.json" &&
        exits 0 query "$reg" 'from patients where women into cohort men_not' --provenance --format csv -o "$work/r.csv" || return 1
    "$lots" audit "$reg" >"$work/before"
    exits 0 rerun "$work/r.json" && out_has identical && exits 0 rerun "$work/r.csv" && out_has identical || return 1
    "$lots" audit "$reg" | cmp - "$work/before" || return 1
    exits 0 query "$reg" 'from patients where sex = male and exists(drugs) into cohort treated' && exits 3 rerun "$work/r.json" &&
        out_has 'cohorts: then' && out_has 'the result differs'
}
what_a_cohort_rests_on_is_told_as_a_fact_and_what_it_misses_as_a_warning() {
    exits 0 query "$reg" 'from patients where score(charlson_se, dx over contacts during 2013..2023) > 2 into cohort sick' &&
        exits 0 query "$reg" 'from patients where sick show n = count()' &&
        err_has 'note: cohort sick: classification charlson_se' && err_has 'cohort sick: a window of contacts begins 2013-01-01' &&
        [ "$(grep -c '^warning: ' "$work/err")" = 1 ] && exits 0 cohort "$reg" --drop sick
}
# Persons with a visit: p01 p02 p03 … of the first load; p08 and others come with the second.
visitors() { awk -F, 'FNR > 1 { print $1 }' "$@" | sort -u | wc -l; }
on_another_generation_it_is_counted_again() {
    load "$two" --map $small/small.map $small/first && "$lots" pin "$two" paper >/dev/null || return 1
    exits 0 query "$two" 'from patients where exists(contacts) into cohort seen' --format csv || return 1
    then=$(sed -n 's/^seen,//p' "$work/out")
    load "$two" --map $small/small.map $small/second --append || return 1
    exits 0 query "$two" 'from patients where seen show n = count()' --format csv || return 1
    now=$(sed -n '2s/,.*//p' "$work/out")
    [ "$now" -gt "$then" ] && err_has "cohort seen: $now patients, $then when saved (generation 1)" &&
        gives "$two" 'from patients where exists(contacts) show n = count()' "n,patients\n$now,$now\n" &&
        gives "$two" 'from patients where seen show n = count()' "n,patients\n$then,$then\n" --generation paper &&
        err_lacks 'when saved' &&
        [ "$then" = "$(visitors $small/first/visits.csv)" ] && [ "$now" = "$(visitors $small/first/visits.csv $small/second/visits.csv)" ]
}
an_older_generation_may_define_one_too() {
    gives "$two" 'from patients where exists(contacts) into cohort early' "cohort,patients\nearly,$then\n" --generation paper &&
        exits 0 query "$two" 'from patients where early show n = count()' && err_has "$then when saved (generation 1)"
}
a_dropped_cohort_is_gone_and_logged() {
    exits 0 cohort "$two" --drop early && exits 2 cohort "$two" --drop early && err_has "no cohort is saved as 'early'" &&
        exits 3 query "$two" 'from patients where early show n = count()' && exits 0 audit "$two" && out_has 'cohort early dropped' &&
        exits 0 check "$two" --full
}
a_list_of_a_cohort_rests_on_what_the_cohort_does() {
    printf '[patients]\nfile = patients.csv\npatient = p\n[stream drugs]\nfile = drugs.csv\npatient = p\nstart = date from day\nno_identity = yes\n' \
        >"$work/drugs.map"
    mkdir -p "$work/drugs" && printf 'p\na\nb\n' >"$work/drugs/patients.csv" && printf 'p,day\na,2020-01-02\n' >"$work/drugs/drugs.csv"
    load "$work/drugs.lots" --map "$work/drugs.map" "$work/drugs" &&
        exits 0 query "$work/drugs.lots" 'from patients where exists(drugs) into cohort treated' &&
        exits 0 query "$work/drugs.lots" 'from patients where not treated into cohort others' &&
        exits 7 query "$work/drugs.lots" 'from patients where others show id' --purpose test && err_has drugs &&
        exits 7 query "$work/drugs.lots" 'from patients show id, k = treated' --purpose test && err_has drugs &&
        exits 0 query "$work/drugs.lots" 'from patients show k = treated' --purpose test &&
        exits 0 query "$work/drugs.lots" 'from patients show n = count(where treated)'
}
a_registry_that_can_not_be_written_is_exit_8() {
    as=
    chmod 755 "$work"
    if [ "$(id -u)" = 0 ]; then
        as="setpriv --reuid=65534 --clear-groups"
        $as "$lots" version >/dev/null 2>&1 || { echo "skip: root may write anywhere, and can't be another here"; return 0; }
    fi
    cp -r "$reg" "$work/frozen.lots" && chmod -R a+rX,a-w "$work/frozen.lots" || return 1
    $as "$lots" query "$work/frozen.lots" 'from patients into cohort everybody' >"$work/out" 2>"$work/err"
    [ $? = 8 ] && [ ! -s "$work/out" ] && err_has "cohort 'everybody' can't be saved" && err_has no-save || { cat "$work/err"; return 1; }
    $as "$lots" query "$work/frozen.lots" 'from patients where women into cohort w2' --no-save >"$work/out" 2>"$work/err" &&
        $as "$lots" cohort "$work/frozen.lots" >"$work/out" && out_has women || { cat "$work/err"; return 1; }
}
words_of_the_command_are_checked() {
    exits 2 cohort && exits 2 cohort a b && exits 2 cohort "$reg" --format xml && exits 8 cohort "$work/none.lots" &&
        exits 0 cohort --help && out_has 'Examples:'
}

check a_cohort_is_counted_saved_and_asked_for
check it_lists_nobody_but_is_logged
check its_rows_still_need_a_purpose
check a_small_cohort_is_hidden_wherever_it_is_told
check a_replaced_cohort_is_told_and_an_uncounted_one_is_not_saved
check a_question_that_fails_saves_nothing
check a_result_tells_which_cohorts_it_rests_on_and_can_be_made_again
check what_a_cohort_rests_on_is_told_as_a_fact_and_what_it_misses_as_a_warning
check on_another_generation_it_is_counted_again
check an_older_generation_may_define_one_too
check a_dropped_cohort_is_gone_and_logged
check a_list_of_a_cohort_rests_on_what_the_cohort_does
check a_registry_that_can_not_be_written_is_exit_8
check words_of_the_command_are_checked
report
