/* check_random.c: random queries over random registries, asked of the engine and of the naive implementation.
 *   check_random [--queries 2000] [--seed 1] [--patients 40] [--threads 2] [--segment N] [--chunk N] [--keep-going] [--verbose]
 *   check_random --ask 'text' [--seed 1] [--patients 40] [--threads 2]
 * --verbose also shows what the engine refuses. Prints the seeds, the query, the same made as small as it still differs, and
 * both tables at the first difference, and exits with 1. A registry is made for every hundred queries, in segments and
 * chunks of another size each, or of N patients; every other one keeps nothing decoded. Query number i of seed s is always the
 * same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/kernels.h"
#include "tests/oracle/compare.h"
#include "tests/oracle/random_query.h"
#include "tests/oracle/shrink.h"

typedef struct tally {
    unsigned outcomes[COMPARE_OUTCOMES];
    bool keep_going, verbose;
    const char *text; /* to ask instead; NULL: none */
    uint32_t segment, chunk; /* patients; 0: by seed */
    lots_pool *pool;
    small_registry *registry;
    naive_data data;
    lots_bytes query, report;
} tally;

static compare_outcome compare(tally *t, const char *text)
{
    t->report.count = 0;
    return naive_compare_query(t->registry, &t->data, t->pool, text, &t->report);
}

static bool still_differs(void *context, const char *text)
{
    return compare(context, text) == COMPARE_DIFFERENT;
}

static void print_difference(tally *t, const char *text)
{
    lots_bytes small = {0};
    printf("%s\n%.*s\n", text, (int)t->report.count, (const char *)t->report.data);
    shrink_query(text, still_differs, t, &small);
    compare(t, (const char *)small.data);
    printf("shortened:\n%s\n%.*s\n\n", (const char *)small.data, (int)t->report.count, (const char *)t->report.data);
    lots_bytes_free(&small);
}

static bool ask(tally *t, uint64_t registry_seed, uint64_t seed)
{
    t->query.count = 0;
    random_query(seed, &t->query);
    assert_int_equal(lots_bytes_put8(&t->query, 0, NULL), LOTS_OK);
    const char *text = (const char *)t->query.data;
    if (t->verbose)
        fprintf(stderr, "registry %llu, query %llu:\n%s\n", (unsigned long long)registry_seed, (unsigned long long)seed, text);
    const compare_outcome outcome = compare(t, text);
    t->outcomes[outcome]++;
    if (outcome == COMPARE_DIFFERENT) {
        printf("DIFFERENT, registry %llu, query %llu:\n", (unsigned long long)registry_seed, (unsigned long long)seed);
        print_difference(t, text);
    } else if (t->verbose && (outcome == COMPARE_UNBOUND || outcome == COMPARE_UNKNOWN)) {
        printf("%s, registry %llu, query %llu:\n%s\n%.*s\n\n", outcome == COMPARE_UNBOUND ? "unbound" : "unknown",
               (unsigned long long)registry_seed, (unsigned long long)seed, text, (int)t->report.count,
               (const char *)t->report.data);
    }
    fflush(stdout);
    return outcome != COMPARE_DIFFERENT;
}

/* A text of the caller's own. */
static bool ask_text(tally *t, const char *text)
{
    static const char *const names[COMPARE_OUTCOMES] = {"the same", "the same, without rows", "not bound", "unknown here",
                                                        "failed in both", "different"};
    const compare_outcome outcome = compare(t, text);
    printf("%s\n%.*s\n", names[outcome], (int)t->report.count, (const char *)t->report.data);
    return outcome != COMPARE_DIFFERENT;
}

static bool one_registry(tally *t, uint64_t seed, uint64_t first, uint64_t count, int patients)
{
    static const uint32_t segment_patients[] = {16, 3, 1, 64, 7}, chunk_patients[] = {0, 5, 2, 0, 1, 11, 3};
    static small_registry registry;
    lots_arena arena;
    bool good = true;
    small_open(&registry);
    registry.chunk_patients = t->chunk != 0 ? t->chunk : chunk_patients[seed % 7];
    registry.many_drugs = seed % 3 == 0;
    small_random(&registry, seed, patients);
    small_publish(&registry, t->segment != 0 ? t->segment : segment_patients[seed % 5]);
    if (seed % 2 == 0) /* or else most questions find what those before have kept */
        small_keep_nothing(&registry);
    lots_arena_init(&arena, 0);
    naive_read_small(&registry, &t->data, &arena);
    t->registry = &registry;
    for (uint64_t i = first; t->text == NULL && i < first + count && (good || t->keep_going); i++)
        good = ask(t, seed, i) && good;
    if (t->text != NULL)
        good = ask_text(t, t->text);
    lots_arena_free(&arena);
    small_close(&registry);
    return good;
}

static uint64_t option(int count, char **arguments, const char *name, uint64_t normal)
{
    for (int i = 1; i + 1 < count; i++)
        if (strcmp(arguments[i], name) == 0)
            return strtoull(arguments[i + 1], NULL, 10);
    return normal;
}

static bool flag(int count, char **arguments, const char *name)
{
    for (int i = 1; i < count; i++)
        if (strcmp(arguments[i], name) == 0)
            return true;
    return false;
}

int main(int count, char **arguments)
{
    const uint64_t queries = option(count, arguments, "--queries", 2000), seed = option(count, arguments, "--seed", 1);
    const int patients = (int)option(count, arguments, "--patients", 40);
    tally t = {.keep_going = flag(count, arguments, "--keep-going"), .verbose = flag(count, arguments, "--verbose"),
               .segment = (uint32_t)option(count, arguments, "--segment", 0),
               .chunk = (uint32_t)option(count, arguments, "--chunk", 0)};
    lots_error err;
    bool good = true;
    for (int i = 1; i + 1 < count; i++)
        if (strcmp(arguments[i], "--ask") == 0)
            t.text = arguments[i + 1];
    assert_ok(lots_pool_open(&t.pool, (unsigned)option(count, arguments, "--threads", 2), &err));
    if (t.text != NULL)
        return one_registry(&t, seed, 0, 0, patients) ? 0 : 1;
    for (uint64_t done = 0; done < queries && (good || t.keep_going); done += 100) {
        const uint64_t some = queries - done < 100 ? queries - done : 100;
        good = one_registry(&t, seed + done / 100, seed * 1000000 + done, some, patients) && good;
    }
    printf("%u the same, %u the same without rows, %u not bound, %u unknown here, %u failed in both, %u different (%s kernels)\n",
           t.outcomes[COMPARE_SAME], t.outcomes[COMPARE_EMPTY], t.outcomes[COMPARE_UNBOUND], t.outcomes[COMPARE_UNKNOWN],
           t.outcomes[COMPARE_FAILED], t.outcomes[COMPARE_DIFFERENT], lots_kernels_name());
    lots_bytes_free(&t.query);
    lots_bytes_free(&t.report);
    lots_pool_close(t.pool);
    return good && t.outcomes[COMPARE_UNKNOWN] == 0 ? 0 : 1;
}
