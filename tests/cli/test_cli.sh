#!/bin/sh
# test_cli.sh: the program from the outside: exit codes, streams, formats read back by other programs, interrupts.
# Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/support.sh
begin cli
reg=$work/demo.lots

ingest_loads_the_example() {
    exits 0 ingest "$reg" --map ingest/maps/example.map ingest/example && out_has "generation 1, 1000 patients" &&
        err_has "labs.csv" && [ "$(wc -l <"$reg.rejects.csv")" = 2 ]
}
every_row_is_accounted_for() { # rows = loaded + rejected + duplicates + filtered, and as many as the files have
    "$lots" info "$reg" --format json >"$work/info.json" || return 1
    rows=0
    for file in ingest/example/*.csv; do rows=$((rows + $(wc -l <"$file") - 1)); done
    sed -n 's/.*"rows_of".*"rows":\([0-9]*\),"loaded":\([0-9]*\),"rejected":\([0-9]*\),"duplicates":\([0-9]*\),.*/\1 \2 \3 \4/p' \
        "$work/info.json" | awk -v rows="$rows" '{n += $1; if ($1 != $2 + $3 + $4) bad = 1} END {print n, rows; exit bad || n != rows}'
}
the_example_is_what_its_program_makes() {
    mkdir -p "$work/example" && awk -v out="$work/example" -f ingest/example/make_example.awk &&
        for file in ingest/example/*.csv; do cmp "$file" "$work/example/$(basename "$file")" || return 1; done
}
no_command_is_a_usage_error() { exits 2 && out_empty && err_has "lots help"; }
a_misspelt_command_is_met_with_a_suggestion() { exits 2 qury && err_has "lots query"; }
a_misspelt_option_is_met_with_a_suggestion() { exits 2 query "$reg" --fromat json 'from patients' && err_has "did you mean --format?"; }
too_little_memory_is_refused_before_anything_is_read() {
    exits 2 query "$work/nowhere.lots" 'from patients' --memory 10 && err_has "--memory 10 is too little: the least is 1M" &&
        err_has "did you mean 10M?" && exits 2 query "$work/nowhere.lots" 'from patients' --memory 1000K && err_lacks "did you mean" &&
        exits 0 query "$reg" 'from patients show n = count()' --memory 1M
}
an_option_without_its_value_is_a_usage_error() { exits 2 query "$reg" --format && exits 2 query "$reg" x --threads many; }
every_command_explains_itself_with_examples_first() {
    for command in ingest query info codes check pin audit version help; do
        exits 0 $command --help && [ "$(head -n 1 "$work/out")" = "Examples:" ] || return 1
        cp "$work/out" "$work/first"
        exits 0 help $command && cmp "$work/first" "$work/out" || return 1
    done
}
version_tells_program_and_format() { exits 0 version && out_has "lots " && exits 0 --version; }
no_registry_is_an_io_error() { exits 8 query "$work/none.lots" 'from patients' && err_has "none.lots"; }
a_query_error_points_at_its_place() {
    exits 3 query "$reg" 'from patients
whre sex = female' && out_empty && err_has "query:2:1" && err_has "^^^^"
}
an_unknown_value_is_met_with_a_suggestion() { exits 3 query "$reg" "from patients where sex = femal" && err_has "female"; }
an_error_in_a_file_names_the_file() {
    printf 'from patients\nshow n = cuont()\n' >"$work/bad.lq"
    exits 3 query "$reg" -f "$work/bad.lq" && err_has "bad.lq:2:10"
}
a_query_comes_from_text_file_or_standard_input() {
    text='from patients show n = count()'
    "$lots" query "$reg" "$text" >"$work/a" || return 1
    echo "$text" >"$work/q.lq"
    "$lots" query "$reg" -f "$work/q.lq" >"$work/b" || return 1
    "$lots" query "$reg" - <"$work/q.lq" >"$work/c" || return 1
    cmp "$work/a" "$work/b" && cmp "$work/a" "$work/c" && grep -q 1000 "$work/a"
}
includes_are_relative_to_the_file() {
    mkdir -p "$work/sub"
    echo "let old(d) = age at d >= 80" >"$work/sub/words.lq"
    printf "include 'words.lq'\nfrom patients where old(2023-01-01) show n = count()\n" >"$work/sub/q.lq"
    exits 0 query "$reg" -f "$work/sub/q.lq" --format csv && [ "$(wc -l <"$work/out")" = 2 ]
}
params_are_set_from_the_command_line() {
    text='param year = 2020
from contacts where start in year.start .. year.end show n = count()'
    for year in 2020 2022; do
        expected=$(tail -n +2 ingest/example/contacts.csv | sort -u | awk -F, -v y=$year 'substr($3, 1, 4) == y' | wc -l)
        exits 0 query "$reg" "$text" --param year=$year --format csv && [ "$(sed -n 2p "$work/out" | cut -d, -f1)" = $((expected)) ] || return 1
    done
    exits 2 query "$reg" "$text" --param year
}
notes_go_to_standard_error() {
    exits 0 query "$reg" 'from patients derive c = sum(cost over contacts) top 1% by c show id, c' --purpose test --format csv &&
        err_has "top kept 10" && [ "$(wc -l <"$work/out")" = 11 ]
}
the_end_of_a_file_name_decides_the_format() {
    exits 0 query "$reg" 'from patients show n = count()' -o "$work/n.csv" && out_empty && [ "$(head -n 1 "$work/n.csv")" = n,patients ]
}
two_pipelines_are_written_in_turn() {
    text='from patients show n = count()
from contacts show m = count()'
    exits 0 query "$reg" "$text" --format csv && [ "$(sed -n 1p "$work/out")" = n,patients ] &&
        [ -z "$(sed -n 3p "$work/out")" ] && [ "$(sed -n 4p "$work/out")" = m,patients ] || return 1
    exits 0 query "$reg" "$text" --format json && [ "$(printf '%s' "$(cat "$work/out")" | head -c 2)" = '[[' ]
}

# ---- formats, read back by other programs ----
rows_query='from contacts where dx in {I50} sort start, cost show start, level, unit, cost, dx, acute, ready'
sqlite_reads_the_csv() {
    command -v sqlite3 >/dev/null || { echo skip; return 0; }
    "$lots" query "$reg" "$rows_query" --purpose test --format csv >"$work/rows.csv" || return 1
    sqlite3 "$work/t.db" ".mode csv" ".import $work/rows.csv t" &&
        sqlite3 "$work/t.db" "SELECT count(*), printf('%.2f', sum(cost)), count(DISTINCT unit) FROM t" >"$work/seen"
    # The same from the source file: every line with an I50 diagnosis, once, whatever its spelling.
    tail -n +2 ingest/example/contacts.csv | sort -u | awk -F, 'toupper($19) ~ /(^| )I50/ {
        n++; sum += $17; units[$7] = 1} END {for (u in units) k++; printf "%d|%.2f|%d\n", n, sum, k}' >"$work/wanted"
    cat "$work/seen" "$work/wanted"
    cmp "$work/seen" "$work/wanted"
}
sqlite_reads_the_json_as_it_reads_the_csv() {
    command -v sqlite3 >/dev/null || { echo skip; return 0; }
    "$lots" query "$reg" "$rows_query" --purpose test --format json >"$work/rows.json" || return 1
    sqlite3 :memory: "SELECT group_concat(json_extract(value, '\$.start') || ',' || json_extract(value, '\$.level') || ',' ||
        json_extract(value, '\$.unit') || ',' || printf('%.2f', json_extract(value, '\$.cost')), char(10))
        FROM json_each(CAST(readfile('$work/rows.json') AS TEXT))" >"$work/from_json"
    "$lots" query "$reg" "$rows_query" --purpose test --format csv | tail -n +2 | cut -d, -f1-4 >"$work/from_csv"
    cmp "$work/from_json" "$work/from_csv"
}
python_reads_both_alike() {
    command -v python3 >/dev/null && python3 -c 1 2>/dev/null || { echo skip; return 0; }
    "$lots" query "$reg" "$rows_query" --purpose test --format json >"$work/rows.json" || return 1
    "$lots" query "$reg" "$rows_query" --purpose test --format csv >"$work/rows.csv" || return 1
    python3 - "$work/rows.json" "$work/rows.csv" <<'PY'
import csv, json, sys
from decimal import Decimal
a = json.load(open(sys.argv[1], encoding="utf-8"), parse_float=Decimal)
b = list(csv.DictReader(open(sys.argv[2], encoding="utf-8", newline="")))
assert len(a) == len(b) > 100
text = lambda v: "" if v is None else {True: "true", False: "false"}[v] if isinstance(v, bool) else " ".join(v) if isinstance(v, list) else str(v)
for x, y in zip(a, b):
    assert {k: text(v) for k, v in x.items()} == y, (x, y)
PY
}
sqlite_gets_the_same_totals_by_level() {
    command -v sqlite3 >/dev/null || { echo skip; return 0; }
    "$lots" query "$reg" 'from contacts group by level show n = count(), cost = sum(cost), people = patients()' --format csv |
        tail -n +2 | cut -d, -f1-4 >"$work/seen"
    sqlite3 :memory: ".mode csv" ".import ingest/example/contacts.csv t" ".separator ," \
        "SELECT level, count(*), printf('%.2f', sum(cost)), count(DISTINCT lopnr) FROM (SELECT DISTINCT * FROM t) GROUP BY level ORDER BY level" |
        tr -d '\r' >"$work/wanted"
    diff "$work/wanted" "$work/seen"
}

sqlite_finds_the_same_share_of_the_costliest() { # those alive at the start of 2023; the ceil(1%) with the largest sums
    command -v sqlite3 >/dev/null || { echo skip; return 0; }
    "$lots" query "$reg" -f query/examples/demo-cost.lq --purpose test --format csv 2>/dev/null | sed -n 2p >"$work/seen"
    sqlite3 :memory: ".mode csv" ".import ingest/example/contacts.csv t" ".import ingest/example/patients.csv p" "
        WITH alive AS (SELECT lopnr FROM p WHERE birth <= '2023-01-01' AND (death = '' OR death >= '2023-01-01')),
        sums AS (SELECT lopnr, (SELECT coalesce(sum(cost), 0) FROM (SELECT DISTINCT * FROM t) t
            WHERE t.lopnr = alive.lopnr AND start BETWEEN '2023-01-01' AND '2023-12-31') AS cost FROM alive),
        ranked AS (SELECT cost, row_number() OVER (ORDER BY cost DESC) AS place, count(*) OVER () AS n FROM sums)
        SELECT max(n), printf('%.2f', sum(cost)), sum(cost * (place <= (n + 99) / 100)) * 1.0 / sum(cost),
            sum(cost * (place <= (n + 9) / 10)) * 1.0 / sum(cost) FROM ranked" | tr -d '\r"' >"$work/wanted"
    cat "$work/seen" "$work/wanted"
    awk -F, 'NR == FNR {for (i = 1; i <= 4; i++) a[i] = $i; next}
        {for (i = 1; i <= 4; i++) if ((a[i] - $i) ^ 2 > 1e-18) bad = 1} END {exit bad}' \
        "$work/seen" "$work/wanted"
}
the_demo_runs_the_readmes_commands() { # on fewer people: test_readme.sh compares what they print
    mkdir -p "$work/build" && ln -sf "$lots" "$work/build/lots" && sh query/examples/demo.sh "$work/build" 2000 >"$work/demo" 2>/dev/null || return 1
    awk '/^```console$/ {on = 1; next} /^```$/ {on = 0} on && /^\$ / {sub(/100000/, 2000); print}' README.md >"$work/readme"
    [ "$(wc -l <"$work/readme")" = 7 ] && grep '^\$ ' "$work/demo" | diff "$work/readme" - && grep -q 'generation 1, 2000 patients' "$work/demo" &&
        [ "$("$lots" query "$work/build/demo.lots" 'from patients show n = count()' --format csv | sed -n 2p | cut -d, -f1)" = 1000 ]
}

# ---- one answer, whatever the threads, the order and the memory ----
the_answer_does_not_depend_on_threads() { # of every shipped question
    for query in query/examples/*.lq; do
        "$lots" query "$reg" -f "$query" --purpose test --format json --threads 1 >"$work/one" 2>"$work/one.err" || return 1
        "$lots" query "$reg" -f "$query" --purpose test --format json --threads 5 >"$work/five" 2>"$work/five.err" || return 1
        cmp "$work/one" "$work/five" && cmp "$work/one.err" "$work/five.err" || return 1
    done
}
info_does_not_depend_on_the_order_of_rows() {
    mkdir -p "$work/shuffled" && cp ingest/example/*.csv "$work/shuffled" || return 1
    for name in contacts patients drugs labs; do # the header, then the rows backwards
        awk 'NR == 1 {print; next} {line[NR] = $0} END {for (i = NR; i > 1; i--) print line[i]}' \
            "ingest/example/$name.csv" >"$work/shuffled/$name.csv"
    done
    "$lots" ingest "$work/again.lots" --map ingest/maps/example.map "$work/shuffled" --threads 3 >/dev/null 2>&1 || return 1
    for stream in "" contacts patients; do
        "$lots" info "$reg" $stream >"$work/one" && "$lots" info "$work/again.lots" $stream >"$work/two" || return 1
        diff "$work/one" "$work/two" || return 1
    done
}

info_tells_of_streams_and_columns() {
    exits 0 info "$reg" && out_has contacts && out_has 2014-01-01 && exits 0 info "$reg" contacts && out_has "codes(icd10)" &&
        exits 2 info "$reg" contcts && err_has "did you mean 'contacts'?" && exits 2 info "$reg" --format csv
}
info_tells_of_tables() {
    rows=$(($(wc -l <ingest/example/units.csv) - 1))
    exits 0 info "$reg" && grep -q "^units  *$rows  *unit, " "$work/out" && exits 0 info "$reg" units &&
        grep -q '^unit  *category  *key' "$work/out" && exits 2 info "$reg" unitz && err_has "did you mean 'units'?" &&
        exits 0 info "$reg" --format json && out_has '"tables":'
}
info_counts_missing_and_distinct_as_the_files_do() {
    exits 0 info "$reg" contacts || return 1
    expected=$(tail -n +2 ingest/example/contacts.csv | sort -u | awk -F, '$8 == "" {n++} {p[$8] = 1} END {for (k in p) d += k != ""; print n "|" d}')
    seen=$(awk '$1 == "provider" {print $4 "|" $5}' "$work/out")
    echo "$expected $seen"
    [ "$expected" = "$seen" ]
}
codes_are_counted_by_event() {
    exits 0 codes "$reg" && out_has icd10 && exits 0 codes "$reg" icd10 I5 --format csv || return 1
    expected=$(tail -n +2 ingest/example/contacts.csv | sort -u | awk -F, '{d = toupper($19); gsub(/\./, "", d)} d ~ /(^| )I509( |$)/ {n++} END {print n}')
    out_has "I50.9,$expected,Heart failure" && exits 2 codes "$reg" icd1 I5 && err_has icd10
}
# I13.0 is of few persons, the first and last birthdays of one each; 0.00 is the cost of many contacts.
what_rests_on_few_is_hidden_in_info_and_codes() {
    for code in I130 I509; do
        persons=$(tail -n +2 ingest/example/contacts.csv | sort -u |
            awk -F, -v code=$code '{d = toupper($19); gsub(/\./, "", d)} (" " d " ") ~ (" " code " ") {print $2}' | sort -u | wc -l)
        echo "$code $persons" && [ "$persons" -gt 0 ] || return 1
        [ $code = I509 ] && [ "$persons" -lt 5 ] && return 1
        [ $code = I130 ] && [ "$persons" -ge 5 ] && return 1
    done
    exits 0 codes "$reg" icd10 I13 --format json && out_has '"code":"I13.0","events":null' && out_has '"hidden":["events"]' &&
        exits 0 info "$reg" patients && ! grep -q '^birth.*[0-9]-[0-9][0-9]-' "$work/out" &&
        exits 0 info "$reg" contacts && grep -q '^cost .* 0.00  *\*' "$work/out"
}
check_finds_nothing_wrong_and_then_a_flipped_byte() {
    exits 0 check "$reg" && exits 0 check "$reg" --full && out_has "0 faults" || return 1
    cp -r "$reg" "$work/hurt.lots"
    segment=$(ls "$work"/hurt.lots/segments/* | head -n 1)
    printf '\377\377\377' | dd of="$segment" bs=1 seek=3000 conv=notrunc 2>/dev/null
    exits 5 check "$work/hurt.lots" --full && out_has segments
}
a_registry_of_an_old_format_is_told_from_a_damaged_one() {
    cp -r "$reg" "$work/old.lots"
    printf '\0\0\0\1' | dd of="$work/old.lots/catalog.sqlite" bs=1 seek=60 conv=notrunc 2>/dev/null
    for command in "check $work/old.lots" "check $work/old.lots --full" "info $work/old.lots"; do
        exits 5 $command && err_has "is of format version 1, an old one" && err_has "load the registry's files again" &&
            out_empty || return 1
    done
}
a_pin_keeps_a_generation_that_can_be_asked() {
    cp -r "$reg" "$work/pinned.lots"
    exits 0 pin "$work/pinned.lots" paper && exits 0 pin "$work/pinned.lots" && out_has paper &&
        exits 0 query "$work/pinned.lots" --generation paper 'from patients show n = count()' &&
        exits 2 query "$work/pinned.lots" --generation thesis 'from patients show n = count()' &&
        exits 0 pin "$work/pinned.lots" paper --drop && exits 2 pin "$work/pinned.lots" paper 99
}
# A copy without them answers what needs no ids.
ids_may_lie_elsewhere() {
    plan="--map ingest/maps/example.map ingest/example --identities"
    exits 0 ingest "$work/apart.lots" $plan "$work/ids" && ls "$work"/ids/*.ids && ! ls "$work"/apart.lots/identities/*.ids || return 1
    exits 0 query "$work/apart.lots" --purpose test 'from patients show id limit 3' && cp "$work/out" "$work/first" &&
        exits 0 query "$reg" --purpose test 'from patients show id limit 3' && cmp "$work/out" "$work/first" &&
        exits 0 ingest "$work/apart.lots" $plan "$work/ids" --append &&
        exits 2 ingest "$work/apart.lots" $plan "$work/others" --append && err_has "$work/ids" || return 1
    mv "$work/ids" "$work/locked" && exits 0 query "$work/apart.lots" 'from patients show n = count()' &&
        exits 8 query "$work/apart.lots" --purpose test 'from patients show id limit 3' && err_has "$work/ids" && err_has "--identities DIR" &&
        exits 8 ingest "$work/apart.lots" --map ingest/maps/example.map ingest/example --append && err_has "folder back" &&
        exits 0 query "$work/apart.lots" --identities "$work/locked" --purpose test 'from patients show id limit 3' &&
        cmp "$work/out" "$work/first"
}
instructions_that_there_are_none_of_are_refused() {
    for name in scalar avx2 avx512 ''; do
        LOTS_SIMD=$name exits 0 query "$reg" 'from patients show n = count()' || return 1
    done
    LOTS_SIMD=sse exits 2 query "$reg" 'from patients show n = count()' && err_has "LOTS_SIMD" && err_has "scalar, avx2 or avx512"
}
a_second_load_without_append_is_refused() { exits 2 ingest "$reg" --map ingest/maps/example.map ingest/example; }
too_many_rejects_publish_nothing() {
    mkdir -p "$work/messy" && cp ingest/example/*.csv "$work/messy" || return 1
    sed 's/2020-0/2020-9/' ingest/example/contacts.csv >"$work/messy/contacts.csv"
    exits 4 ingest "$work/messy.lots" --map ingest/maps/example.map "$work/messy" && err_has "messy" &&
        [ -s "$work/messy.lots.rejects.csv" ] && exits 8 query "$work/messy.lots" 'from patients'
}
a_mapping_error_names_its_line() {
    printf '[patients]\nfil = x.csv\n' >"$work/bad.map"
    exits 2 ingest "$work/bad.lots" --map "$work/bad.map" && err_has "bad.map:2"
}

# ---- who may see what ----
a_list_of_persons_needs_a_purpose() {
    exits 7 query "$reg" 'from patients limit 3' && out_empty && err_has "needs a purpose" && err_has "--purpose" || return 1
    exits 7 query "$reg" 'from patients show n = count()
from contacts' && out_empty || return 1
    exits 2 query "$reg" 'from patients limit 3' --purpose ' '
}
a_list_is_in_the_audit_log_and_a_count_is_not() {
    cp -r "$reg" "$work/audited.lots"
    before=$("$lots" audit "$work/audited.lots" --format csv | wc -l)
    exits 0 query "$work/audited.lots" 'param n = 3
from patients sort birth limit n' --param n=2 --purpose 'checking the
register' && exits 0 query "$work/audited.lots" 'from patients show n = count()' || return 1
    exits 0 audit "$work/audited.lots" --format csv && [ "$(tail -n +$((before + 1)) "$work/out" | wc -l)" = 4 ] || { cat "$work/out"; return 1; }
    out_has "$(id -un)," && out_has ',1,2,"checking the' && out_has "# --param n=2" && exits 2 audit
}
# The table of one person, named, tells of that person: it is refused or logged as a list is; also inside a join. What is shown of
# it has no key: few persons enter it.
picking_persons_by_id_needs_a_purpose() {
    by_id="from patients where id = 'E21744' group by ill = exists(contacts where dx in {I50}) show n = count()"
    cp -r "$reg" "$work/by_id.lots"
    exits 7 query "$work/by_id.lots" "$by_id" && out_empty && err_has "picks persons by id" &&
        exits 7 query "$work/by_id.lots" "from patients group by ill = (sex = male) show n = count() join (${by_id% show*} show m = count()) on ill" &&
        exits 7 query "$work/by_id.lots" "from patients where id in ('E21744') into cohort one" && err_has "picks persons by id" &&
        exits 0 query "$work/by_id.lots" "$by_id" --purpose 'asked by herself' --format csv && out_has '*,<5,<5' &&
        exits 0 audit "$work/by_id.lots" --format csv && out_has 'asked by herself'
}
a_list_that_cannot_be_logged_is_not_shown() { # the catalog can't be written: for root, who may write all, it is no database
    cp -r "$reg" "$work/frozen.lots" && chmod -R a-w "$work/frozen.lots" || return 1
    if [ "$(id -u)" = 0 ]; then
        command -v sqlite3 >/dev/null || { echo skip; return 0; }
        sqlite3 "$work/frozen.lots/catalog.sqlite" "CREATE TRIGGER no BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'frozen'); END"
    fi
    exits 7 query "$work/frozen.lots" 'from patients limit 3' --purpose test && out_empty && err_has "audit log"
}
aggregates_carry_no_ids() { exits 7 query "$reg" 'from patients group by id show n = count()' && err_has "ids"; }
protected_persons_are_left_out_and_counted() {
    expected=$(tail -n +2 ingest/example/patients.csv | sort -u | wc -l)
    hidden=$("$lots" query "$reg" 'from patients show n = count(where protected)' --format csv | sed -n 2p)
    exits 0 query "$reg" 'from patients show id' --purpose test --format csv || return 1
    echo "$expected people, protected: $hidden, listed: $(wc -l <"$work/out")"
    [ "$(wc -l <"$work/out")" -le "$expected" ] && err_has "left out of these rows"
}
few_persons_are_hidden_in_every_format() {
    text='from patients show n = count(), oldest = count(where age at 2023-12-31 >= 95)'
    text_of_none='from patients show n = count(where birth < 1800-01-01)'
    exits 0 query "$reg" "$text_of_none" --format csv && [ "$(sed -n 2p "$work/out")" = 0,1000 ] || return 1
    exits 0 query "$reg" "$text" --min-cell 300 --format csv && [ "$(sed -n 2p "$work/out")" = "1000,<300,1000" ] && err_has "hidden" || return 1
    exits 0 query "$reg" "$text" --min-cell 300 --format json && out_has '"oldest":null,"patients":1000,"hidden":["oldest"]' &&
        exits 0 query "$reg" "$text" --min-cell 300 --format html && out_has '&lt;300' &&
        exits 0 query "$reg" "$text" --min-cell 300 && out_has '<300' &&
        exits 7 query "$reg" "$text" --min-cell 0 && err_has "min_cell"
}
the_registry_may_say_that_nothing_is_hidden() {
    sed 's/^id = text/id = text\nmin_cell = 0/' ingest/maps/example.map >"$work/open.map"
    exits 0 ingest "$work/open.lots" --map "$work/open.map" ingest/example &&
        exits 0 query "$work/open.lots" 'from patients where age at 2023-12-31 >= 95 show n = count()' --format csv && ! grep -q '<' "$work/out"
}
drugs_may_be_counted_but_name_nobody() {
    cat >"$work/drugs.map" <<'MAP'
[patients]
file = patients.csv
patient = p
[stream drugs]
file = drugs.csv
patient = p
start = date from day
no_identity = yes
MAP
    mkdir -p "$work/drugs" && printf 'p\na\nb\n' >"$work/drugs/patients.csv" && printf 'p,day\na,2020-01-02\n' >"$work/drugs/drugs.csv"
    exits 0 ingest "$work/drugs.lots" --map "$work/drugs.map" "$work/drugs" || return 1
    exits 7 query "$work/drugs.lots" 'from patients where exists(drugs) show id' --purpose test && err_has drugs || return 1
    exits 7 query "$work/drugs.lots" 'from drugs as d show d.start, id' --purpose test || return 1
    exits 7 query "$reg" 'from contacts as c show c.id, d = exists(drugs within 5d after c.start)' --purpose test && err_has drugs || return 1
    exits 7 query "$reg" 'from patients where exists(drugs) show first(contacts).id' --purpose test && err_has drugs || return 1
    exits 0 query "$reg" 'from contacts as c show c.start, d = exists(drugs within 5d after c.start)' --purpose test || return 1
    exits 0 query "$work/drugs.lots" 'from patients where exists(drugs) show x = 1' --purpose test &&
        exits 0 query "$work/drugs.lots" 'from patients show id' --purpose test
}

# ---- the streams of the process ----
a_full_disk_is_exit_8() {
    [ -e /dev/full ] || { echo skip; return 0; }
    "$lots" query "$reg" 'from contacts' --purpose test --format csv >/dev/full 2>"$work/err"
    [ $? = 8 ] && err_has "standard output" || return 1
    exits 8 query "$reg" 'from patients show n = count()' --format csv -o /dev/full
}
a_reader_that_leaves_is_no_error() {
    for _ in 1 2 3; do
        { "$lots" query "$reg" 'from contacts' --purpose test --format csv 2>"$work/err"; echo $? >"$work/code"; } | head -n 1 >/dev/null
        [ "$(cat "$work/code")" = 0 ] && ! grep -qv '^note: ' "$work/err" || { cat "$work/code" "$work/err"; return 1; }
    done
}
an_interrupt_is_exit_130() { # while it waits for its query on standard input nothing can be stopped: so a load
    mkdir -p "$work/large" && cp ingest/example/*.csv "$work/large" || return 1
    awk 'NR == 1 {print; next} {for (i = 0; i < 150; i++) {line = $0; sub(/^K/, "K" i "-", line); print line}}' \
        ingest/example/contacts.csv >"$work/large/contacts.csv"
    "$lots" ingest "$work/large.lots" --map ingest/maps/example.map "$work/large" --threads 1 >"$work/out" 2>"$work/err" &
    pid=$!
    sleep 0.3
    kill -TERM "$pid"
    wait "$pid"
    code=$?
    echo "exit $code"
    [ "$code" = 130 ] && ! "$lots" info "$work/large.lots" >/dev/null 2>&1
}
nothing_is_coloured_off_a_terminal() {
    exits 0 query "$reg" 'from patients show n = count()' && ! grep -q "$(printf '\033')" "$work/out" "$work/err"
}

check ingest_loads_the_example
check every_row_is_accounted_for
check the_example_is_what_its_program_makes
check no_command_is_a_usage_error
check a_misspelt_command_is_met_with_a_suggestion
check a_misspelt_option_is_met_with_a_suggestion
check too_little_memory_is_refused_before_anything_is_read
check an_option_without_its_value_is_a_usage_error
check every_command_explains_itself_with_examples_first
check version_tells_program_and_format
check no_registry_is_an_io_error
check a_query_error_points_at_its_place
check an_unknown_value_is_met_with_a_suggestion
check an_error_in_a_file_names_the_file
check a_query_comes_from_text_file_or_standard_input
check includes_are_relative_to_the_file
check params_are_set_from_the_command_line
check notes_go_to_standard_error
check the_end_of_a_file_name_decides_the_format
check two_pipelines_are_written_in_turn
check sqlite_reads_the_csv
check sqlite_reads_the_json_as_it_reads_the_csv
check python_reads_both_alike
check sqlite_gets_the_same_totals_by_level
check sqlite_finds_the_same_share_of_the_costliest
check the_demo_runs_the_readmes_commands
check the_answer_does_not_depend_on_threads
check info_does_not_depend_on_the_order_of_rows
check info_tells_of_streams_and_columns
check info_tells_of_tables
check info_counts_missing_and_distinct_as_the_files_do
check codes_are_counted_by_event
check what_rests_on_few_is_hidden_in_info_and_codes
check check_finds_nothing_wrong_and_then_a_flipped_byte
check a_registry_of_an_old_format_is_told_from_a_damaged_one
check a_pin_keeps_a_generation_that_can_be_asked
check ids_may_lie_elsewhere
check instructions_that_there_are_none_of_are_refused
check a_second_load_without_append_is_refused
check too_many_rejects_publish_nothing
check a_mapping_error_names_its_line
check a_list_of_persons_needs_a_purpose
check a_list_is_in_the_audit_log_and_a_count_is_not
check picking_persons_by_id_needs_a_purpose
check a_list_that_cannot_be_logged_is_not_shown
check aggregates_carry_no_ids
check protected_persons_are_left_out_and_counted
check few_persons_are_hidden_in_every_format
check the_registry_may_say_that_nothing_is_hidden
check drugs_may_be_counted_but_name_nobody
check a_full_disk_is_exit_8
check a_reader_that_leaves_is_no_error
check an_interrupt_is_exit_130
check nothing_is_coloured_off_a_terminal
report
