/* random_world.h: the world of patients by chance that all tests of a program ask, and cells of its answers against whole numbers.
 * Includers: test_episode.c, test_event.c, test_relation.c, test_span.c. */
#ifndef LOTS_RANDOM_WORLD_H
#define LOTS_RANDOM_WORLD_H

#include "tests/query/exec/exec_fixture.h"
#include "tests/query/exec/exec_order.h"

static world w;

static inline int open_world(void **state)
{
    (void)state;
    world_open(&w, 23);
    world_fill(&w, (const uint32_t[]){250, 120, 0}, random_patient);
    return 0;
}

static inline int close_world(void **state)
{
    (void)state;
    world_close(&w);
    return 0;
}

/* `expected`: NONE for a missing one. */
static inline void same(const cell *got, int64_t expected, const char *what, uint32_t row)
{
    const int64_t value = got->missing ? NONE : got->i;
    if (value != expected)
        fail_msg("%s of row %u: %lld, expected %lld", what, row, (long long)value, (long long)expected);
}

#endif
