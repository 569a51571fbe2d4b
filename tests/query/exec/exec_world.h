/* exec_world.h: a small random registry, and what is in it as plain structs, for the tests of the evaluator. The structs are
 * read from the settled batches, before the store has packed them; the tests compute their answers from these with naive
 * loops. Included by test programs only; each gets its own copy. */
#ifndef LOTS_EXEC_WORLD_H
#define LOTS_EXEC_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/store/order.h"
#include "core/store/registry.h"
#include "tests/support/lots_test.h"
#include "tests/support/schema_parts.h"

enum { S_PATIENTS, S_CONTACTS, S_DRUGS, S_HOMES, S_COUNT };
enum { P_BIRTH, P_SEX, P_DEATH };
enum { C_START, C_MINUTE, C_END, C_LEVEL, C_UNIT, C_ACUTE, C_COST, C_WEIGHT, C_SIZE, C_DX, C_NOTE, C_GHOST };
enum { D_START, D_END, D_ATC };
enum { H_START, H_END, H_TOWN };
enum { D_SEX, D_LEVEL, D_UNIT, D_TOWN, D_COUNT };
enum { DX_MAX = 4, NONE = INT32_MIN };

typedef struct event { /* days, ranks of ids; NONE: missing */
    uint32_t patient;
    int32_t start, end, minute, level, unit, acute, town, atc;
    bool has_cost, has_weight, has_size, ghost;
    int64_t cost, size;
    double weight;
    uint32_t dx_count, dx[DX_MAX];
    char note[16];
} event;

typedef struct person {
    int32_t birth, death, sex;
    uint32_t first[S_COUNT], end[S_COUNT]; /* of its events of each stream */
} person;

typedef struct world {
    char directory[512], path[600];
    lots_schema schema;
    lots_dictionary *codes, *domains[D_COUNT];
    lots_registry *registry;
    person *people;
    uint32_t people_count, room;
    event *events[S_COUNT];
    uint32_t event_count[S_COUNT];
    uint64_t random;
    int32_t from, until; /* coverage */
} world;

static inline uint64_t below(world *w, uint64_t limit) { return lots_test_random(&w->random) % limit; }

/* ---- schema ---- */

static inline lots_dictionary *dictionary_of(const char *const *keys, unsigned count)
{
    lots_error err;
    lots_dictionary_builder *builder;
    lots_dictionary *out;
    assert_ok(lots_dictionary_builder_open(&builder, NULL, &err));
    for (unsigned i = 0; i < count; i++) {
        lots_id id;
        assert_ok(lots_dictionary_intern(builder, keys[i], strlen(keys[i]), &id, &err));
    }
    assert_ok(lots_dictionary_finish(builder, &out, NULL, &err));
    lots_dictionary_builder_close(builder);
    return out;
}

static inline void put_column(lots_stream *stream, const char *name, lots_kind kind, lots_role role, const char *domain)
{
    lots_error err;
    lots_column *column;
    assert_ok(lots_stream_add_column(stream, name, kind, &column, &err));
    column->role = role;
    column->scale = kind == LOTS_KIND_DECIMAL ? 2 : 0;
    if (domain != NULL)
        snprintf(kind == LOTS_KIND_CATEGORY ? column->domain : column->system, LOTS_NAME_MAX, "%s", domain);
}

static inline void world_schema(world *w)
{
    lots_error err;
    lots_stream *s;
    lots_code_system *system;
    assert_ok(lots_schema_add_system(&w->schema, "atc", LOTS_CODE_ATC, &system, &err));
    assert_ok(lots_schema_add_system(&w->schema, "icd10", LOTS_CODE_ICD10, &system, &err));
    assert_ok(lots_schema_add_stream(&w->schema, "patients", &s, &err));
    s->undated = true;
    put_column(s, "birth", LOTS_KIND_DATE, LOTS_ROLE_BIRTH, NULL);
    put_column(s, "sex", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "sex");
    put_column(s, "death", LOTS_KIND_DATE, LOTS_ROLE_DEATH, NULL);
    assert_ok(lots_schema_add_stream(&w->schema, "contacts", &s, &err));
    s->span = LOTS_SPAN_POINT;
    add_level(s, "emergency", 1, -1);
    add_level(s, "primary", 2, -1);
    add_level(s, "inpatient", 3, LOTS_SPAN_OPEN);
    put_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    put_column(s, "minute", LOTS_KIND_INT, LOTS_ROLE_MINUTE, NULL);
    put_column(s, "end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL);
    put_column(s, "level", LOTS_KIND_CATEGORY, LOTS_ROLE_LEVEL, "level");
    put_column(s, "unit", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "unit");
    put_column(s, "acute", LOTS_KIND_BOOL, LOTS_ROLE_NONE, NULL);
    put_column(s, "cost", LOTS_KIND_DECIMAL, LOTS_ROLE_NONE, NULL);
    put_column(s, "weight", LOTS_KIND_FLOAT, LOTS_ROLE_NONE, NULL);
    put_column(s, "amount", LOTS_KIND_INT, LOTS_ROLE_NONE, NULL);
    put_column(s, "dx", LOTS_KIND_CODES, LOTS_ROLE_NONE, "icd10");
    put_column(s, "note", LOTS_KIND_TEXT, LOTS_ROLE_NONE, NULL);
    put_column(s, "ghost", LOTS_KIND_BOOL, LOTS_ROLE_GHOST, NULL);
    assert_ok(lots_schema_add_stream(&w->schema, "drugs", &s, &err));
    s->span = LOTS_SPAN_CLOSED;
    put_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    put_column(s, "end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL);
    put_column(s, "atc", LOTS_KIND_CODE, LOTS_ROLE_NONE, "atc");
    assert_ok(lots_schema_add_stream(&w->schema, "homes", &s, &err));
    s->span = LOTS_SPAN_OPEN;
    put_column(s, "start", LOTS_KIND_DATE, LOTS_ROLE_START, NULL);
    put_column(s, "end", LOTS_KIND_DATE, LOTS_ROLE_END, NULL);
    put_column(s, "town", LOTS_KIND_CATEGORY, LOTS_ROLE_NONE, "town");
}

/* ranks: sex f m; level as below; unit u0..u7; town a b c; codes atc A.. C.., icd10 E.. I.. J.. in byte order */
static const char *const SEXES[] = {"f", "m"};
static const char *const LEVELS[] = {"emergency", "inpatient", "other", "primary"};
static const char *const UNITS[] = {"u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"};
static const char *const TOWNS[] = {"a", "b", "c"};
static const char *const CODES[] = {"atc\x1f" "A10BA02", "atc\x1f" "C07AB02", "atc\x1f" "C09AA05", "icd10\x1f" "E10",
                                    "icd10\x1f" "E119",  "icd10\x1f" "I10",   "icd10\x1f" "I50",   "icd10\x1f" "I501",
                                    "icd10\x1f" "J44",   "icd10\x1f" "J45"};
enum { ATC_FIRST = 0, ATC_COUNT = 3, ICD_FIRST = 3, ICD_COUNT = 7, CODE_COUNT = 10 };

static inline void world_open(world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->random = seed;
    w->from = lots_day_from_civil(2020, 1, 1);
    w->until = w->from + 500;
    lots_test_directory(w->directory);
    snprintf(w->path, sizeof w->path, "%s/r.lots", w->directory);
    world_schema(w);
    w->domains[D_SEX] = dictionary_of(SEXES, 2);
    w->domains[D_LEVEL] = dictionary_of(LEVELS, 4);
    w->domains[D_UNIT] = dictionary_of(UNITS, 8);
    w->domains[D_TOWN] = dictionary_of(TOWNS, 3);
    w->codes = dictionary_of(CODES, CODE_COUNT);
}

static inline void world_close(world *w)
{
    lots_error err;
    lots_registry_close(w->registry);
    lots_dictionary_close(w->codes);
    for (int i = 0; i < D_COUNT; i++)
        lots_dictionary_close(w->domains[i]);
    lots_schema_free(&w->schema);
    free(w->people);
    for (int s = 0; s < S_COUNT; s++)
        free(w->events[s]);
    assert_ok(lots_path_remove_tree(w->directory, &err));
}

/* ---- rows ---- */

static inline void put_id(lots_batch *batch, uint32_t column, const lots_dictionary *dictionary, uint64_t rank)
{
    lots_error err;
    assert_ok(lots_batch_put_int(batch, column, lots_dictionary_stable_of_rank(dictionary)[rank], &err));
}

static inline void random_contact(world *w, lots_batch *b, uint32_t patient, int32_t day)
{
    lots_error err;
    const uint64_t level = below(w, 4);
    assert_ok(lots_batch_row_begin(b, patient, &err));
    assert_ok(lots_batch_put_int(b, C_START, day, &err));
    if (below(w, 3) != 0)
        assert_ok(lots_batch_put_int(b, C_MINUTE, (int64_t)below(w, 3) * 60, &err));
    if (level == 1 && below(w, 6) != 0)
        assert_ok(lots_batch_put_int(b, C_END, day + (int64_t)below(w, 20), &err));
    if (below(w, 10) != 0)
        put_id(b, C_LEVEL, w->domains[D_LEVEL], level);
    if (below(w, 10) != 0)
        put_id(b, C_UNIT, w->domains[D_UNIT], below(w, 8));
    if (below(w, 10) != 0)
        assert_ok(lots_batch_put_int(b, C_ACUTE, (int64_t)below(w, 2), &err));
    if (below(w, 10) != 0)
        assert_ok(lots_batch_put_int(b, C_COST, (int64_t)below(w, 100000) - 20000, &err));
    if (below(w, 10) != 0)
        assert_ok(lots_batch_put_float(b, C_WEIGHT, (double)((int64_t)below(w, 2000) - 1000) / 7, &err));
    if (below(w, 4) != 0)
        assert_ok(lots_batch_put_int(b, C_SIZE, (int64_t)below(w, 12), &err));
    for (uint64_t n = below(w, DX_MAX + 1), i = 0; i < n; i++)
        assert_ok(lots_batch_put_item(b, C_DX, lots_dictionary_stable_of_rank(w->codes)[ICD_FIRST + below(w, ICD_COUNT)],
                                      &err));
    if (below(w, 4) != 0) {
        char note[16];
        const int bytes = snprintf(note, sizeof note, "n%u", (unsigned)below(w, 9));
        assert_ok(lots_batch_put_text(b, C_NOTE, note, (size_t)bytes, &err));
    }
    assert_ok(lots_batch_row_end(b, &err));
}

static inline void random_span(world *w, lots_batch *b, uint32_t patient, int32_t day, bool drug)
{
    lots_error err;
    assert_ok(lots_batch_row_begin(b, patient, &err));
    assert_ok(lots_batch_put_int(b, 0, day, &err));
    if (below(w, 5) != 0)
        assert_ok(lots_batch_put_int(b, 1, day + (int64_t)below(w, drug ? 40 : 200), &err));
    if (drug)
        put_id(b, D_ATC, w->codes, ATC_FIRST + below(w, ATC_COUNT));
    else
        put_id(b, H_TOWN, w->domains[D_TOWN], below(w, 3));
    assert_ok(lots_batch_row_end(b, &err));
}

static inline void random_person(world *w, lots_batch *b, uint32_t patient)
{
    lots_error err;
    assert_ok(lots_batch_row_begin(b, patient, &err));
    if (below(w, 10) != 0)
        assert_ok(lots_batch_put_int(b, P_BIRTH, w->from - (int64_t)below(w, 30000), &err));
    if (below(w, 10) != 0)
        put_id(b, P_SEX, w->domains[D_SEX], below(w, 2));
    if (below(w, 5) == 0)
        assert_ok(lots_batch_put_int(b, P_DEATH, w->from + 100 + (int64_t)below(w, 400), &err));
    assert_ok(lots_batch_row_end(b, &err));
}

/* A patient's events: on few days, so that ties and overlaps are many. */
static inline void random_patient(world *w, lots_batch *batches, uint32_t patient)
{
    const uint64_t kind = below(w, 8);
    const uint64_t contacts = kind == 0 ? 0 : kind == 1 ? 60 : below(w, 20);
    random_person(w, &batches[S_PATIENTS], patient);
    for (uint64_t i = 0; i < contacts; i++)
        random_contact(w, &batches[S_CONTACTS], patient, w->from + (int32_t)below(w, kind == 1 ? 40 : 400));
    for (uint64_t i = below(w, 6); i > 0; i--)
        random_span(w, &batches[S_DRUGS], patient, w->from + (int32_t)below(w, 300), true);
    for (uint64_t i = below(w, 4); i > 0; i--)
        random_span(w, &batches[S_HOMES], patient, w->from + (int32_t)below(w, 300), false);
}

/* ---- settling, and reading back ---- */

static inline const uint8_t *missing_of(const lots_batch *b, uint32_t column) { return b->columns[column].missing.data; }

static inline int32_t day_of(const lots_batch *b, uint32_t column, uint32_t row)
{
    return missing_of(b, column)[row] ? NONE : ((const int32_t *)b->columns[column].values.data)[row];
}

static inline int32_t rank_of(const lots_batch *b, uint32_t column, uint32_t row, const lots_dictionary *dictionary)
{
    if (missing_of(b, column)[row])
        return NONE;
    return (int32_t)lots_dictionary_rank_of_stable(dictionary)[((const uint32_t *)b->columns[column].values.data)[row]];
}

static inline void read_contact(const world *w, const lots_batch *b, uint32_t row, event *out)
{
    const int64_t *minutes = b->columns[C_MINUTE].values.data;
    const uint32_t *dx = b->columns[C_DX].offsets.data, *notes = b->columns[C_NOTE].offsets.data;
    out->minute = missing_of(b, C_MINUTE)[row] ? NONE : (int32_t)minutes[row];
    out->level = rank_of(b, C_LEVEL, row, w->domains[D_LEVEL]);
    out->unit = rank_of(b, C_UNIT, row, w->domains[D_UNIT]);
    out->acute = missing_of(b, C_ACUTE)[row] ? NONE : ((const uint8_t *)b->columns[C_ACUTE].values.data)[row];
    out->has_cost = !missing_of(b, C_COST)[row];
    out->cost = ((const int64_t *)b->columns[C_COST].values.data)[row];
    out->has_weight = !missing_of(b, C_WEIGHT)[row];
    out->weight = ((const double *)b->columns[C_WEIGHT].values.data)[row];
    out->has_size = !missing_of(b, C_SIZE)[row];
    out->size = ((const int64_t *)b->columns[C_SIZE].values.data)[row];
    for (uint32_t i = dx[row]; i < dx[row + 1]; i++)
        out->dx[out->dx_count++] =
            lots_dictionary_rank_of_stable(w->codes)[((const uint32_t *)b->columns[C_DX].values.data)[i]];
    const char *note = (const char *)b->columns[C_NOTE].values.data + notes[row];
    if (missing_of(b, C_NOTE)[row])
        strcpy(out->note, "-");
    else
        snprintf(out->note, sizeof out->note, "%.*s", (int)(notes[row + 1] - notes[row]), note);
    out->ghost = !missing_of(b, C_GHOST)[row] && ((const uint8_t *)b->columns[C_GHOST].values.data)[row] != 0;
}

static inline void read_back(world *w, int stream, const lots_batch *b)
{
    const uint32_t before = w->event_count[stream];
    w->events[stream] = realloc(w->events[stream], (before + b->rows + 1) * sizeof(event));
    memset(w->events[stream] + before, 0, (b->rows + 1) * sizeof(event));
    w->event_count[stream] += b->rows;
    for (uint32_t row = 0; row < b->rows; row++) {
        event *out = &w->events[stream][before + row];
        out->patient = ((const lots_patient *)b->patient.data)[row];
        out->start = day_of(b, 0, row);
        out->end = day_of(b, stream == S_CONTACTS ? C_END : 1, row);
        out->minute = out->level = NONE;
        if (stream == S_CONTACTS)
            read_contact(w, b, row, out);
        else if (stream == S_DRUGS)
            out->atc = rank_of(b, D_ATC, row, w->codes);
        else
            out->town = rank_of(b, H_TOWN, row, w->domains[D_TOWN]);
        person *who = &w->people[out->patient];
        if (who->first[stream] == who->end[stream])
            who->first[stream] = who->end[stream] = before + row;
        who->end[stream]++;
    }
}

static inline void settle(world *w, int stream, lots_batch *batch, lots_patient first, lots_day *death, lots_batch *out)
{
    lots_error err;
    lots_settle_counts counts;
    const lots_stream *schema = &w->schema.streams[stream];
    const lots_dictionary *domains[LOTS_COLUMNS_MAX] = {NULL};
    static const char *const names[D_COUNT] = {"sex", "level", "unit", "town"};
    for (uint32_t c = 0; c < schema->column_count; c++)
        for (int d = 0; d < D_COUNT; d++)
            if (schema->columns[c].kind == LOTS_KIND_CATEGORY && strcmp(schema->columns[c].domain, names[d]) == 0)
                domains[c] = w->domains[d];
    const lots_order_context context = {.stream = schema, .codes = w->codes, .domains = domains, .death = death,
                                        .first_patient = first, .covered_until = w->until};
    assert_ok(lots_order_settle(&context, batch, NULL, out, &counts, &err));
}

typedef void (*world_filler)(world *w, lots_batch *batches, uint32_t patient);

/* The next `count` patients, filled by `fill`, as a segment. */
static inline void world_add(world *w, lots_registry_writer *writer, uint32_t count, world_filler fill,
                             lots_manifest_entry *entry)
{
    static const char *const names[D_COUNT] = {"sex", "level", "unit", "town"};
    lots_error err;
    lots_batch raw[S_COUNT], settled[S_COUNT];
    const lots_batch *streams[S_COUNT];
    char *path, *identity;
    lots_segment_result result;
    const lots_patient first = w->people_count;
    w->people_count += count;
    w->people = realloc(w->people, w->people_count * sizeof(person));
    memset(w->people + first, 0, count * sizeof(person));
    lots_day *death = malloc(count * sizeof(lots_day));
    for (int s = 0; s < S_COUNT; s++)
        assert_ok(lots_batch_open(&raw[s], w->schema.streams[s].columns, w->schema.streams[s].column_count, &err));
    for (uint32_t p = first; p < w->people_count; p++)
        fill(w, raw, p);
    for (uint32_t i = 0; i < count; i++) {
        person *who = &w->people[first + i];
        who->birth = day_of(&raw[S_PATIENTS], P_BIRTH, i);
        who->death = day_of(&raw[S_PATIENTS], P_DEATH, i);
        who->sex = rank_of(&raw[S_PATIENTS], P_SEX, i, w->domains[D_SEX]);
        death[i] = who->death == NONE ? LOTS_DAY_MAX : who->death;
    }
    for (int s = 0; s < S_COUNT; s++) {
        streams[s] = s == S_PATIENTS ? &raw[s] : &settled[s];
        if (s == S_PATIENTS)
            continue;
        settle(w, s, &raw[s], first, death, &settled[s]);
        read_back(w, s, &settled[s]);
    }
    const lots_dictionary *domains[D_COUNT];
    for (int d = 0; d < D_COUNT; d++)
        domains[d] = w->domains[d];
    assert_ok(lots_registry_new_segment(writer, &entry->id, &path, &identity, &err));
    const lots_segment_input input = {.id = entry->id, .schema = &w->schema, .patients = count, .first_patient = first,
                                      .streams = streams, .codes = w->codes, .domains = domains, .domain_names = names,
                                      .domain_count = D_COUNT};
    assert_ok(lots_segment_write(path, &input, &result, &err));
    entry->patients = count;
    entry->events = result.events;
    entry->bytes = result.bytes;
    entry->hash = result.hash;
    lots_free(path);
    lots_free(identity);
    free(death);
    for (int s = 0; s < S_COUNT; s++) {
        lots_batch_close(&raw[s]);
        if (s != S_PATIENTS)
            lots_batch_close(&settled[s]);
    }
}

/* Segments of these sizes (ended by 0), published and opened. */
static inline void world_fill(world *w, const uint32_t *sizes, world_filler fill)
{
    static const char *const names[D_COUNT] = {"sex", "level", "unit", "town"};
    lots_error err;
    lots_registry_writer *writer;
    lots_registry *base;
    lots_manifest_entry entries[8];
    uint32_t count = 0;
    uint64_t generation;
    const lots_dictionary *domains[D_COUNT];
    for (int d = 0; d < D_COUNT; d++)
        domains[d] = w->domains[d];
    assert_ok(lots_registry_begin(&writer, w->path, true, &base, &err));
    for (; sizes[count] != 0; count++)
        world_add(w, writer, sizes[count], fill, &entries[count]);
    lots_coverage coverage[3] = {{.stream = "contacts"}, {.stream = "drugs"}, {.stream = "homes"}};
    for (int i = 0; i < 3; i++) {
        coverage[i].from = w->from;
        coverage[i].until = coverage[i].complete_until = w->until;
        coverage[i].extract = LOTS_DAY_MIN;
        coverage[i].declared = true;
    }
    const lots_generation_input input = {.schema = &w->schema, .codes = w->codes, .domains = domains,
                                         .domain_names = names, .domain_count = D_COUNT, .segments = entries,
                                         .segment_count = count, .coverage = coverage, .coverage_count = 3};
    assert_ok(lots_registry_publish(writer, &input, &generation, &err));
    lots_registry_end(writer);
    assert_ok(lots_registry_open(&w->registry, w->path, NULL, &err));
}

#endif
