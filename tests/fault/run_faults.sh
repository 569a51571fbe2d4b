#!/usr/bin/env bash
# run_faults.sh: a writing command, ended or failed at each of its file system calls in turn. After each, the registry
# must be whole and answer exactly as before the command or exactly as after it.
#
#   tests/fault/run_faults.sh -m MAKE -c CHECK -q QUERY [options] -- PROGRAM-LINE
#
#   -m MAKE     makes the old state; run once, without faults
#   -c CHECK    its exit code says whether the state is whole, as `lots check "$R" --full`
#   -q QUERY    its standard output and exit code are the answer
#   -l LIB      the preload library (default build/tests/fault/nth_call.so)
#   -p PROGRAM  the process to count in (default: the base name of the first word of PROGRAM-LINE)
#   -k HOWS     what happens at the call (default "kill torn lost enospc full eio short"; nth_call.c says what they are)
#   -s STRIDE   try each STRIDE-th call only (default 1)
#   -w FOLDER   where to work (default a fresh one in ${TMPDIR:-/tmp}, removed when all went well)
#
# Every line is run by sh in a folder that is put back to the old state before each try; all state must be in there.
# Lines see R (a path in that folder for the registry) and ROOT (the folder this was called from). For example
#
#   tests/fault/run_faults.sh -m '$ROOT/build/lots ingest $R --map $ROOT/a.map' -c '$ROOT/build/lots check $R --full' \
#       -q '$ROOT/build/lots query $R "from patients aggregate count()"' -- '$ROOT/build/lots ingest $R --map $ROOT/b.map --append'
#
# What must hold after each try:
#   1. the answer is the old or the new one, and the check's exit code is that of that state
#   2. an exit code of 0, a short write and a power cut after the end leave the new one
#   3. the program ended by the fault, or by itself with a code of its own; never by another signal
#   4. from the old one, the same command without fault then leads to the new one: nothing left over is in its way
# Exit code: 0 all held; 1 something didn't; 2 usage, or lines that don't work without faults.
set -u
export LC_ALL=C

fail_usage() { echo "run_faults.sh: $1" >&2; exit 2; }

make= check= query= lib=build/tests/fault/nth_call.so program= stride=1 work=
hows="kill torn lost enospc full eio short"
while getopts m:c:q:l:p:k:s:w: option; do
    case $option in
    m) make=$OPTARG ;; c) check=$OPTARG ;; q) query=$OPTARG ;; l) lib=$OPTARG ;; p) program=$OPTARG ;;
    k) hows=$OPTARG ;; s) stride=$OPTARG ;; w) work=$OPTARG ;;
    *) fail_usage "see the first lines of $0" ;;
    esac
done
shift $((OPTIND - 1))
line=$*
[ -n "$make" ] && [ -n "$check" ] && [ -n "$query" ] && [ -n "$line" ] || fail_usage "-m, -c, -q and a program line are needed"
case $stride in '' | 0* | *[!0-9]*) fail_usage "-s $stride is no positive number" ;; esac
[ -f "$lib" ] || fail_usage "no library $lib: build it first"
lib=$(cd "$(dirname "$lib")" && pwd)/$(basename "$lib")
[ -n "$program" ] || program=$(basename "${line%% *}")
own_work=
[ -n "$work" ] || { work=$(mktemp -d "${TMPDIR:-/tmp}/lots-fault-XXXXXX") && own_work=$work; } || exit 2
work=$(mkdir -p "$work" && cd "$work" && pwd) || exit 2
export ROOT=$PWD R=$work/now/registry.lots

# Run a line in the folder of the state; its exit code. Output goes where the caller says.
run_line() { (cd "$work/now" && exec sh -c "$1") </dev/null; }

# Run the program line with the settings given before it: run_faulted NAME=VALUE…
run_faulted() {
    (cd "$work/now" && exec env LOTS_FAULT_PROGRAM="$program" LOTS_FAULT_SCRATCH="$work/scratch" "$@" \
        LD_PRELOAD="$lib" sh -c "$line") </dev/null >"$work/run.log" 2>&1
}

# The state's answer and the check's code into files NAME.answer and NAME.check.
look() {
    run_line "$query" >"$work/$1.answer" 2>"$work/$1.query.log"
    echo "exit code $?" >>"$work/$1.answer"
    run_line "$check" >"$work/$1.check.log" 2>&1
    echo $? >"$work/$1.check"
}

restore() {
    rm -rf "$work/now" "$work/scratch"
    mkdir "$work/scratch" && cp -a "$work/old" "$work/now" || exit 2
}

rm -rf "$work/now" "$work/old"
mkdir "$work/now"
run_line "$make" >"$work/make.log" 2>&1 || { cat "$work/make.log" >&2; fail_usage "the -m line failed"; }
cp -a "$work/now" "$work/old"
look old

restore
run_faulted LOTS_FAULT_COUNT="$work/count" || { cat "$work/run.log" >&2; fail_usage "the program line failed without a fault"; }
look new
cmp -s "$work/old.answer" "$work/new.answer" && fail_usage "the -q line answers the same before and after"
[ "$(tail -n 1 "$work/new.answer")" = "exit code 0" ] || { cat "$work/new.query.log" >&2; fail_usage "the -q line fails on the new state"; }
[ "$(cat "$work/new.check")" = 0 ] || { cat "$work/new.check.log" >&2; fail_usage "the -c line finds fault with the new state"; }
calls=$(cat "$work/count") || fail_usage "no process named $program was seen"
[ "$calls" -gt 0 ] || fail_usage "$program makes no call that is counted"

wrong=0
blame() {
    wrong=$((wrong + 1))
    echo "WRONG $how at call $n of $calls (exit code $code): $1"
    sed 's/^/    | /' "$work/run.log" | tail -n 5
    [ "$wrong" -lt 10 ] || { echo "stopping after $wrong"; echo "kept: $work"; exit 1; }
}

# Rule 3.
judge_end() {
    if [ "$code" = 137 ]; then
        case $how in kill | torn | lost) ;; *) blame "killed" ;; esac
    elif [ "$code" -ge 128 ]; then
        blame "ended by a signal"
    elif [ "$how" = short ] && [ "$code" != 0 ]; then
        blame "a short write made it fail"
    fi
}

# Rules 1, 2 and 4.
judge_state() {
    look try
    if cmp -s "$work/try.answer" "$work/new.answer"; then
        state=new
    elif cmp -s "$work/try.answer" "$work/old.answer"; then
        state=old
    else
        state=neither
        blame "the answer is neither the old nor the new one: $(tail -n 3 "$work/try.answer" | tr '\n' ' ')"
        return
    fi
    cmp -s "$work/try.check" "$work/$state.check" || blame "the $state state, but the check says: $(tail -n 3 "$work/try.check.log")"
    [ "$state" = old ] || return 0
    if [ "$code" = 0 ] || grep -q '^fault: at exit' "$work/run.log"; then
        blame "the command had succeeded, but the state is the old one"
        return
    fi
    run_line "$line" >"$work/again.log" 2>&1 || { blame "the command can't be repeated: $(tail -n 2 "$work/again.log")"; return; }
    look again
    cmp -s "$work/again.answer" "$work/new.answer" || blame "the command repeated doesn't lead to the new answer"
    cmp -s "$work/again.check" "$work/new.check" || blame "the command repeated leads to a state the check refuses"
}

for how in $hows; do
    old=0 new=0 tried=0 codes=
    last=$calls
    [ "$how" != lost ] || last=$((calls + 1)) # the power cut after the end
    n=1
    while [ "$n" -le "$last" ]; do
        restore
        run_faulted LOTS_FAULT_HOW="$how" LOTS_FAULT_AT="$n"
        code=$?
        [ "$code" != 99 ] || { cat "$work/run.log" >&2; fail_usage "the library could not do its work"; }
        judge_end
        judge_state
        case $state in old) old=$((old + 1)) ;; new) new=$((new + 1)) ;; esac
        tried=$((tried + 1))
        codes="$codes $code"
        if [ "$n" -lt "$last" ] && [ $((n + stride)) -gt "$last" ]; then n=$last; else n=$((n + stride)); fi
    done
    echo "$how: $calls calls, $tried tried, $old old, $new new; exit codes:" \
        $(tr ' ' '\n' <<<"$codes" | grep . | sort -n | uniq -c | awk '{print $2 " x" $1}')
done
if [ "$wrong" -gt 0 ]; then
    echo "kept: $work"
    exit 1
fi
[ -z "$own_work" ] || rm -rf "$own_work"
