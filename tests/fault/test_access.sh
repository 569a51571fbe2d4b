#!/bin/sh
# test_access.sh: several processes at one registry, and what they must stand: a second writer, a writer while one reads,
# an interrupt, a folder that can't be written to, a full disk. Run by tests/support/run.sh.
small=tests/fault/small
. tests/cli/support.sh
begin access

load() { # registry, the rest of an ingest
    registry=$1
    shift
    "$lots" ingest "$registry" --map $small/small.map --max-rejects 0.5 "$@"
}
# Wait until a command succeeds, for five seconds at most.
await() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        "$@" && return 0
        sleep 0.5
    done
    return 1
}

a_second_writer_fails_at_once_and_names_the_first() {
    reg=$work/writers.lots
    mkfifo "$work/rows" || return 1
    sed '/^\[system/,$d' $small/small.map >"$work/people.map"
    printf '[patients]\nfile = people.csv\npatient = person\nbirth = date from birth\n' >>"$work/people.map"
    "$lots" ingest "$reg" --map "$work/people.map" - <"$work/rows" &
    writer=$!
    exec 4>"$work/rows"
    await test -s "$reg/lock" || return 1
    load "$reg" $small/first 2>"$work/err" </dev/null
    [ $? = 6 ] && grep -q "held by process $writer" "$work/err" || { cat "$work/err"; return 1; }
    "$lots" pin "$reg" paper 2>"$work/err" && return 1
    cat $small/first/people.csv >&4
    exec 4>&-
    wait "$writer" && "$lots" info "$reg" | grep -q '^patients  *7$' && load "$reg" --append $small/second
}
make_large() { # the example with each contact fifteen times: this query of it takes a second
    [ ! -d "$work/large.lots" ] || return 0
    mkdir -p "$work/large" && cp ingest/example/*.csv "$work/large" || return 1
    awk 'NR == 1 {print; next} {for (i = 0; i < 15; i++) {line = $0; sub(/^K/, "K" i "-", line); print line}}' \
        ingest/example/contacts.csv >"$work/large/contacts.csv"
    "$lots" ingest "$work/large.lots" --map ingest/maps/example.map "$work/large"
}
slow_query='from contacts as e derive k = count(distinct unit over contacts where cost > e.cost)
    group by level show n = count(), k = mean(k)'
# Begin the slow query of a registry, and stop it as $reader when it holds a generation and is not done; else say skip.
# A reader with the catalog open may hold SQLite's lock on it, for a moment: stopped there it would lock writers out.
stop_a_reader() {
    [ -d /proc/self/fd ] || { echo "skip: no /proc"; return 1; }
    for _ in 1 2 3 4 5; do
        "$lots" query "$1" "$slow_query" --threads 1 --format csv >"$work/answer" 2>"$work/err" &
        reader=$!
        while kill -0 $reader 2>/dev/null; do
            ls -l /proc/$reader/fd 2>/dev/null | grep -q /readers/ && kill -STOP $reader 2>/dev/null || continue
            ls -l /proc/$reader/fd 2>/dev/null >"$work/open"
            grep -q '^State:.T' /proc/$reader/status 2>/dev/null && ! grep -q catalog.sqlite "$work/open" && return 0
            kill -CONT $reader 2>/dev/null
        done
        wait $reader
    done
    echo "skip: the query is over before it can be stopped"
    return 1
}
a_reader_keeps_its_generation_while_others_are_published() {
    make_large && cp -r "$work/large.lots" "$work/readers.lots" || return 1
    reg=$work/readers.lots
    "$lots" query "$reg" "$slow_query" --format csv >"$work/before" || return 1
    stop_a_reader "$reg" || return 0
    mkdir "$work/more" && cp ingest/example/*.csv "$work/more" || return 1
    for pass in 1 2 3; do # each beginning removes the generations that nobody needs
        sed "s/^K/M$pass/" ingest/example/contacts.csv >"$work/more/contacts.csv"
        "$lots" ingest "$reg" --map ingest/maps/example.map "$work/more" --append || return 1
    done
    [ ! -s "$work/answer" ] && kill -CONT $reader && wait $reader && cmp "$work/before" "$work/answer" || return 1
    "$lots" query "$reg" "$slow_query" --format csv >"$work/after" && ! cmp -s "$work/before" "$work/after" || return 1
    # Now nobody holds it: the next writer lets it go.
    "$lots" ingest "$reg" --map ingest/maps/example.map "$work/more" --append && "$lots" check "$reg" --full || return 1
    "$lots" query "$reg" --generation 1 "$slow_query" 2>"$work/err"
    [ $? = 2 ]
}
a_segment_cut_while_it_is_read_is_no_answer() {
    make_large && cp -r "$work/large.lots" "$work/cut.lots" || return 1
    stop_a_reader "$work/cut.lots" || return 0
    for segment in "$work"/cut.lots/segments/*; do : >"$segment"; done
    kill -CONT $reader
    wait $reader
    code=$?
    cat "$work/err"
    [ ! -s "$work/answer" ] || return 1
    case $code in
    5) ;; # before it was mapped
    8) grep -q "can no longer be read" "$work/err" ;;
    *) return 1 ;;
    esac
}
# timeout's child heeds SIGINT, which a shell's background does not.
interrupted() { # seconds, command…
    timeout --foreground --preserve-status -s INT "$@" # once: a second one ends the program where it stands
    code=$?
    echo "exit $code"
    [ "$code" = 130 ]
}
an_interrupted_load_publishes_nothing() {
    timeout --help >/dev/null 2>&1 || { echo "skip: no timeout"; return 0; }
    make_large || return 1
    reg=$work/stopped.lots
    interrupted 0.25 "$lots" ingest "$reg" --map ingest/maps/example.map "$work/large" --threads 1 || return 1
    "$lots" info "$reg" && return 1
    "$lots" ingest "$reg" --map ingest/maps/example.map ingest/example || return 1
    "$lots" info "$reg" >"$work/before"
    interrupted 0.25 "$lots" ingest "$reg" --map ingest/maps/example.map "$work/large" --threads 1 --append || return 1
    "$lots" info "$reg" >"$work/after" && cmp "$work/before" "$work/after" && [ ! -e "$reg.spill" ] || return 1
    "$lots" check "$reg" --full
}
an_interrupted_query_is_exit_130() {
    timeout --help >/dev/null 2>&1 || { echo "skip: no timeout"; return 0; }
    make_large || return 1
    interrupted 0.2 "$lots" query "$work/large.lots" --threads 1 --format csv -o "$work/rows.csv" "$slow_query" &&
        [ ! -e "$work/rows.csv" ]
}
a_registry_in_a_folder_that_cannot_be_written_to_is_read() {
    load "$work/frozen.lots" $small/first && cp -r "$work/frozen.lots" "$work/thawed.lots" && chmod 755 "$work" || return 1
    chmod -R a+rX,a-w "$work/frozen.lots"
    as=
    if [ "$(id -u)" = 0 ]; then
        as="setpriv --reuid=65534 --clear-groups"
        $as "$lots" version >/dev/null 2>&1 || { echo "skip: root may write anywhere, and can't be another here"; return 0; }
    fi
    for words in "info" "pin" "codes" "check --full" "query"; do
        set -- $words
        command=$1
        shift
        [ $command != query ] || set -- 'from contacts show n = count(), cost = sum(cost)'
        $as "$lots" $command "$work/frozen.lots" "$@" >"$work/out" && "$lots" $command "$work/thawed.lots" "$@" |
            cmp - "$work/out" || return 1
    done
    $as "$lots" pin "$work/frozen.lots" paper 2>"$work/err"
    [ $? = 8 ] && grep -q "Permission denied" "$work/err" || { cat "$work/err"; return 1; }
    # A list of persons is logged or not shown.
    $as "$lots" query "$work/frozen.lots" --purpose test 'from patients show id' >"$work/out" 2>"$work/err"
    [ $? = 7 ] && [ ! -s "$work/out" ] && grep -q "audit log can't be written" "$work/err" || { cat "$work/err"; return 1; }
}
a_full_disk_is_exit_8_for_every_command() {
    [ -e /dev/full ] || { echo "skip: no /dev/full"; return 0; }
    load "$work/full.lots" $small/first || return 1
    for words in info pin codes check; do
        "$lots" $words "$work/full.lots" >/dev/full 2>"$work/err"
        [ $? = 8 ] && grep -q "standard output" "$work/err" || { echo "$words"; cat "$work/err"; return 1; }
    done
    for format in table csv json; do
        "$lots" query "$work/full.lots" 'from contacts group by start show n = count()' --format $format -o /dev/full 2>"$work/err"
        [ $? = 8 ] && grep -q "/dev/full" "$work/err" || { cat "$work/err"; return 1; }
    done
}

check a_second_writer_fails_at_once_and_names_the_first
check a_reader_keeps_its_generation_while_others_are_published
check a_segment_cut_while_it_is_read_is_no_answer
check an_interrupted_load_publishes_nothing
check an_interrupted_query_is_exit_130
check a_registry_in_a_folder_that_cannot_be_written_to_is_read
check a_full_disk_is_exit_8_for_every_command
report
