/* check_random.c: random queries over random registries, asked of the engine and of the naive implementation.
 *   check_random [--queries 2000] [--seed 1] [--patients 40] [--keep-going] [--verbose]
 * --verbose also shows what the engine refuses. Prints the seeds, the query and both tables at the first difference, and exits with 1. A registry is made for every
 * hundred queries; query number i of seed s is always the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/compare.h"
#include "tests/oracle/random_query.h"

typedef struct tally {
    unsigned outcomes[5];
    bool keep_going, verbose;
    lots_bytes query, report;
} tally;

static bool ask(tally *t, small_registry *registry, const naive_data *data, uint64_t registry_seed, uint64_t seed)
{
    t->query.count = t->report.count = 0;
    random_query(seed, &t->query);
    assert_int_equal(lots_bytes_put8(&t->query, 0, NULL), LOTS_OK);
    const char *text = (const char *)t->query.data;
    const compare_outcome outcome = naive_compare_query(registry, data, text, &t->report);
    t->outcomes[outcome]++;
    if (outcome == COMPARE_DIFFERENT || (t->verbose && (outcome == COMPARE_UNBOUND || outcome == COMPARE_UNKNOWN)))
        printf("%s, registry %llu, query %llu:\n%s\n%.*s\n\n",
               outcome == COMPARE_DIFFERENT ? "DIFFERENT" : outcome == COMPARE_UNBOUND ? "unbound" : "unknown",
               (unsigned long long)registry_seed, (unsigned long long)seed, text, (int)t->report.count,
               (const char *)t->report.data);
    fflush(stdout);
    return outcome != COMPARE_DIFFERENT;
}

static bool one_registry(tally *t, uint64_t seed, uint64_t first, uint64_t count, int patients)
{
    static small_registry registry;
    lots_arena arena;
    naive_data data;
    bool good = true;
    small_open(&registry);
    small_random(&registry, seed, patients);
    small_publish(&registry, 16);
    lots_arena_init(&arena, 0);
    naive_read_small(&registry, &data, &arena);
    for (uint64_t i = first; i < first + count && (good || t->keep_going); i++)
        good = ask(t, &registry, &data, seed, i) && good;
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
    tally t = {.keep_going = flag(count, arguments, "--keep-going"), .verbose = flag(count, arguments, "--verbose")};
    bool good = true;
    for (uint64_t done = 0; done < queries && (good || t.keep_going); done += 100) {
        const uint64_t some = queries - done < 100 ? queries - done : 100;
        good = one_registry(&t, seed + done / 100, seed * 1000000 + done, some, patients) && good;
    }
    printf("%u the same, %u not bound, %u unknown here, %u failed in both, %u different\n", t.outcomes[COMPARE_SAME],
           t.outcomes[COMPARE_UNBOUND], t.outcomes[COMPARE_UNKNOWN], t.outcomes[COMPARE_FAILED],
           t.outcomes[COMPARE_DIFFERENT]);
    lots_bytes_free(&t.query);
    lots_bytes_free(&t.report);
    return good ? 0 : 1;
}
