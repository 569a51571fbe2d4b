/* hand_chart.h: results made by hand, to be drawn: a column t, then k, n, g, all INT; a cell of HIDDEN or MISSING is so.
 * Includers: test_chart.c, test_plot.c. */
#ifndef LOTS_TEST_HAND_CHART_H
#define LOTS_TEST_HAND_CHART_H

#include "core/base/vec.h"
#include "query/exec/chart.h"
#include "query/exec/evidence.h"
#include "tests/support/lots_test.h"

enum { HIDDEN = -1000001, MISSING = -1000002 };

typedef struct hand {
    lots_result result;
    lots_arena scratch;
    lots_vec notes;
    lots_named_expr columns[4];
    lots_expr values[4];
    lots_bound_chart chart;
    lots_bound_pipeline pipeline;
} hand;

static inline void open_hand(hand *h, lots_chart_kind kind, uint32_t columns, uint32_t rows, const int64_t *cells)
{
    static const char *const names[] = {"t", "k", "n", "g"};
    lots_error err;
    memset(h, 0, sizeof *h);
    lots_arena_init(&h->result.arena, 0);
    lots_arena_init(&h->scratch, 0);
    h->notes = LOTS_VEC(const char *);
    void *made = NULL;
    assert_ok(lots_arena_alloc(&h->result.arena, &made, columns, sizeof(lots_result_column), &err));
    h->result.columns = made;
    h->result.column_count = columns;
    h->result.rows = rows;
    h->result.min_cell = 5;
    for (uint32_t c = 0; c < columns; c++) {
        lots_result_column *column = &h->result.columns[c];
        void *marks = NULL;
        *column = (lots_result_column){.name = names[c], .type = {.kind = LOTS_TYPE_INT}};
        assert_ok(lots_vector_new(&h->result.arena, &column->type, rows, &column->values, &err));
        assert_ok(lots_vector_want_missing(&h->result.arena, &column->values, &err));
        assert_ok(lots_arena_alloc(&h->result.arena, &marks, rows, 1, &err));
        for (uint32_t row = 0; row < rows; row++) {
            int64_t cell = cells[row * columns + c];
            bool gone = cell == HIDDEN || cell == MISSING;
            ((int64_t *)column->values.data)[row] = gone ? 0 : cell;
            if (gone)
                lots_bit_set(column->values.missing, row);
            ((uint8_t *)marks)[row] = cell == HIDDEN ? LOTS_MARK_SMALL : LOTS_MARK_SHOWN;
        }
        column->marks = marks;
        h->columns[c] = (lots_named_expr){.name = names[c], .value = &h->values[c]};
    }
    h->chart = (lots_bound_chart){.kind = kind, .x = 0, .y = 1, .n = LOTS_CHART_NONE, .by = LOTS_CHART_NONE};
    if (kind == LOTS_CHART_PCHART || kind == LOTS_CHART_FUNNEL)
        h->chart.n = 2;
    h->pipeline = (lots_bound_pipeline){.columns = h->columns, .column_count = columns, .chart = &h->chart};
}

static inline lots_status make(hand *h, lots_error *err)
{
    lots_error_clear(err);
    return lots_chart_make(&h->pipeline, &h->result, NULL, &h->scratch, &h->notes, err);
}

static inline void close_hand(hand *h)
{
    lots_vec_free(&h->notes);
    lots_arena_free(&h->scratch);
    lots_result_free(&h->result);
}

#endif
