/* why.c: a person found, and followed through a run that is looked on (observe.h). See why.h. */
#include <inttypes.h>

#include "core/base/memory.h"
#include "query/exec/protect.h"
#include "query/exec/reach.h"
#include "query/exec/value.h"
#include "query/exec/worker.h"
#include "query/plan/stage_words.h"
#include "query/plan/why_inner.h"

/* ---- who ---- */

lots_status lots_why_find(lots_registry *registry, const char *id, lots_patient *out, lots_error *err)
{
    for (uint32_t s = 0; s < lots_registry_segments(registry); s++) {
        lots_identity *identity = NULL;
        uint32_t found = UINT32_MAX;
        LOTS_TRY(lots_registry_identity(registry, s, &identity, err));
        lots_status status = lots_identity_find(identity, id, strlen(id), &found, err);
        lots_identity_close(identity);
        LOTS_TRY(status);
        if (found == UINT32_MAX)
            continue;
        *out = lots_registry_segment_first(registry, s) + found;
        return LOTS_OK;
    }
    lots_fail(err, LOTS_USAGE, "nobody in this registry has the id '%s'", id);
    lots_error_hint(err, "write it as the registry has it: `from patients` shows ids");
    return LOTS_USAGE;
}

static lots_status find_chunk(walk *w, lots_patient patient, lots_chunk_place *place)
{
    uint32_t number = 0;
    for (uint32_t s = 0; s < lots_registry_segments(w->query->registry); s++) {
        lots_segment *segment = NULL;
        LOTS_TRY(lots_registry_segment(w->query->registry, s, &segment, w->err));
        lots_patient first = lots_registry_segment_first(w->query->registry, s);
        for (uint32_t c = 0; c < lots_segment_chunks(segment); c++, number++) {
            if (patient < first + lots_segment_chunk_first(segment, c) ||
                patient >= first + lots_segment_chunk_first(segment, c + 1))
                continue;
            w->chunk = number;
            *place = (lots_chunk_place){s, c, first + lots_segment_chunk_first(segment, c)};
            w->patient = patient - place->first;
            return LOTS_OK;
        }
    }
    return lots_fail(w->err, LOTS_USAGE, "there is no patient number %" PRIu32, patient);
}

static lots_status refuse_protected(walk *w, const lots_chunk_place *place)
{
    lots_patient patient = place->first + w->patient;
    const lots_rowset one = {.count = 1, .patient = &patient};
    uint64_t *keep = NULL;
    uint32_t left_out = 0;
    LOTS_TRY(lots_protect_rows(w->query->registry, place, 1, &one, &w->out->arena, &keep, &left_out, w->err));
    if (left_out == 0)
        return LOTS_OK;
    return lots_fail(w->err, LOTS_REFUSED, "this person is protected, or wants no contact, and is left out of all lists");
}

/* Here a person is named, whatever the question shows. */
static lots_status refuse_streams(walk *w)
{
    lots_reach reach;
    LOTS_TRY(lots_reach_pipeline(w->query, w->pipeline, &reach, w->err));
    for (uint32_t s = 0; s < w->schema->stream_count; s++)
        if (w->schema->streams[s].no_identity && (reach.streams >> s & 1) != 0)
            return lots_fail(w->err, LOTS_REFUSED, "'%s' may be counted but not used to name a person, and this question "
                                                   "looks at it", w->schema->streams[s].name);
    if (w->pipeline->nobody || (w->pipeline->stage_count > 0 && w->pipeline->stages[0].kind == LOTS_STAGE_TABLE))
        return lots_fail(w->err, LOTS_REFUSED, "the rows of this question are about nobody: there is no way to follow");
    return LOTS_OK;
}

/* ---- lines ---- */

lots_status why_line(walk *w, uint32_t depth, const char *kind, lots_line **out)
{
    return lots_outline_put(w->out, depth, w->stage, kind, &w->text, out, w->err);
}

lots_status why_value(walk *w, const lots_vector *vector, uint32_t row, const char **out)
{
    lots_bytes text = {0};
    lots_status status = LOTS_OK;
    if (vector->type.kind == LOTS_TYPE_MISSING || lots_vector_is_missing(vector, row))
        status = lots_bytes_printf(&text, w->err, "missing");
    else
        status = lots_value_append(w->schema, vector, row, " ", &text, w->err);
    if (status == LOTS_OK && vector->type.kind == LOTS_TYPE_SET && text.count == 0)
        status = lots_bytes_printf(&text, w->err, "()");
    if (status == LOTS_OK)
        status = lots_outline_text(w->out, &text, out, w->err);
    lots_bytes_free(&text);
    return status;
}

lots_status why_row_line(walk *w, const why_sight *sight, uint32_t index, const char *value, uint32_t *depth)
{
    lots_line *line = NULL;
    uint32_t name = sight->name[index];
    if (name >= w->rows.count)
        return LOTS_OK;
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "%s", LOTS_AT(why_row, &w->rows, name).text));
    LOTS_TRY(why_line(w, *depth, "row", &line));
    line->row = (int64_t)name + 1;
    line->value = value;
    ++*depth;
    return LOTS_OK;
}

/* ---- the person's rows ---- */

static uint32_t name_of(const walk *w, uint32_t relation_row)
{
    for (size_t i = 0; i < w->rows.count; i++)
        if (LOTS_AT(why_row, &w->rows, i).relation_row == relation_row)
            return (uint32_t)i;
    return UINT32_MAX;
}

/* Out of a chunk: the rows of one patient as an instance of their own. */
static lots_status rows_in_chunk(walk *w, const lots_sight *sight, why_sight *out)
{
    const uint32_t *patient = NULL;
    void *keep = NULL, *row = NULL, *name = NULL;
    lots_instance *own = NULL;
    lots_arena *arena = lots_worker_arena(sight->worker);
    LOTS_TRY(lots_rows_patients(sight->worker, sight->rows, &patient, w->err));
    LOTS_TRY(lots_arena_alloc(arena, &keep, lots_bit_words(sight->rows->count) + 1, sizeof(uint64_t), w->err));
    for (uint32_t i = 0; i < sight->rows->count; i++)
        if (patient[i] == w->patient)
            lots_bit_set(keep, i);
    LOTS_TRY(lots_rows_filter(sight->worker, sight->rows, keep, &own, w->err));
    LOTS_TRY(lots_arena_alloc(arena, &row, own->count, sizeof(uint32_t), w->err));
    LOTS_TRY(lots_arena_alloc(arena, &name, own->count, sizeof(uint32_t), w->err));
    for (uint32_t i = 0; i < own->count; i++) {
        ((uint32_t *)row)[i] = i;
        ((uint32_t *)name)[i] = w->pipeline->relation == UINT32_MAX ? UINT32_MAX : name_of(w, own->relation_row[i]);
    }
    *out = (why_sight){sight->worker, own, row, name, own->count, true};
    return LOTS_OK;
}

/* In memory: all rows as a table, and which of them are the person's. */
static lots_status rows_in_memory(walk *w, const lots_sight *sight, why_sight *out)
{
    const lots_rowset *all = sight->memory;
    void *row = NULL, *name = NULL;
    lots_instance *rows = NULL;
    LOTS_TRY(lots_worker_begin_table(sight->worker, w->err));
    LOTS_TRY(lots_rows_table(sight->worker, all->frame, all->slots, all->slot_count, all->count, &rows, w->err));
    LOTS_TRY(lots_arena_alloc(&w->out->arena, &row, all->count, sizeof(uint32_t), w->err));
    LOTS_TRY(lots_arena_alloc(&w->out->arena, &name, all->count, sizeof(uint32_t), w->err));
    *out = (why_sight){.worker = sight->worker, .rows = rows, .row = row, .name = name};
    const lots_patient patient = sight->chunks[w->chunk].first + w->patient;
    for (uint32_t i = 0; all->patient != NULL && i < all->count; i++) {
        if (all->patient[i] != patient)
            continue;
        ((uint32_t *)row)[out->count] = i;
        ((uint32_t *)name)[out->count++] = all->relation_row == NULL ? UINT32_MAX : name_of(w, all->relation_row[i]);
    }
    return LOTS_OK;
}

/* ---- the source ---- */

static lots_status count_source(walk *w, const lots_sight *sight, uint32_t *out)
{
    const lots_set *source = w->pipeline->source;
    lots_relation_rows *relation = NULL;
    const uint32_t *offsets = NULL, *elements = NULL;
    void *made = NULL;
    LOTS_TRY(lots_arena_alloc(lots_worker_arena(sight->worker), &made, 1, sizeof(lots_set), w->err));
    lots_set *whole = made;
    *whole = (lots_set){.relation = source->relation, .frame = source->frame, .event = source->event, .span = source->span};
    LOTS_TRY(lots_set_lists(sight->worker, whole, sight->rows->parent, &relation, &offsets, &elements, w->err));
    *out = offsets[w->patient + 1] - offsets[w->patient];
    return LOTS_OK;
}

static lots_status name_rows(walk *w, const lots_sight *sight, const lots_instance *own)
{
    lots_relation_rows *relation = NULL;
    LOTS_TRY(lots_relation_get(sight->worker, w->pipeline->relation, own, &relation, w->err));
    for (uint32_t i = 0; i < own->count; i++) {
        why_row row = {.relation_row = own->relation_row[i]};
        w->text.count = 0;
        LOTS_TRY(why_describe(w, sight->worker, relation, row.relation_row));
        LOTS_TRY(lots_outline_text(w->out, &w->text, &row.text, w->err));
        LOTS_TRY(lots_vec_push(&w->rows, &row, w->err));
    }
    return LOTS_OK;
}

static lots_status source_lines(walk *w, const lots_sight *sight)
{
    lots_words words = {w->query, w->pipeline, w->pipeline->row_frame};
    why_sight own;
    uint32_t all = 0;
    char *value = NULL;
    lots_line *line = NULL;
    LOTS_TRY(rows_in_chunk(w, sight, &own));
    w->stage = 0;
    if (w->pipeline->source != NULL) {
        LOTS_TRY(count_source(w, sight, &all));
        LOTS_TRY(name_rows(w, sight, own.rows));
        LOTS_TRY(lots_arena_printf(&w->out->arena, &value, w->err, "%" PRIu32 " of the person's %" PRIu32, own.count, all));
    }
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "from "));
    LOTS_TRY(w->pipeline->source != NULL ? lots_words_set(&words, w->pipeline->source, &w->text, w->err)
                                         : lots_bytes_printf(&w->text, w->err, "patients"));
    LOTS_TRY(why_line(w, 0, "source", &line));
    line->value = value;
    for (uint32_t i = 0; i < w->rows.count && i < LOTS_WHY_ROWS; i++) {
        w->text.count = 0;
        LOTS_TRY(lots_bytes_printf(&w->text, w->err, "%s", LOTS_AT(why_row, &w->rows, i).text));
        LOTS_TRY(why_line(w, 1, "row", &line));
        line->row = (int64_t)i + 1;
    }
    return LOTS_OK;
}

/* ---- the way ---- */

static lots_status answer_lines(walk *w, const why_sight *own)
{
    w->stage = LOTS_NONE;
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "in the answer"));
    LOTS_TRY(why_line(w, 0, "answer", NULL));
    for (uint32_t i = 0; i < own->count && i < LOTS_WHY_ROWS; i++) {
        uint32_t depth = 1;
        LOTS_TRY(why_row_line(w, own, i, NULL, &depth));
        for (uint32_t c = 0; c < w->pipeline->column_count; c++) {
            lots_vector values;
            lots_line *line = NULL;
            const char *value = NULL;
            LOTS_TRY(lots_eval(own->worker, w->pipeline->columns[c].value, own->rows, &values, w->err));
            LOTS_TRY(why_value(w, &values, own->row[i], &value));
            w->text.count = 0;
            LOTS_TRY(lots_bytes_printf(&w->text, w->err, "%s", w->pipeline->columns[c].name));
            LOTS_TRY(why_line(w, depth, "value", &line));
            line->value = value;
        }
    }
    return LOTS_OK;
}

static lots_status end_lines(walk *w)
{
    w->ended = true;
    w->stage = LOTS_NONE;
    w->text.count = 0;
    LOTS_TRY(lots_bytes_printf(&w->text, w->err, "not in the answer: nothing of this person is left"));
    return why_line(w, 0, "answer", NULL);
}

static lots_status see(void *context, const lots_sight *sight, lots_error *err)
{
    walk *w = context;
    why_sight own;
    if (sight->memory == NULL && sight->chunk != w->chunk)
        return LOTS_OK; /* another thread's: nothing of the walk is touched */
    if (w->ended || (sight->memory != NULL && sight->again))
        return LOTS_OK;
    w->err = err;
    if (sight->memory == NULL && sight->stage == 0)
        LOTS_TRY(source_lines(w, sight));
    LOTS_TRY(sight->memory != NULL ? rows_in_memory(w, sight, &own) : rows_in_chunk(w, sight, &own));
    w->left = own.count;
    if (own.count == 0)
        return end_lines(w);
    if (sight->ranked != NULL)
        return why_ranked(w, &own, sight->stage, sight->memory, sight->ranked);
    if (sight->stage == w->pipeline->stage_count)
        return answer_lines(w, &own);
    return why_stage(w, &own, sight->stage);
}

/* Does any stage look at other persons' rows before the answer, or before group by? */
static bool ranks(const lots_bound_pipeline *pipeline)
{
    for (uint32_t s = 0; s < pipeline->stage_count && pipeline->stages[s].kind != LOTS_STAGE_GROUP; s++)
        if (pipeline->stages[s].kind == LOTS_STAGE_TOP || pipeline->stages[s].kind == LOTS_STAGE_FUNCTIONS ||
            pipeline->stages[s].kind == LOTS_STAGE_LIMIT)
            return true;
    return false;
}

static lots_status follow(walk *w, const lots_run_options *options)
{
    lots_observer observer = {.context = w, .whole = true, .seen = see,
                              .only = ranks(w->pipeline) ? UINT32_MAX : w->chunk};
    lots_run_options looked_on = *options;
    lots_bound_pipeline rows = *w->pipeline;
    lots_result result;
    rows.into = NULL;
    w->pipeline = &rows;
    looked_on.guard_rows = false;
    looked_on.observer = &observer;
    lots_error *outer = w->err;
    lots_status status = lots_run_pipeline(w->query, &rows, &looked_on, &result, outer);
    w->err = outer;
    if (status == LOTS_OK)
        lots_result_free(&result);
    return status;
}

lots_status lots_why_make(const lots_query *query, const lots_bound_pipeline *pipeline, const lots_run_options *options,
                          lots_patient patient, lots_outline *out, uint64_t *rows, lots_error *err)
{
    walk w = {.query = query, .pipeline = pipeline, .schema = lots_registry_schema(query->registry), .out = out,
              .rows = LOTS_VEC(why_row), .err = err};
    lots_chunk_place place;
    lots_outline_open(out, 0);
    *rows = 0;
    lots_status status = find_chunk(&w, patient, &place);
    if (status == LOTS_OK)
        status = refuse_protected(&w, &place);
    if (status == LOTS_OK)
        status = refuse_streams(&w);
    if (status == LOTS_OK)
        status = follow(&w, options);
    *rows = w.left;
    lots_vec_free(&w.rows);
    lots_bytes_free(&w.text);
    return status;
}
