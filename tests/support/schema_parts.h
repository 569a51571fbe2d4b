/* schema_parts.h: parts of a schema that tests put together by hand. Included by test programs only; each gets its own copy. */
#ifndef LOTS_TEST_SCHEMA_PARTS_H
#define LOTS_TEST_SCHEMA_PARTS_H

#include "core/store/schema.h"
#include "tests/support/lots_test.h"

/* A level of care of the stream; `span` a lots_span, or below 0: the stream's own. */
static inline void add_level(lots_stream *stream, const char *name, uint32_t rank, int span)
{
    lots_error err;
    lots_level *level;
    assert_ok(lots_stream_add_level(stream, name, &level, &err));
    level->rank = rank;
    level->has_span = span >= 0;
    level->span = span >= 0 ? (lots_span)span : LOTS_SPAN_POINT;
}

#endif
