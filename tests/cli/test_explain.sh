#!/bin/sh
# test_explain.sh: lots explain and lots why from the outside, their numbers counted again by SQLite's shell out of the
# example's CSV files. Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/support.sh
begin explain
reg=$work/demo.lots

count() { # SQL over the example's files -> one number
    sqlite3 "$work/example.sqlite" "$1"
}

"$lots" ingest "$reg" --map ingest/maps/example.map ingest/example >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for name in patients contacts; do
    sqlite3 "$work/example.sqlite" ".mode csv" ".import ingest/example/$name.csv $name" 2>>"$work/log" || { cat "$work/log"; exit 1; }
done

codes_and_events_are_those_of_the_files() {
    exits 0 explain "$reg" 'from contacts where dx in {I50} show n = count()' --format csv || return 1
    n=$(count "SELECT count(*) FROM contacts WHERE ' ' || replace(dx, '.', '') LIKE '% I50%'")
    p=$(count "SELECT count(DISTINCT lopnr) FROM contacts WHERE ' ' || replace(dx, '.', '') LIKE '% I50%'")
    [ "$n" -gt 100 ] && grep -q "^1,1,codes,codes: dx in {I50},,,,,[0-9]*,$n,$p," "$work/out" || { echo "wanted $n events of $p"; cat "$work/out"; return 1; }
}
a_plan_is_the_answer_of_explain_in_a_query() {
    exits 0 query "$reg" 'explain from contacts during 2023 group by level show n = count()' &&
        out_has '  starts in 2023-01-01 .. 2023-12-31  (365 days)' && out_has 'group by level' && cp "$work/out" "$work/one" &&
        exits 0 explain "$reg" 'from contacts during 2023 group by level show n = count()' && cmp "$work/one" "$work/out"
}
explaining_a_list_needs_no_purpose_and_is_not_logged() {
    exits 0 query "$reg" 'explain from patients where sex = female' && out_has 'needs --purpose' && exits 0 audit "$reg" --format csv &&
        [ "$(wc -l <"$work/out")" -le 1 ]
}
a_flow_counts_the_files_rows() {
    exits 0 explain "$reg" "from patients where sex = female where birth < 1950-01-01 show n = count()" --flow --format csv || return 1
    all=$(count "SELECT count(*) FROM patients")
    women=$(count "SELECT count(*) FROM patients WHERE sex = 'female'")
    old=$(count "SELECT count(*) FROM patients WHERE sex = 'female' AND birth < '1950-01-01' AND birth <> ''")
    out_has "0,all patients of the registry,$all,,," && out_has "2,where sex = female,$women,$women,$((all - women)),$((all - women))" &&
        out_has "3,where birth < 1950-01-01,$old,$old,$((women - old)),$((women - old))"
}
a_flow_hides_what_rests_on_few() {
    exits 0 explain "$reg" "from patients top 3 by birth show sex" --flow && out_has '<5' && out_lacks ' 397 ' &&
        exits 0 explain "$reg" "from patients top 3 by birth show sex" --analyze && out_has 'actual: <5 rows of <5 persons' &&
        exits 7 explain "$reg" "from patients top 3 by birth show sex" --flow --min-cell 2
}
the_steps_of_a_question_about_one_person_are_not_counted() {
    by_id="from patients derive who = id where who = 'E21744' where exists(contacts where dx in {I50})"
    exits 7 explain "$reg" "$by_id" --flow && err_has 'lots why' && exits 7 explain "$reg" "$by_id" --analyze && exits 0 explain "$reg" "$by_id" &&
        exits 0 explain "$reg" 'from patients where sex = female sort id show id' --flow
}
a_plan_writes_each_as_it_was_written() {
    exits 0 explain "$reg" 'from patients each quarter q in 2022-01-01..death where exists(contacts overlapping q) group by q show n = count()' &&
        out_has 'each quarter q in 2022-01-01..death' && out_has 'starts until q.end' && out_has 'where span end >= q.start' &&
        out_has 'group by q' && out_lacks 'coalesce' &&
        exits 0 explain "$reg" 'from patients each a, b in pairs(set(level over contacts)) group by a, b show n = count()' &&
        out_has 'each a, b in pairs(set(level over contacts))' && out_has 'group by a, b' &&
        exits 0 explain "$reg" 'from patients each 90d b in 2022 each k in -2..2 show b.number, k' && out_has 'each 90d b in 2022' &&
        out_has 'each k in -2..2'
}
the_right_side_of_a_join_has_a_plan() {
    exits 0 explain "$reg" 'from contacts join (from contacts where dx in {I50} during 2022 group by level show n = count()) on level group by level show a = sum(n)' &&
        out_has '  from contacts  (' && out_has '    starts in 2022-01-01 .. 2022-12-31  (365 days)' && out_has '  group by level  (' &&
        [ "$(grep -c '^disclosure' "$work/out")" = 1 ] && exits 0 explain "$reg" --analyze \
        'from contacts join (from contacts group by level show n = count()) on level group by level show a = sum(n)' &&
        [ "$(grep -c '^disclosure' "$work/out")" = 1 ] && out_has 'actual: 15134 rows'
}
a_plan_tells_what_costs_pairs() {
    pairs='pair by pair: each of these events beside each row'
    exits 0 explain "$reg" 'from contacts as r derive n = count(contacts as x where x.cost > r.cost and x.end < r.end) show mean(n)' && out_has "$pairs" &&
        exits 0 explain "$reg" 'from contacts as r derive n = sum(cost over (contacts as x where x.cost > r.cost)) show mean(n)' && out_has "$pairs" &&
        exits 0 explain "$reg" 'from contacts as r derive n = sum(x.cost - r.cost over contacts as x) show mean(n)' && out_has "$pairs" &&
        exits 0 explain "$reg" 'from contacts as r where exists(contacts as x where x.unit = r.unit and x.cost > r.cost and x.start > r.start) show count()' && out_lacks "$pairs" &&
        exits 0 explain "$reg" 'from contacts as r derive n = sum(cost over (contacts as x where x.unit = r.unit until r.start)) show mean(n)' && out_lacks "$pairs"
}
analyze_tells_work_and_time() {
    exits 0 explain "$reg" -f query/examples/demo-readmissions.lq --analyze && out_has 'work: ' && out_has ' ms' && out_has 'actual: '
}
json_is_for_tools() {
    exits 0 explain "$reg" 'from contacts during 2023 show n = count()' --format json &&
        out_has '"kind":"window","text":"starts in 2023-01-01 .. 2023-12-31","first":"2023-01-01","last":"2023-12-31","days":365'
}
several_questions_have_several_plans() {
    exits 0 explain "$reg" query/examples/demo-cost.lq && [ "$(grep -c '^from patients' "$work/out")" = 2 ]
}
mistakes_are_drawn() {
    exits 3 explain "$reg" 'from contacts where levl = inpatient' && err_has '^' && exits 2 explain "$reg" && err_has 'which query?' &&
        exits 2 explain "$reg" 'from patients' --analyze --flow && err_has 'one at a time'
}

# Someone with contacts whose diagnoses have I50, and who isn't protected.
person=$(count "SELECT lopnr FROM contacts JOIN patients USING (lopnr) WHERE ' ' || dx LIKE '% I50%' AND protected <> '1' ORDER BY 1 LIMIT 1")
protected=$(count "SELECT lopnr FROM patients WHERE protected = '1' ORDER BY 1 LIMIT 1")
question='from patients where exists(contacts where dx in {I50})'

why_wants_a_purpose() { exits 7 why "$reg" "$question" --id "$person" && err_has 'purpose' && [ ! -s "$work/out" ]; }
why_wants_an_id() { exits 2 why "$reg" "$question" --purpose test && err_has 'which person?'; }
why_shows_the_deciding_events_of_the_files() {
    exits 0 why "$reg" "$question" --id "$person" --purpose 'a test' || return 1
    n=$(count "SELECT count(*) FROM contacts WHERE lopnr = '$person' AND ' ' || replace(dx, '.', '') LIKE '% I50%'")
    first=$(count "SELECT min(start) FROM contacts WHERE lopnr = '$person' AND ' ' || replace(dx, '.', '') LIKE '% I50%'")
    out_has "): passed" && out_has "    $n in contacts where dx in {I50}" && out_has "      $first"
}
why_is_logged_with_the_id() {
    exits 0 audit "$reg" --format csv && out_has 'a test' && out_has "# lots why --id $person"
}
why_reads_a_file_and_writes_json() {
    exits 0 why "$reg" query/examples/demo-readmissions.lq --id "$person" --purpose test --format json && out_has '"kind":"source"'
}
nobody_protected_is_followed() {
    exits 7 why "$reg" "$question" --id "$protected" --purpose test && err_has 'protected' && [ ! -s "$work/out" ]
}
what_may_not_name_a_person_is_not_shown() {
    exits 7 why "$reg" 'from patients where exists(drugs)' --id "$person" --purpose test && err_has "'drugs' may be counted" &&
        [ ! -s "$work/out" ]
}
nobody_is_found_by_a_wrong_id() { exits 2 why "$reg" "$question" --id nobody --purpose test && err_has "the id 'nobody'"; }

check codes_and_events_are_those_of_the_files
check a_plan_is_the_answer_of_explain_in_a_query
check explaining_a_list_needs_no_purpose_and_is_not_logged
check a_flow_counts_the_files_rows
check a_flow_hides_what_rests_on_few
check the_steps_of_a_question_about_one_person_are_not_counted
check a_plan_writes_each_as_it_was_written
check the_right_side_of_a_join_has_a_plan
check a_plan_tells_what_costs_pairs
check analyze_tells_work_and_time
check json_is_for_tools
check several_questions_have_several_plans
check mistakes_are_drawn
check why_wants_a_purpose
check why_wants_an_id
check why_shows_the_deciding_events_of_the_files
check why_is_logged_with_the_id
check why_reads_a_file_and_writes_json
check nobody_protected_is_followed
check what_may_not_name_a_person_is_not_shown
check nobody_is_found_by_a_wrong_id
report
