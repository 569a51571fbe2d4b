/* reply.h: what a question prints of 27 persons worked by hand, for tests of what may be shown: 3, 8 and 16 with score 1, 2 and 3
 * (the example of CLINICAL.md section 9); men are 2 of the 8 and 5 of the 16; incomes are 100, but one person of score 2 has
 * 10000; of contacts, 3 persons have ten in an emergency each, 6 others one in primary care. Included by test programs only. */
#ifndef LOTS_REPLY_H
#define LOTS_REPLY_H

#include <stdio.h>

#include "core/base/arena.h"
#include "query/out/output.h"
#include "tests/support/small_registry.h"

typedef struct reply {
    char csv[2048], notes[1024];
} reply;

/* The persons, into a registry that is open and not yet published. */
static inline void reply_fill(small_registry *r)
{
    small_exec(r, "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 26) INSERT INTO patients "
                  "SELECT i, d('1950-01-01'), CASE WHEN i IN (3, 4, 11, 12, 13, 14, 15) THEN 'male' ELSE 'female' END, NULL, "
                  "CASE WHEN i < 3 THEN 1 WHEN i < 11 THEN 2 ELSE 3 END, CASE i WHEN 3 THEN 1000000 ELSE 10000 END FROM n");
    for (int i = 0; i < 30; i++)
        small_contact(r, i % 3, "2021-05-01", NULL, "emergency", NULL, NULL);
    for (int p = 11; p < 17; p++)
        small_contact(r, p, "2021-06-01", NULL, "primary", NULL, NULL);
}

static inline void reply_read(const lots_result *result, reply *out)
{
    lots_error err;
    lots_sink sink = {0};
    assert_ok(lots_output_write(LOTS_FORMAT_CSV, result, NULL, &sink, &err));
    assert_true(sink.text.count < sizeof out->csv);
    memcpy(out->csv, sink.text.data, sink.text.count);
    out->csv[sink.text.count] = '\0';
    out->notes[0] = '\0';
    for (uint32_t i = 0; i < result->note_count; i++)
        snprintf(out->notes + strlen(out->notes), sizeof out->notes - strlen(out->notes), "%s\n", result->notes[i]);
    lots_sink_free(&sink);
}

/* Bind a question, which must do; run its last pipeline, whose status and error are the caller's. */
static inline lots_status reply_to(const small_registry *r, const char *text, const lots_run_options *options, reply *out,
                                   lots_error *why)
{
    lots_error err;
    lots_arena arena;
    lots_sources sources;
    lots_query *query = NULL;
    lots_result result;
    lots_arena_init(&arena, 0);
    assert_ok(lots_query_bind(r->registry, text, strlen(text), "query", NULL, &arena, &sources, &query, &err));
    lots_status status = lots_run_pipeline(query, &query->pipelines[query->pipeline_count - 1], options, &result, why);
    if (status == LOTS_OK) {
        reply_read(&result, out);
        lots_result_free(&result);
    }
    lots_arena_free(&arena);
    return status;
}

/* Fail unless the question prints this. */
static inline void reply_check(const small_registry *r, const char *text, uint32_t min_cell, const char *expected)
{
    const lots_run_options options = {.min_cell = min_cell};
    lots_error err;
    reply got;
    assert_ok(reply_to(r, text, &options, &got, &err));
    if (strcmp(got.csv, expected) != 0)
        fail_msg("%s\ngave\n%s\nwanted\n%s", text, got.csv, expected);
}

#endif
