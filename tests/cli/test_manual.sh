#!/bin/sh
# test_manual.sh: every example of query/LANGUAGE.md is asked of the example registry and must print what is
# shown (none is shown: it must run). Those with a question in SQL beside them, in the manual or in manual_sql.txt, are asked of
# SQLite over the same files too. And `lots help` finds every word of the language in the manual.
# Run by tests/support/run.sh with LOTS_BUILD set; prints what cmocka prints.
. tests/cli/support.sh
. tests/cli/manual_examples.sh
examples_begin "$build"
trap 'rm -rf "$work"' EXIT

# Every block of the file; its line and what differs on standard output when it isn't as shown.
replay_file() { # file, least number of blocks
    file=$1
    examples_split "$file"
    blocks=0
    wrong=0
    for line in "$work"/blocks/*.line; do
        block=${line%.line}
        blocks=$((blocks + 1))
        replay_block || { wrong=$((wrong + 1)); echo "$file:$(cat "$line"): ${example:-}"; }
    done
    [ "$blocks" -ge "$2" ] || echo "$file: only $blocks examples, of $2 or more"
    [ "$wrong" = 0 ] && [ "$blocks" -ge "$2" ]
}
replay_block() {
    if [ -f "$block.console" ]; then
        examples_replay "$block.console" >"$block.got"
        example='a transcript that is not what the commands print now'
        diff "$block.console" "$block.got"
        return
    fi
    examples_ask "$block.lots" >"$block.all"
    code=$?
    if [ -f "$block.want" ]; then
        examples_shown "$block.want" "$block.all" >"$block.got"
        example='an example that prints something else than is shown'
        diff "$block.want" "$block.got"
    else
        example="an example that fails, exit $code"
        [ "$code" = 0 ] || { cat "$block.all"; return 1; }
    fi
}
the_manual_shows_what_its_examples_print() { replay_file query/LANGUAGE.md 55; }

# ---- against SQL ----
# The rows of a csv of several results, without headers: numbers as numbers, true and false as 1 and 0.
plain_rows() {
    awk -F, -v columns="$1" '
        NF == 0 { head = 1; next }
        NR == 1 || head { head = 0; next }
        { row = ""
          for (i = 1; i <= (columns > 0 && columns < NF ? columns : NF); i++) {
              v = $i; gsub(/["\r]/, "", v)
              if (v == "true" || v == "false") v = v == "true"
              if (v ~ /^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$/) v = sprintf("%.6f", v)
              row = row (i > 1 ? "," : "") v }
          print row }'
}
same_in_sql() { # block
    { echo head; sqlite3 -csv "$work/tables.db" <"$1.sql"; } >"$1.sql.csv" || return 1
    columns=$(sed -n '2{s/"[^"]*"/x/g;p;}' "$1.sql.csv" | awk -F, '{print NF}')
    plain_rows "$columns" <"$1.sql.csv" >"$1.sql.rows"
    "$lots" query "$work/open.lots" - --purpose "$purpose" --format csv <"$1.lots" 2>"$1.err" | plain_rows "$columns" >"$1.rows"
    [ -s "$1.rows" ] || cat "$1.err"
    [ -s "$1.sql.rows" ] && diff "$1.sql.rows" "$1.rows"
}
# manual_sql.txt: under each line "== HEADING, N" the question of that example in SQL.
add_hidden_sql() {
    awk -v folder="$work/blocks" '
        FILENAME != "tests/cli/manual_sql.txt" { block = FILENAME; sub(/\.name$/, "", block); of[$0] = block; next }
        /^#/ { next }
        /^== / { into = of[substr($0, 4)]; if (into == "") { print "no example " $0; bad = 1; into = "/dev/null" } else into = into ".sql"; next }
        { print > into }
        END { exit bad }' "$work"/blocks/*.name tests/cli/manual_sql.txt
}
sqlite_gives_the_same_answers() {
    command -v sqlite3 >/dev/null || { echo skip; return 0; }
    sqlite3 "$work/tables.db" <tests/cli/manual_tables.sql || return 1
    examples_split query/LANGUAGE.md
    add_hidden_sql || return 1
    asked=0
    wrong=0
    for sql in "$work"/blocks/*.sql; do
        asked=$((asked + 1))
        same_in_sql "${sql%.sql}" || { wrong=$((wrong + 1)); echo "not so in SQL: $(cat "${sql%.sql}.name")"; }
    done
    [ "$wrong" = 0 ] && [ "$asked" -ge 20 ]
}

# ---- lots help ----
words_of_the_language() { # reserved words, functions of values, aggregates, classifications
    sed -n 's/^ *X([A-Z_]*, "[a-z]*").*/&/p' query/lang/token.h | grep -oE '"[a-z]+"' | tr -d '"'
    sed -n 's/^    {"\([a-z_]*\)", LOTS_OP_.*/\1/p' query/lang/bind_call.c query/lang/bind_aggregate.c
    echo episodes steps active path groups score top bottom rank percentile gap codes desc registry alive age patient |
        tr ' ' '\n'
    for file in query/std/classifications/*.csv; do basename "$file" .csv; done
    sed -n 's/^let \([a-z_]*\).*/\1/p' query/std/*.lq
}
every_word_of_the_language_is_a_topic() {
    words_of_the_language | sort -u >"$work/words"
    [ "$(wc -l <"$work/words")" -gt 100 ] || return 1
    missing=
    while IFS= read -r word; do
        "$lots" help "$word" >"$work/out" 2>&1 && [ -s "$work/out" ] || missing="$missing $word"
    done <"$work/words"
    [ -z "$missing" ] || { echo "no topic:$missing"; return 1; }
}
every_topic_that_is_listed_is_there() {
    sed -n 's/^##*  *\([0-9]\. \)\{0,1\}//p' query/LANGUAGE.md >"$work/topics"
    sed -n 's/^<!-- topics: \(.*\) -->$/\1/p' query/LANGUAGE.md | sed 's/, /\
/g' >>"$work/topics"
    while IFS= read -r topic; do
        "$lots" help "$topic" >"$work/out" 2>&1 && [ -s "$work/out" ] || { echo "not there: $topic"; return 1; }
    done <"$work/topics"
}
a_topic_is_printed_without_marks_of_markdown() {
    "$lots" help windows >"$work/out" || return 1
    grep -q '^Windows' "$work/out" && grep -q 'within 30d after D' "$work/out" &&
        ! grep -E '^#|^ *```|^ *\||\*\*|<!--|\]\(|.{121}' "$work/out"
}
a_topic_may_be_of_several_words() { "$lots" help group by | grep -q 'group by' && "$lots" help Event Sets | grep -q '^Event sets'; }
a_part_lists_its_sections() { "$lots" help reference | grep -q 'Windows' && [ "$("$lots" help reference | wc -l)" -lt 40 ]; }
a_misspelt_topic_is_met_with_a_suggestion() {
    "$lots" help windws >"$work/out" 2>"$work/err"
    [ $? = 2 ] && [ ! -s "$work/out" ] && grep -q 'lots help windows' "$work/err"
}
an_unknown_topic_is_a_usage_error() {
    "$lots" help zzzzzz 2>"$work/err"
    [ $? = 2 ] && grep -q 'lots help' "$work/err"
}
help_alone_lists_commands_and_topics() {
    "$lots" help >"$work/out" && grep -q 'lots query' "$work/out" && grep -q 'Windows' "$work/out" && grep -q 'help TOPIC' "$work/out"
}

check the_manual_shows_what_its_examples_print
check sqlite_gives_the_same_answers
check every_word_of_the_language_is_a_topic
check every_topic_that_is_listed_is_there
check a_topic_is_printed_without_marks_of_markdown
check a_topic_may_be_of_several_words
check a_part_lists_its_sections
check a_misspelt_topic_is_met_with_a_suggestion
check an_unknown_topic_is_a_usage_error
check help_alone_lists_commands_and_topics
report
