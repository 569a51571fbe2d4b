#!/bin/sh
# test_results.sh: results of lots query in every format, read back by SQLite's shell and by Python where it is there; how they
# were made, and lots rerun. Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/support.sh
begin results
reg=$work/demo.lots

# The same, out of a file.
has() { grep -qF -- "$2" "$1" || { echo "not in $1: $2"; cat "$1"; return 1; }; }

question='from contacts group by level show n = count(), days = mean(end - start)'
ask() { "$lots" query "$reg" "$question" "$@"; }

"$lots" ingest "$reg" --map ingest/maps/example.map ingest/example >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
ask --format csv >"$work/plain.csv" || exit 1

sqlite_reads_csv_as_it_reads_the_table() {
    ask -o "$work/a.sqlite:answer" && sqlite3 "$work/a.sqlite" ".mode csv" ".import $work/plain.csv plain" \
        "SELECT count(*), sum(n), round(sum(days), 9) FROM answer" "SELECT count(*), sum(n), round(sum(days), 9) FROM plain" >"$work/two" &&
        [ "$(sed -n 1p "$work/two")" = "$(sed -n 2p "$work/two")" ] && [ "$(head -c 2 "$work/two")" != "0," ]
}
a_table_that_is_there_is_not_overwritten() {
    exits 2 query "$reg" "$question" -o "$work/a.sqlite:answer" && err_has "already"
}
sqlite_wants_a_file() { exits 2 query "$reg" "$question" --format sqlite && err_has "-o FILE"; }
sqlite_keeps_how_a_table_was_made() {
    ask -o "$work/b.sqlite" --provenance &&
        [ "$(sqlite3 "$work/b.sqlite" "SELECT json_extract(provenance, '$.query') FROM lots_provenance WHERE result = 'result'")" = "$question" ]
}
the_end_of_a_file_name_decides_the_format() {
    for end in csv tsv json ndjson jsonl md html htm; do ask -o "$work/e.$end" || return 1; done
    cmp "$work/plain.csv" "$work/e.csv" && cmp "$work/e.ndjson" "$work/e.jsonl" && cmp -s "$work/e.html" "$work/e.htm" &&
        has "$work/e.md" '| --- | ---: |' && has "$work/e.html" '<!DOCTYPE html>'
}
an_ending_without_a_format_is_refused_and_nothing_is_written() {
    exits 2 query "$reg" "$question" -o "$work/e.xlsx" && err_has "ending '.xlsx'" && err_has "--format" && [ ! -e "$work/e.xlsx" ] &&
        ask -o "$work/e.xlsx" --format csv && cmp "$work/plain.csv" "$work/e.xlsx" &&
        ask -o "$work/e.txt" && ask -o "$work/.e" && cmp "$work/e.txt" "$work/.e"
}
tsv_and_semicolons_hold_the_same_values() {
    ask --format tsv | tr '\t' ',' | cmp - "$work/plain.csv" &&
        ask --format csv-se | tail -c +4 | tr ',;' '.,' | cmp - "$work/plain.csv"
}
swedish_is_for_people() {
    ask --locale sv --format csv >"$work/sv.csv" && has "$work/sv.csv" 'level,n,days,patienter' &&
        ask --locale sv --format json >"$work/sv.json" && has "$work/sv.json" '"patients":' && exits 2 query "$reg" "$question" --locale fr
}
python_reads_json_and_csv_alike() {
    command -v python3 >/dev/null && python3 -c '' 2>/dev/null || return 0
    ask --provenance --format json >"$work/p.json" && ask --format ndjson >"$work/p.ndjson" && python3 - "$work" <<'EOF'
import csv, html.parser, json, sys
work = sys.argv[1]
rows = list(csv.DictReader(open(work + "/plain.csv", encoding="utf-8", newline="")))
data = json.load(open(work + "/p.json", encoding="utf-8"))
lines = [json.loads(line) for line in open(work + "/p.ndjson", encoding="utf-8")]
assert json.load(open(work + "/p.json", encoding="utf-8"))["rows"] == lines and len(rows) == len(lines) > 3
for a, b in zip(rows, lines):
    hidden = b.pop("hidden", [])
    assert list(a) == list(b)
    for name in a:
        assert (a[name] == "" or name in hidden) == (b[name] is None)
        assert b[name] is None or (str(b[name]) == a[name] if isinstance(b[name], str) else float(a[name]) == b[name])
made = data["provenance"]
assert made["rows"] == [len(rows)] and made["coverage"] and len(made["content"]) == 16
assert any("contacts.csv" in one["source"] and "xxh3" in one["source"] for one in made["sources"])

class Page(html.parser.HTMLParser):
    cells, script, inside = [], "", None
    def handle_starttag(self, tag, attributes):
        self.inside = tag
        if tag == "td":
            self.cells.append("")
    def handle_endtag(self, tag):
        self.inside = None
    def handle_data(self, text):
        if self.inside == "td":
            self.cells[-1] += text
        if self.inside == "script":
            self.script += text
page = Page()
page.feed(open(work + "/e.html", encoding="utf-8").read())
assert page.cells == [a[name] if a[name] != "" else "–" for a in rows for name in a]
assert json.loads(page.script)["query"] == made["query"]
EOF
}
a_result_is_made_again_and_is_identical() {
    mkdir -p "$work/q" && printf 'let limit_age = 65\n' >"$work/q/part.lq" &&
        printf 'include %spart.lq%s\nparam year = 2021\nfrom patients\nwhere age at 2021-01-01 >= limit_age\ngroup by sex\nshow n = count(), y = mean(year)\n' "'" "'" >"$work/q/q.lq" &&
        for format in csv csv-se tsv json ndjson html; do
            "$lots" query "$reg" -f "$work/q/q.lq" -p year=2022 --provenance --locale sv --format $format -o "$work/made.$format" || return 1
            exits 0 rerun "$work/made.$format" && out_has identical || return 1
        done && has "$work/made.json" '"parameters":{"year":"2022"}' && has "$work/made.json" 'part.lq'
}
a_changed_include_is_told() {
    printf 'let limit_age = 40\n' >"$work/q/part.lq" && exits 3 rerun "$work/made.html" && out_has "the result differs" && out_has "includes: then"
}
a_changed_file_is_told() {
    ask --provenance --format csv >"$work/c.csv" && exits 0 rerun "$work/c.csv" && sed '$s/[0-9]/x/' "$work/c.csv" >"$work/d.csv" &&
        exits 3 rerun "$work/d.csv" && err_has "the file was changed"
}
another_registry_is_told() {
    cp -r ingest/example "$work/less" && sed -n '1,2000p' ingest/example/contacts.csv >"$work/less/contacts.csv" &&
        "$lots" ingest "$work/less.lots" --map ingest/maps/example.map "$work/less" --max-rejects 5% >/dev/null 2>&1 &&
        ask --provenance --format json >"$work/j.json" && exits 3 rerun "$work/j.json" "$work/less.lots" &&
        out_has "content: then" && out_has "sources: then" && exits 0 rerun "$work/j.json" "$reg"
}
only_a_stamp_tells_the_time() {
    ask --provenance >"$work/s1" && sleep 1 && ask --provenance >"$work/s2" && cmp "$work/s1" "$work/s2" &&
        ask --stamp --format json >"$work/s.json" && has "$work/s.json" '"stamp":"20' && exits 0 rerun "$work/s.json"
}
a_file_without_provenance_is_a_usage_error() { exits 2 rerun "$work/plain.csv" && err_has "doesn't say how it was made"; }

monthly='from contacts during 2019..2023 group by m = month_of(start) show k = count(where level = emergency), n = count() chart pchart(k, n by m)'
well_formed() { # by a parser that isn't ours, where there is one
    command -v xmllint >/dev/null || { echo "no xmllint: $1 is not looked at"; return 0; }
    xmllint --noout "$1"
}
a_chart_is_a_picture_of_its_own() {
    "$lots" query "$reg" "$monthly" -o "$work/p.svg" --locale sv 2>/dev/null && well_formed "$work/p.svg" &&
        has "$work/p.svg" '<title id="chart-1-title">p-diagram: k av n per m</title>' && has "$work/p.svg" 'lots-provenance' &&
        exits 0 rerun "$work/p.svg" && out_has identical && exits 2 query "$reg" "$question" --format svg && err_has 'chart'
}
a_page_has_its_chart_above_the_table() {
    "$lots" query "$reg" "$monthly" -o "$work/p.html" 2>/dev/null && exits 0 rerun "$work/p.html" && out_has identical &&
        [ "$(grep -n '<svg' "$work/p.html" | head -1 | cut -d: -f1)" -lt "$(grep -n '<table' "$work/p.html" | head -1 | cut -d: -f1)" ] &&
        sed -n '/<svg/,/<\/svg>/p' "$work/p.html" >"$work/inner.svg" && well_formed "$work/inner.svg"
}
limits_are_columns_in_every_format() {
    "$lots" query "$reg" "$monthly" --format csv >"$work/limits.csv" 2>/dev/null && has "$work/limits.csv" 'm,k,n,share,centre,lower,upper,signal,patients' &&
        "$lots" query "$reg" "$monthly" --format json 2>/dev/null >"$work/limits.json" && has "$work/limits.json" '"centre":'
}
a_lorenz_curve_needs_no_purpose() {
    exits 0 query "$reg" 'from patients chart lorenz(sum(cost over contacts))' --format csv && out_has 'population,share,patients' &&
        exits 7 query "$reg" 'from patients show id, sum(cost over contacts)'
}

check sqlite_reads_csv_as_it_reads_the_table
check a_table_that_is_there_is_not_overwritten
check sqlite_wants_a_file
check sqlite_keeps_how_a_table_was_made
check the_end_of_a_file_name_decides_the_format
check an_ending_without_a_format_is_refused_and_nothing_is_written
check tsv_and_semicolons_hold_the_same_values
check swedish_is_for_people
check python_reads_json_and_csv_alike
check a_result_is_made_again_and_is_identical
check a_changed_include_is_told
check a_changed_file_is_told
check another_registry_is_told
check only_a_stamp_tells_the_time
check a_file_without_provenance_is_a_usage_error
check a_chart_is_a_picture_of_its_own
check a_page_has_its_chart_above_the_table
check limits_are_columns_in_every_format
check a_lorenz_curve_needs_no_purpose
report
