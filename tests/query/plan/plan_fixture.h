/* plan_fixture.h: a random registry with its rows in SQLite, and questions explained over it, for the tests of query/plan.
 * Included by test programs only; each gets its own copy. */
#ifndef LOTS_PLAN_FIXTURE_H
#define LOTS_PLAN_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "query/plan/plan.h"
#include "query/plan/why.h"
#include "tests/support/answer.h"
#include "tests/support/small_registry.h"

static small_registry r;

enum { PATIENTS = 240 };

static inline int open_registry(void **state)
{
    (void)state;
    small_open(&r);
    small_random(&r, 20240521, PATIENTS);
    for (int p = 10; p < 13; p++) /* a code of three persons */
        small_contact(&r, p, "2022-02-02", NULL, "primary", NULL, "A184C");
    small_publish(&r, 50);
    return 0;
}

static inline int close_registry(void **state)
{
    (void)state;
    small_close(&r);
    return 0;
}

typedef struct asked {
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    const lots_bound_pipeline *pipeline;
} asked;

static inline void ask(asked *out, lots_registry *registry, const char *text)
{
    lots_error err;
    lots_arena_init(&out->arena, 0);
    assert_ok(lots_query_bind(registry, text, strlen(text), "query", NULL, &out->arena, &out->sources, &out->query, &err));
    out->pipeline = &out->query->pipelines[out->query->pipeline_count - 1];
}

static inline void forget(asked *out) { lots_arena_free(&out->arena); }

/* One number. */
static inline int64_t in_sql(const char *text)
{
    answer a;
    answer_sql(r.sql, text, &a);
    assert_int_equal(a.rows, 1);
    int64_t number = a.cells[0] == NULL ? 0 : strtoll(a.cells[0], NULL, 10);
    answer_free(&a);
    return number;
}

/* The nth line of a kind (from 0); fails when there is none. */
static inline const lots_line *line_of(const lots_outline *outline, const char *kind, uint32_t nth)
{
    for (size_t i = 0; i < outline->lines.count; i++) {
        const lots_line *line = &LOTS_AT(lots_line, &outline->lines, i);
        if (strcmp(line->kind, kind) == 0 && nth-- == 0)
            return line;
    }
    fail_msg("the outline has no such line of kind %s", kind);
    return NULL;
}

#endif
