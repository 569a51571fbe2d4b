/* store_fixture.h: a small registry's schema, dictionaries and random rows, for the tests of the store. Included by test
 * programs only; each gets its own copy. */
#ifndef LOTS_STORE_FIXTURE_H
#define LOTS_STORE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/store/order.h"
#include "core/store/segment.h"
#include "core/store/segment_writer.h"
#include "tests/support/lots_test.h"
#include "tests/support/schema_parts.h"

enum { PATIENTS, CONTACTS, LABS, DRUGS, EMPTY, STREAMS };
enum { C_START, C_MINUTE, C_END, C_ID, C_LEVEL, C_UNIT, C_ACUTE, C_COST, C_WEIGHT, C_DX, C_NOTE, C_READY, C_GHOST };
enum { SEX, LEVEL, UNIT, TEST, DOMAINS };

typedef struct fixture {
    lots_schema schema;
    lots_dictionary *codes;
    lots_dictionary *domains[DOMAINS];
    const lots_dictionary *domain_list[DOMAINS];
    const char *domain_names[DOMAINS];
    uint64_t random;
} fixture;

static inline uint64_t below(fixture *f, uint64_t limit) { return lots_test_random(&f->random) % limit; }

/* A dictionary in two steps, so that stable ids are not ranks. Keys are made from `format` and odd, then even, numbers. */
static inline lots_dictionary *make_dictionary(const char *format, unsigned count)
{
    lots_error err;
    lots_dictionary *halves[2] = {NULL, NULL};
    for (unsigned step = 0; step < 2; step++) {
        lots_dictionary_builder *builder;
        assert_ok(lots_dictionary_builder_open(&builder, step > 0 ? halves[0] : NULL, &err));
        for (unsigned i = 1 - step; i < count; i += 2) {
            char key[64];
            lots_id id;
            int bytes = snprintf(key, sizeof key, format, i);
            assert_ok(lots_dictionary_intern(builder, key, (size_t)bytes, &id, &err));
        }
        assert_ok(lots_dictionary_finish(builder, &halves[step], NULL, &err));
        lots_dictionary_builder_close(builder);
    }
    lots_dictionary_close(halves[0]);
    return halves[1];
}

static inline lots_dictionary *make_levels(void)
{
    static const char *const names[] = {"specialist", "primary", "inpatient", "emergency", "municipal", "other"};
    lots_error err;
    lots_dictionary_builder *builder;
    lots_dictionary *out;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lots_id id;
        assert_ok(lots_dictionary_intern(builder, names[i], strlen(names[i]), &id, &err));
    }
    assert_ok(lots_dictionary_finish(builder, &out, NULL, &err));
    lots_dictionary_builder_close(builder);
    return out;
}

static inline lots_column *add_column(lots_stream *stream, const char *name, lots_kind kind, lots_role role,
                                      const char *domain)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_stream_add_column(stream, name, kind, &column, &err));
    column->role = role;
    if (domain != NULL)
        snprintf(column->domain, sizeof column->domain, "%s", domain);
    return column;
}

static inline void add_contacts(fixture *f)
{
    lots_error err;
    lots_stream *s;
    assert_ok(lots_schema_add_stream(&f->schema, "contacts", &s, &err));
    s->span = LOTS_SPAN_POINT;
    s->ghost_days = 300;
    add_level(s, "emergency", 1, -1);
    add_level(s, "inpatient", 3, LOTS_SPAN_OPEN);
    add_level(s, "primary", 2, -1);
    add_level(s, "specialist", 2, LOTS_SPAN_CLOSED);
    add_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    add_column(s, "minute", LOTS_KIND_INT, LOTS_ROLE_MINUTE, NULL);
    add_column(s, "end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL);
    add_column(s, "id", LOTS_KIND_TEXT, LOTS_ROLE_KEY, NULL);
    add_column(s, "level", LOTS_KIND_CATEGORY, LOTS_ROLE_LEVEL, "level");
    add_column(s, "unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
    add_column(s, "acute", LOTS_KIND_BOOL, LOTS_ROLE_NONE, NULL);
    add_column(s, "cost", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE, NULL)->scale = 2;
    add_column(s, "weight", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL);
    add_column(s, "dx", LOTS_KIND_CODES, LOTS_ROLE_NONE, NULL);
    add_column(s, "note", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL);
    add_column(s, "ready", LOTS_KIND_DATE, LOTS_ROLE_NONE, NULL);
    add_column(s, "ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST, NULL);
}

static inline void fixture_open(fixture *f, uint64_t seed)
{
    lots_error err;
    lots_stream *s;
    memset(f, 0, sizeof *f);
    f->random = seed;
    assert_ok(lots_schema_add_stream(&f->schema, "patients", &s, &err));
    s->undated = true;
    add_column(s, "birth", LOTS_KIND_DATE, LOTS_ROLE_BIRTH, NULL);
    add_column(s, "sex", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "sex");
    add_contacts(f);
    assert_ok(lots_schema_add_stream(&f->schema, "labs", &s, &err));
    s->undated = true;
    add_column(s, "id", LOTS_KIND_TEXT, LOTS_ROLE_KEY, NULL);
    add_column(s, "test", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "test");
    add_column(s, "value", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL);
    assert_ok(lots_schema_add_stream(&f->schema, "drugs", &s, &err));
    add_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    add_column(s, "end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL);
    add_column(s, "atc", LOTS_KIND_CODE, LOTS_ROLE_NONE, NULL);
    add_column(s, "packs", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL);
    assert_ok(lots_schema_add_stream(&f->schema, "empty", &s, &err));
    add_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    add_column(s, "kind", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "test");
    f->codes = make_dictionary("icd10\x1fI%03u", 400);
    f->domains[SEX] = make_dictionary("s%u", 2);
    f->domains[LEVEL] = make_levels();
    f->domains[UNIT] = make_dictionary("unit%u", 300);
    f->domains[TEST] = make_dictionary("t%u", 9);
    static const char *const names[DOMAINS] = {"sex", "level", "unit", "test"};
    for (int i = 0; i < DOMAINS; i++) {
        f->domain_names[i] = names[i];
        f->domain_list[i] = f->domains[i];
    }
}

static inline void fixture_close(fixture *f)
{
    lots_schema_free(&f->schema);
    lots_dictionary_close(f->codes);
    for (int i = 0; i < DOMAINS; i++)
        lots_dictionary_close(f->domains[i]);
}

static inline lots_segment_dictionaries fixture_dictionaries(const fixture *f)
{
    return (lots_segment_dictionaries){f->codes, f->domain_list, f->domain_names, DOMAINS};
}

static inline const lots_dictionary *dictionary_of(const fixture *f, const lots_column *column)
{
    if (column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES)
        return f->codes;
    for (int i = 0; i < DOMAINS; i++)
        if (column->kind == LOTS_KIND_CATEGORY && strcmp(f->domain_names[i], column->domain) == 0)
            return f->domains[i];
    return NULL;
}

static inline void open_batch(const fixture *f, int stream, lots_batch *out)
{
    lots_error err;
    assert_ok(lots_batch_open(out, f->schema.streams[stream].columns, f->schema.streams[stream].column_count, &err));
}

static inline void put_random_text(fixture *f, lots_batch *batch, uint32_t column, uint64_t spread)
{
    lots_error err;
    char text[32];
    int bytes = snprintf(text, sizeof text, "%llu", (unsigned long long)below(f, spread));
    if (below(f, 8) == 0)
        bytes = snprintf(text, sizeof text, "k%llu", (unsigned long long)below(f, spread));
    assert_ok(lots_batch_put_text(batch, column, text, (size_t)bytes, &err));
}

static inline void put_random(fixture *f, lots_batch *batch, uint32_t index, uint64_t spread)
{
    lots_error err;
    const lots_column *column = &batch->schema[index];
    const lots_dictionary *dictionary = dictionary_of(f, column);
    uint64_t ids = dictionary != NULL ? lots_dictionary_count(dictionary) : 0;
    static const double floats[] = {0.0, -0.0, 1.5, -3.25, 1e300, 0.1};
    switch (column->kind) {
    case LOTS_KIND_BOOL:
        assert_ok(lots_batch_put_int(batch, index, (int64_t)below(f, 2), &err));
        break;
    case LOTS_KIND_INT:
        assert_ok(lots_batch_put_int(batch, index, (int64_t)below(f, spread), &err));
        break;
    case LOTS_KIND_DECIMAL:
        assert_ok(lots_batch_put_int(batch, index, (int64_t)below(f, spread * 100) - 50, &err));
        break;
    case LOTS_KIND_DATE:
        assert_ok(lots_batch_put_int(batch, index, 15000 + (int64_t)below(f, spread), &err));
        break;
    case LOTS_KIND_FLOAT:
        assert_ok(lots_batch_put_float(batch, index, floats[below(f, sizeof floats / sizeof *floats)], &err));
        break;
    case LOTS_KIND_CATEGORY:
    case LOTS_KIND_CODE:
        assert_ok(lots_batch_put_int(batch, index, (int64_t)below(f, ids < spread ? ids : spread), &err));
        break;
    case LOTS_KIND_TEXT:
        put_random_text(f, batch, index, spread);
        break;
    case LOTS_KIND_CODES:
        for (uint64_t n = below(f, 4); n > 0; n--)
            assert_ok(lots_batch_put_item(batch, index, (lots_id)below(f, ids < spread ? ids : spread), &err));
        break;
    case LOTS_KIND_COUNT:
        break;
    }
}

/* One row with random values; a start always, others missing one time in six. `spread` small: many ties. */
static inline void add_random_row(fixture *f, lots_batch *batch, lots_patient patient, uint64_t spread)
{
    lots_error err;
    assert_ok(lots_batch_row_begin(batch, patient, &err));
    int64_t start = 15000 + (int64_t)below(f, spread * 3);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        lots_role role = batch->schema[i].role;
        if (role == LOTS_ROLE_START)
            assert_ok(lots_batch_put_int(batch, i, start, &err));
        else if (role == LOTS_ROLE_END && below(f, 3) > 0)
            assert_ok(lots_batch_put_int(batch, i, start + (int64_t)below(f, 3), &err));
        else if (role != LOTS_ROLE_END && role != LOTS_ROLE_GHOST && below(f, 6) > 0)
            put_random(f, batch, i, spread);
    }
    assert_ok(lots_batch_row_end(batch, &err));
}

static inline void find_domains(const fixture *f, int stream, const lots_dictionary **domains)
{
    const lots_stream *s = &f->schema.streams[stream];
    for (uint32_t i = 0; i < s->column_count; i++)
        domains[i] = s->columns[i].kind == LOTS_KIND_CATEGORY ? dictionary_of(f, &s->columns[i]) : NULL;
}

static inline void settle(const fixture *f, int stream, const lots_batch *batch, lots_batch *out)
{
    lots_error err;
    const lots_dictionary *domains[LOTS_COLUMNS_MAX];
    lots_settle_counts counts;
    find_domains(f, stream, domains);
    lots_order_context context = {.stream = &f->schema.streams[stream], .codes = f->codes, .domains = domains,
                                  .covered_until = LOTS_DAY_MAX};
    assert_ok(lots_order_settle(&context, batch, NULL, out, &counts, &err));
}

static inline void assert_same_bytes(const void *a, const void *b, size_t bytes)
{
    if (bytes > 0)
        assert_memory_equal(a, b, bytes);
}

/* All rows, values, offsets and missing flags. */
static inline void assert_same_batch(const lots_batch *a, const lots_batch *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->column_count, b->column_count);
    assert_int_equal(a->patient.count, b->patient.count);
    assert_same_bytes(a->patient.data, b->patient.data, a->patient.count * sizeof(lots_patient));
    for (uint32_t i = 0; i < a->column_count; i++) {
        const lots_batch_column *x = &a->columns[i], *y = &b->columns[i];
        assert_int_equal(x->values.count, y->values.count);
        assert_int_equal(x->offsets.count, y->offsets.count);
        assert_int_equal(x->missing.count, y->missing.count);
        assert_same_bytes(x->values.data, y->values.data, x->values.count * x->values.item_size);
        assert_same_bytes(x->offsets.data, y->offsets.data, x->offsets.count * sizeof(uint32_t));
        assert_same_bytes(x->missing.data, y->missing.data, x->missing.count);
    }
}

/* Random order of 0..count-1; free it. */
static inline uint32_t *shuffled(fixture *f, uint32_t count)
{
    uint32_t *order = calloc((size_t)count + 1, sizeof *order);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = (uint32_t)below(f, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    return order;
}

#endif
