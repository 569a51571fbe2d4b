/* exec_fixture.h: queries run on a small random registry (exec_world.h) stage by stage, and what they give row by row, for
 * the tests of the evaluator. Included by test programs only; each gets its own copy. */
#ifndef LOTS_EXEC_FIXTURE_H
#define LOTS_EXEC_FIXTURE_H

#include "query/exec/eval.h"
#include "query/lang/bound.h"
#include "tests/query/exec/exec_world.h"

enum { ITEMS_MAX = 24 };

typedef struct cell {
    bool missing;
    int64_t i, i2;
    double f;
    char text[64];
    uint32_t set_count;
    int64_t set[64];
} cell;

typedef struct answer {
    uint32_t rows, room;
    uint32_t items;
    uint32_t *patient;
    cell *cells; /* row by row, items each */
    lots_work work;
} answer;

static inline int64_t whole_at(lots_type_kind kind, const void *data, uint32_t at)
{
    if (kind == LOTS_TYPE_BOOL)
        return lots_bit_get(data, at);
    if (kind == LOTS_TYPE_DATE || kind == LOTS_TYPE_INTERVAL)
        return ((const int32_t *)data)[at];
    return lots_type_bytes(kind) == 4 ? ((const uint32_t *)data)[at] : ((const int64_t *)data)[at];
}

static inline void read_cell(const lots_vector *v, uint32_t row, cell *out)
{
    memset(out, 0, sizeof *out);
    out->missing = lots_vector_is_missing(v, row);
    if (out->missing)
        return;
    const uint32_t at = v->constant ? 0 : row;
    if (v->type.kind == LOTS_TYPE_SET) {
        for (uint32_t k = v->offsets[at]; k < v->offsets[at + 1]; k++)
            if (v->type.element != LOTS_TYPE_TEXT)
                out->set[out->set_count++] = whole_at(v->type.element, v->data, k);
            else
                out->set[out->set_count++] = ((const lots_text *)v->data)[k].text[1];
        return;
    }
    if (v->type.kind == LOTS_TYPE_TEXT) {
        const lots_text *text = (const lots_text *)v->data + at;
        snprintf(out->text, sizeof out->text, "%.*s", (int)text->bytes, text->text);
    } else if (v->type.kind == LOTS_TYPE_FLOAT) {
        out->f = ((const double *)v->data)[at];
    } else {
        out->i = whole_at(v->type.kind, v->data, at);
        out->i2 = v->data2 != NULL ? v->data2[at] : 0;
    }
}

static inline void collect_rows(lots_worker *worker, const lots_instance *rows, const lots_vector *values,
                                uint32_t items, answer *out)
{
    lots_error err;
    const uint32_t *patients;
    assert_ok(lots_rows_patients(worker, rows, &patients, &err));
    out->items = items;
    out->patient = realloc(out->patient, (out->rows + rows->count + 1) * sizeof(uint32_t));
    out->cells = realloc(out->cells, ((size_t)out->rows + rows->count + 1) * (items + 1) * sizeof(cell));
    for (uint32_t r = 0; r < rows->count; r++) {
        out->patient[out->rows] = lots_worker_first_patient(worker) + patients[r];
        for (uint32_t i = 0; i < items; i++)
            read_cell(&values[i], r, &out->cells[(size_t)out->rows * items + i]);
        out->rows++;
    }
}

static inline lots_status run_chunk(lots_worker *worker, const lots_bound_pipeline *pipeline, lots_vector *values,
                                    uint32_t *items, lots_instance **out, lots_error *err)
{
    lots_instance *rows;
    LOTS_TRY(lots_rows_begin(worker, pipeline, &rows, err));
    *items = 0;
    for (uint32_t s = 0; s < pipeline->stage_count; s++) {
        const lots_bound_stage *stage = &pipeline->stages[s];
        if (stage->kind == LOTS_STAGE_WHERE) {
            uint64_t *keep;
            LOTS_TRY(lots_eval_true(worker, stage->where, rows, &keep, err));
            LOTS_TRY(lots_rows_filter(worker, rows, keep, &rows, err));
            continue;
        }
        if (stage->kind != LOTS_STAGE_DERIVE || stage->items[0].value->op == LOTS_OP_PATIENT_ID)
            continue; /* the columns shown when the query says none */
        for (uint32_t i = 0; i < stage->item_count; i++) {
            if (stage->items[i].value->type.kind == LOTS_TYPE_EVENTS)
                continue;
            assert_true(*items < ITEMS_MAX);
            LOTS_TRY(lots_eval(worker, stage->items[i].value, rows, &values[*items], err));
            if (stage->items[i].slot != UINT32_MAX)
                rows->slots[stage->items[i].slot] = values[*items];
            ++*items;
        }
    }
    *out = rows;
    return LOTS_OK;
}

static inline void answer_free(answer *a)
{
    free(a->patient);
    free(a->cells);
    memset(a, 0, sizeof *a);
}

/* The derived items of a query `from …`, for every row that its conditions leave. */
static inline lots_status world_try(world *w, const char *text, answer *out, lots_error *err)
{
    lots_arena arena;
    lots_sources sources;
    lots_query *query;
    lots_worker *worker;
    const lots_bind_options options = {0};
    memset(out, 0, sizeof *out);
    lots_arena_init(&arena, 0);
    lots_status status = lots_query_bind(w->registry, text, strlen(text), "test", &options, &arena, &sources, &query, err);
    if (status != LOTS_OK) {
        lots_arena_free(&arena);
        return status;
    }
    status = lots_worker_open(&worker, query, 0, NULL, err);
    for (uint32_t s = 0; status == LOTS_OK && s < lots_registry_segments(w->registry); s++) {
        lots_segment *segment;
        assert_int_equal(lots_registry_segment(w->registry, s, &segment, err), LOTS_OK);
        for (uint32_t c = 0; status == LOTS_OK && c < lots_segment_chunks(segment); c++) {
            const lots_instance *patients;
            lots_vector values[ITEMS_MAX];
            lots_instance *rows = NULL;
            uint32_t items = 0;
            const bool may = lots_worker_may_have_rows(worker, &query->pipelines[0], s, c);
            status = lots_worker_begin(worker, s, c, &patients, err);
            if (status == LOTS_OK)
                status = run_chunk(worker, &query->pipelines[0], values, &items, &rows, err);
            if (status == LOTS_OK && !may && rows->count > 0)
                fail_msg("a chunk was called empty and has %u rows: %s", rows->count, text);
            if (status == LOTS_OK)
                collect_rows(worker, rows, values, items, out);
        }
    }
    out->work = *lots_worker_work(worker);
    lots_worker_close(worker);
    lots_arena_free(&arena);
    return status;
}

static inline answer world_ask(world *w, const char *text)
{
    answer out;
    lots_error err = {0};
    const lots_status status = world_try(w, text, &out, &err);
    if (status != LOTS_OK)
        fail_msg("%s: %s (%s)\nat %d..%d of: %s", lots_status_name(status), err.text, err.hint, (int)err.at,
                 (int)err.at_end, text);
    return out;
}

static inline const cell *cell_at(const answer *a, uint32_t row, uint32_t item)
{
    return &a->cells[(size_t)row * a->items + item];
}

#endif
