/* damage.c: a registry with a bit of each of its bytes changed in turn, and each of its files cut at each length. After each,
 * either `lots check --full` reports the damage, or it is inert: every answer is as before. In both cases a question may
 * be refused as LOTS_CORRUPT, when the check says so too, but nothing crashes, hangs or gives another answer.
 *
 *   damage REGISTRY [STEP [FIRST]]     try each STEP-th place, from FIRST on (0); 1 and 0: all
 *
 * The registry is one of tests/fault/small with generation 1 pinned as `paper` and a cohort `seen`; it is changed and put back: use a copy.
 * The questions are the program's own commands, run within this process: starting one for each would be most of the time.
 * Exit code 0: all held; 1: something didn't; 2: the registry can't be used. A crash or hang tells its place first. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/base/os.h"
#include "query/cli/command.h"
#include "query/exec/run.h"
#include "query/lang/bound.h"
#include "query/out/output.h"

enum { WORDS_MAX = 8, HANG_S = 20, WRONG_MAX = 20 };

typedef struct question {
    const lots_command *command;
    const char *words[WORDS_MAX]; /* after the registry */
} question;

static lots_status list_rows(lots_program *program, int argc, char **argv, lots_error *err);
/* `lots query` for rows of persons, without its line in the audit log: that would change the registry. */
static const lots_command listing = {.name = "list", .run = list_rows};

static const question checking = {&lots_command_check, {"--full", "--threads", "1"}};
/* Between them they read every column, list, dictionary, table, id, zone, pin and cohort, and both generations. The catalog is
 * most of the bytes, and reaches every question through the same few reads: for it only the first questions, which need
 * all of it, are asked, and all of them at some places. */
static const question questions[] = {
    {&lots_command_info, {NULL}},
    {&lots_command_query,
     {"--threads", "1", "--generation", "paper",
      "from contacts group by level show n = count(), cost = sum(cost), k = count(distinct dx), beds = max(level.beds)"}},
    {&lots_command_query, {"--threads", "1", "from patients group by seen show n = count()"}},
    {&lots_command_info, {"contacts"}},
    {&lots_command_info, {"--generation", "paper", "--format", "json"}},
    {&lots_command_pin, {NULL}},
    {&lots_command_codes, {"icd10"}},
    {&lots_command_audit, {NULL}},
    {&lots_command_cohort, {NULL}},
    {&listing, {"from contacts sort start, level, cost, id show id, start, end, level, cost, dx, note, beds = level.beds"}},
    {&listing,
     {"from patients show id, birth, sex, n = count(contacts), hearts = count(contacts where dx in {I50}), "
      "late = count(contacts where start >= 2023-01-01), labs = sum(value over labs), tests = count(distinct test over labs)"}},
};
enum { QUESTION_COUNT = sizeof questions / sizeof *questions, CATALOG_QUESTIONS = 3, ALL_EACH = 16 };

typedef struct answer {
    lots_status status;
    uint64_t hash;
    char text[256]; /* of the error */
} answer;

static const char *registry;
static long step = 1, first;
static answer before[QUESTION_COUNT];
static char place[4096 + 64]; /* what is being tried */
static unsigned long tried, reported, inert, wrong;

/* ---- asking ---- */

static lots_status write_rows(lots_query *query, lots_program *program, lots_error *err)
{
    lots_output_options options = lots_program_output(program, NULL);
    lots_result result;
    LOTS_TRY(lots_run_pipeline(query, &query->pipelines[0], NULL, &result, err));
    lots_status status = lots_output_write(LOTS_FORMAT_CSV, &result, &options, &program->out, err);
    lots_result_free(&result);
    return status;
}

static lots_status list_rows(lots_program *program, int argc, char **argv, lots_error *err)
{
    lots_registry *opened = NULL;
    lots_query *query = NULL;
    lots_arena arena;
    lots_sources sources;
    (void)argc;
    LOTS_TRY(lots_registry_open(&opened, argv[0], NULL, err));
    lots_arena_init(&arena, 0);
    lots_status status =
        lots_query_bind(opened, argv[1], strlen(argv[1]), "query", NULL, &arena, &sources, &query, err);
    if (status == LOTS_OK)
        status = write_rows(query, program, err);
    lots_arena_free(&arena);
    lots_registry_close(opened);
    return status;
}

static answer ask(const question *asked)
{
    lots_program program = {.out = {.name = "memory"}};
    static const _Atomic bool never;
    char words[WORDS_MAX][512], *argv[WORDS_MAX + 2] = {NULL};
    int argc = 0;
    lots_error err;
    answer out = {LOTS_OK, 0, ""};
    lots_error_clear(&err);
    program.stop = &never;
    argv[argc++] = strdup(registry);
    for (int i = 0; i < WORDS_MAX && asked->words[i] != NULL; i++) {
        snprintf(words[i], sizeof words[i], "%s", asked->words[i]);
        argv[argc++] = words[i];
    }
    alarm(HANG_S);
    out.status = asked->command->run(&program, argc, argv, &err);
    alarm(0);
    out.hash = lots_hash(program.out.text.data, program.out.text.count, 0);
    snprintf(out.text, sizeof out.text, "%.255s", err.text);
    lots_sink_free(&program.out);
    free(argv[0]);
    return out;
}

/* Whether an answer may stand, given what the check says of the registry. */
static bool may_stand(const answer *now, const answer *then, bool whole)
{
    if (now->status == LOTS_OK)
        return now->hash == then->hash;
    return now->status == LOTS_CORRUPT && !whole;
}

static void blame(const char *what, const char *text)
{
    printf("WRONG %s: %s: %s\n", place, what, text);
    if (++wrong < WRONG_MAX)
        return;
    printf("stopping after %lu\n", wrong);
    exit(1);
}

static int questions_at(const char *file, long at)
{
    size_t length = strlen(file), name = sizeof "catalog.sqlite" - 1;
    bool catalog = length > name && strcmp(file + length - name, "catalog.sqlite") == 0;
    return catalog && at % ALL_EACH != 0 ? CATALOG_QUESTIONS : QUESTION_COUNT;
}

static void judge(const char *file, const char *how, long at)
{
    snprintf(place, sizeof place, "%s %s at %ld", file, how, at);
    int count = questions_at(file, at);
    answer check = ask(&checking);
    bool whole = check.status == LOTS_OK, same = true;
    tried++;
    if (!whole && check.status != LOTS_CORRUPT)
        blame("the check fails otherwise", check.text);
    for (int i = 0; i < count && same; i++) {
        answer now = ask(&questions[i]);
        same = may_stand(&now, &before[i], whole);
        if (!same) {
            char what[64];
            snprintf(what, sizeof what, "the check says %s, %s (question %d) %s", whole ? "sound" : "damaged",
                     questions[i].command->name, i, lots_status_name(now.status));
            blame(what, now.status == LOTS_OK ? "another answer" : now.text);
        }
    }
    reported += !whole;
    inert += whole;
}

/* ---- damaging ---- */

/* As the first byte of the file is the first place, and the first of the next file follows its last. */
static bool is_due(long number)
{
    return number >= first && (number - first) % step == 0;
}

static void put_byte(int file, long at, char byte)
{
    if (pwrite(file, &byte, 1, at) != 1)
        exit(2);
}

/* `number` counts the places tried or not. */
static long flip_bytes(int file, const char *path, const char *bytes, long count, long number)
{
    for (long at = 0; at < count; at++, number++) {
        if (!is_due(number))
            continue;
        put_byte(file, at, (char)(bytes[at] ^ 1 << at / step % 8));
        judge(path, "changed", at);
        put_byte(file, at, bytes[at]);
    }
    return number;
}

static long cut_lengths(int file, const char *path, const char *bytes, long count, long number)
{
    for (long length = count - 1; length >= 0; length--, number++) {
        if (!is_due(number))
            continue;
        if (ftruncate(file, length) != 0)
            exit(2);
        judge(path, "cut", length);
    }
    if (pwrite(file, bytes, (size_t)count, 0) != count)
        exit(2);
    return number;
}

static long damage_file(const char *path, long count, long number)
{
    char *bytes = malloc((size_t)count + 1);
    int file = open(path, O_RDWR);
    if (bytes == NULL || file < 0 || pread(file, bytes, (size_t)count, 0) != count)
        exit(2);
    number = flip_bytes(file, path, bytes, count, number);
    number = cut_lengths(file, path, bytes, count, number);
    close(file);
    free(bytes);
    return number;
}

static long damage_folder(const char *folder, long number)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat found;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && stat(path, &found) == 0)
            number = S_ISDIR(found.st_mode) ? damage_folder(path, number) : damage_file(path, found.st_size, number);
        free(entries[i]);
    }
    free(entries);
    return number;
}

/* ---- the whole ---- */

static void on_signal(int number)
{
    static const char what[] = "\nWRONG, a crash or a hang: ";
    if (write(STDOUT_FILENO, what, sizeof what - 1) < 0 || write(STDOUT_FILENO, place, strlen(place)) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

static bool all_answer(void)
{
    answer check = ask(&checking);
    if (check.status != LOTS_OK)
        printf("damage: the registry is damaged already: %s\n", check.text);
    for (int i = 0; i < QUESTION_COUNT; i++) {
        before[i] = ask(&questions[i]);
        if (before[i].status == LOTS_OK)
            continue;
        printf("damage: question %d fails before any damage: %s\n", i, before[i].text);
        check.status = LOTS_USAGE;
    }
    return check.status == LOTS_OK;
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    if (argc < 2) {
        fprintf(stderr, "damage REGISTRY [STEP [FIRST]]\n");
        return 2;
    }
    registry = argv[1];
    step = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    first = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    /* What the commands say beside their results. */
    if (step < 1 || first < 0 || freopen("/dev/null", "w", stderr) == NULL || !all_answer())
        return 2;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], on_signal);
    long places = damage_folder(registry, 0);
    snprintf(place, sizeof place, "after all was put back");
    for (int i = 0; i < QUESTION_COUNT; i++) {
        answer now = ask(&questions[i]);
        if (now.status != LOTS_OK || now.hash != before[i].hash)
            blame("not as it was", now.text);
    }
    printf("damage: %ld places, %lu changes tried: %lu reported, %lu inert, %lu wrong; peak memory %llu MB\n", places, tried,
           reported, inert, wrong, (unsigned long long)(lots_peak_memory_bytes() >> 20));
    return wrong == 0 ? 0 : 1;
}
