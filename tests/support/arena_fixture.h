/* arena_fixture.h: an arena for each test of a group, opened and freed around it. */
#ifndef LOTS_ARENA_FIXTURE_H
#define LOTS_ARENA_FIXTURE_H

#include "core/base/arena.h"
#include "tests/support/lots_test.h"

static lots_arena arena;

static int open_arena(void **state)
{
    (void)state;
    lots_arena_init(&arena, 0);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    lots_arena_free(&arena);
    return 0;
}

#endif
