/* cells.c: see cells.h. */
#include "query/exec/cells.h"

#include <string.h>

#include "query/exec/column.h"
#include "query/exec/key_day.h"

enum { NO_KEY = UINT32_MAX };

/* ---- the plan ---- */

/* Units that a patient's rows, which rise by day, never come back to. */
static bool is_unit(const lots_expr *key)
{
    return lots_key_of_day(key) && (key->op == LOTS_OP_YEAR_OF || key->op == LOTS_OP_QUARTER_OF || key->op == LOTS_OP_MONTH_OF ||
                                    key->op == LOTS_OP_WEEK_OF || key->op == LOTS_OP_YEAR);
}

static bool is_column(const lots_expr *expr, uint32_t frame) { return expr->op == LOTS_OP_COLUMN && expr->of_frame == frame; }

static bool take_key(const lots_stream *stream, const lots_relation *relation, const lots_expr *key,
                     uint32_t number, lots_cells_plan *plan)
{
    const bool unit = is_unit(key);
    const lots_expr *value = unit ? key->operands[0] : key;
    if (!is_column(value, plan->frame))
        return false;
    const uint32_t column = relation->columns[value->index].column;
    if (unit && plan->day_key == NO_KEY && lots_stream_find_role(stream, LOTS_ROLE_START) == (int32_t)column) {
        plan->day_key = number;
        plan->start = column;
        plan->unit = key->op;
        return true;
    }
    if (unit || plan->class_key != NO_KEY || key->type.kind != LOTS_TYPE_CATEGORY || key->type.dictionary == NULL ||
        lots_dictionary_count(key->type.dictionary) > LOTS_CLASSES_MAX)
        return false;
    plan->class_key = number;
    plan->column = column;
    plan->classes = lots_dictionary_count(key->type.dictionary);
    return plan->classes > 0;
}

bool lots_cells_plan_make(const lots_query *query, const lots_bound_stage *stage, lots_cells_plan *out)
{
    memset(out, 0, sizeof *out);
    out->day_key = out->class_key = NO_KEY;
    out->classes = 1;
    if (stage->key_count == 0 || stage->key_count > 2)
        return false;
    const lots_expr *first = lots_key_of_day(stage->keys[0].value) ? stage->keys[0].value->operands[0] : stage->keys[0].value;
    out->frame = first->of_frame;
    if (first->op != LOTS_OP_COLUMN || out->frame == LOTS_FRAME_PATIENT ||
        query->frames[out->frame].relation >= query->relation_count)
        return false;
    const lots_relation *relation = &query->relations[query->frames[out->frame].relation];
    if (relation->kind != LOTS_RELATION_STREAM)
        return false;
    const lots_stream *stream = &lots_registry_schema(query->registry)->streams[relation->stream];
    bool told = true;
    for (uint32_t i = 0; told && i < stage->key_count; i++)
        told = take_key(stream, relation, stage->keys[i].value, i, out);
    out->stream = relation->stream;
    return told;
}

/* ---- units ---- */

static int32_t unit_first(lots_op unit, int32_t day)
{
    int32_t last = 0;
    return (int32_t)lots_key_day_value(unit == LOTS_OP_YEAR ? LOTS_OP_YEAR_OF : unit, day, &last);
}

static int32_t unit_last(lots_op unit, int32_t day)
{
    int32_t last = 0;
    (void)lots_key_day_value(unit == LOTS_OP_YEAR ? LOTS_OP_YEAR_OF : unit, day, &last);
    return last;
}

/* A guess that is never too low, nor too high by more than one. */
static bool find_guess(lots_day_units *units, uint32_t days)
{
    uint32_t plus = 0;
    bool right = true;
    const uint32_t times = (uint32_t)((uint64_t)units->count * 65536 / days);
    for (uint32_t u = 1; u < units->count && times > 0; u++) {
        const uint32_t least = (u * 65536 + times - 1) / times; /* what it takes to be guessed as u */
        plus = least > units->first[u] && least - units->first[u] > plus ? least - units->first[u] : plus;
    }
    for (uint32_t u = 0; u < units->count; u++) {
        const uint32_t last = (u + 1 < units->count ? units->first[u + 1] : days) - 1;
        right = right && (uint64_t)(last + plus) * times >> 16 <= u + 1;
    }
    units->plus = (uint16_t)plus;
    units->times = (uint16_t)times;
    return right && times > 0 && times <= UINT16_MAX && days + plus < UINT16_MAX;
}

/* Units from that of one day to that of another. */
static bool make_units(lots_op unit, int32_t low, int32_t high, lots_day_units *out)
{
    int64_t day = unit_first(unit, low);
    *out = (lots_day_units){.low = (int32_t)day};
    memset(out->first, 0xff, sizeof out->first);
    while (day <= high) {
        if (out->count == LOTS_UNITS_MAX || day - out->low >= UINT16_MAX)
            return false;
        out->first[out->count++] = (uint16_t)(day - out->low);
        day = (int64_t)unit_last(unit, (int32_t)day) + 1;
    }
    return day - out->low < UINT16_MAX && find_guess(out, (uint32_t)(day - out->low));
}

/* Units of all days of the chunk, and of those before it. */
static bool reach_units(lots_cells_plan *plan, const lots_block_meta *days)
{
    lots_day_units *units = &plan->units, made;
    int64_t low = days->min, high = days->max;
    if (low < INT32_MIN / 2 || high > INT32_MAX / 2)
        return false;
    const int64_t end = units->count == 0 ? 0 : (int64_t)unit_last(plan->unit, units->low + units->first[units->count - 1]) + 1;
    if (units->count > 0 && low >= units->low && high < end)
        return true;
    low = units->count > 0 && units->low < low ? units->low : low;
    high = units->count > 0 && end - 1 > high ? end - 1 : high;
    if (!make_units(plan->unit, (int32_t)low, (int32_t)high, &made) || made.count * plan->classes > LOTS_CELLS_MAX)
        return false;
    *units = made;
    plan->renumbered = true;
    return true;
}

bool lots_cells_reach(const lots_worker *worker, lots_cells_plan *plan, uint32_t *count)
{
    *count = plan->classes;
    if (plan->day_key == NO_KEY)
        return true;
    const lots_block_meta *meta = lots_segment_meta(worker->segment, plan->stream, plan->start, LOTS_PART_VALUES, worker->chunk);
    const bool reached = meta->missing == 0 && reach_units(plan, meta);
    *count = plan->classes * plan->units.count;
    return reached;
}

/* ---- rows ---- */

typedef struct cell_maker {
    lots_worker *worker;
    const lots_cells_plan *plan;
    lots_arena *arena;
    uint32_t rows, plane_count;
    const uint64_t *planes[LOTS_CLASSES_MAX]; /* without a category one, of all rows */
    uint16_t numbers[LOTS_CLASSES_MAX];
} cell_maker;

/* The rows of each value of the category, which has at most LOTS_CLASSES_MAX. */
static lots_status find_planes(cell_maker *maker, bool *done, lots_error *err)
{
    uint64_t *all = NULL;
    const lots_worker *worker = maker->worker;
    const lots_cells_plan *plan = maker->plan;
    const uint64_t *masks[LOTS_CLASSES_MAX + 1];
    const lots_id *ranks = NULL;
    uint32_t ids = 0;
    *done = true;
    if (plan->class_key == NO_KEY) {
        LOTS_TRY(lots_new_bits(maker->arena, maker->rows, &all, err));
        lots_bits_fill(all, maker->rows, true);
        maker->planes[maker->plane_count++] = all;
        return LOTS_OK;
    }
    LOTS_TRY(lots_segment_ranks(worker->segment, plan->stream, plan->column, &ranks, &ids, err));
    LOTS_TRY(lots_segment_masks(worker->segment, plan->stream, plan->column, worker->chunk, &worker->streams[plan->stream].planes,
                                masks, done, maker->arena, err));
    for (uint32_t id = 0; *done && id < ids; id++) {
        if (masks[id] == NULL)
            continue;
        maker->planes[maker->plane_count] = masks[id];
        maker->numbers[maker->plane_count++] = (uint16_t)ranks[id];
    }
    return LOTS_OK;
}

/* Rows with which a patient or a unit begins. */
static void mark_starts(const cell_maker *maker, const uint32_t *offsets, const uint16_t *units, uint64_t *starts)
{
    if (units != NULL)
        maker->worker->kernels->changes_u16(units, maker->rows, starts);
    for (uint32_t p = 0; p < maker->worker->patients->count; p++)
        if (offsets[p] < maker->rows)
            lots_bit_set(starts, offsets[p]);
}

/* A person's first rows, and those that there aren't, are planes like those of the category. */
static lots_status place_rows(const cell_maker *maker, const uint16_t *units, const uint64_t *firsts, const uint64_t *present,
                              lots_cells *out, lots_error *err)
{
    const lots_kernels *kernels = maker->worker->kernels;
    const uint64_t *planes[LOTS_CELL_PLANES];
    uint16_t numbers[LOTS_CELL_PLANES];
    uint64_t *absent = NULL;
    uint32_t count = 0;
    void *places = NULL;
    for (; count < maker->plane_count; count++) {
        planes[count] = maker->planes[count];
        numbers[count] = (uint16_t)(2 * maker->numbers[count]);
    }
    planes[count] = firsts;
    numbers[count++] = 1;
    if (present != NULL) {
        LOTS_TRY(lots_new_bits(maker->arena, maker->rows, &absent, err));
        kernels->bits_not(present, maker->rows, absent);
        planes[count] = absent;
        numbers[count++] = (uint16_t)(2 * out->count);
    }
    LOTS_TRY(lots_arena_vector(maker->arena, &places, maker->rows, sizeof(uint16_t), err));
    kernels->cells_u16(units, (uint16_t)(2 * maker->plan->classes), planes, numbers, count, maker->rows, places);
    out->place = places;
    return LOTS_OK;
}

/* The unit of each row. */
static lots_status find_units(const cell_maker *maker, uint16_t *units, lots_error *err)
{
    const lots_cells_plan *plan = maker->plan;
    lots_worker *worker = maker->worker;
    const int64_t least = lots_segment_meta(worker->segment, plan->stream, plan->start, LOTS_PART_VALUES, worker->chunk)->min;
    const uint16_t *narrow = lots_segment_narrow_days(worker->segment, plan->stream, worker->chunk);
    const lots_vector *days = NULL;
    void *made = NULL;
    if (narrow == NULL) {
        LOTS_TRY(lots_stream_local(worker, plan->stream, plan->start, &days, err));
        LOTS_TRY(lots_arena_vector(maker->arena, &made, maker->rows, sizeof(uint16_t), err));
        worker->kernels->narrow_u16(days->data, maker->rows, (uint32_t)least, made);
        narrow = made;
    }
    worker->kernels->units_u16(&plan->units, narrow, (uint16_t)(least - plan->units.low), maker->rows, units);
    return LOTS_OK;
}

static lots_status make_cells(cell_maker *maker, const uint32_t *offsets, const uint64_t *present, lots_cells *out, lots_error *err)
{
    const lots_cells_plan *plan = maker->plan;
    const lots_kernels *kernels = maker->worker->kernels;
    uint64_t *starts = NULL, *firsts = NULL;
    void *units = NULL;
    LOTS_TRY(lots_arena_vector(maker->arena, &units, maker->rows, sizeof(uint16_t), err));
    LOTS_TRY(lots_new_bits(maker->arena, maker->rows, &starts, err));
    LOTS_TRY(lots_new_bits(maker->arena, maker->rows, &firsts, err));
    if (plan->day_key != NO_KEY)
        LOTS_TRY(find_units(maker, units, err));
    else
        memset(units, 0, maker->rows * sizeof(uint16_t));
    mark_starts(maker, offsets, plan->day_key != NO_KEY ? units : NULL, starts);
    kernels->first_bits(starts, maker->planes, maker->plane_count, present, lots_bit_words(maker->rows), firsts);
    return place_rows(maker, units, firsts, present, out, err);
}

lots_status lots_cells_find(lots_worker *worker, lots_cells_plan *plan, const uint32_t *offsets, const uint64_t *present,
                            lots_cells *out, bool *done, lots_error *err)
{
    cell_maker maker = {.worker = worker, .plan = plan, .arena = lots_worker_arena(worker)};
    *out = (lots_cells){.rows = worker->streams[plan->stream].rows};
    *done = false;
    maker.rows = out->rows;
    if (!lots_cells_reach(worker, plan, &out->count))
        return LOTS_OK;
    LOTS_TRY(find_planes(&maker, done, err));
    worker->work.rows += out->rows;
    return *done ? make_cells(&maker, offsets, present, out, err) : LOTS_OK;
}

int32_t lots_cells_day(const lots_cells_plan *plan, uint32_t cell)
{
    return plan->day_key == NO_KEY ? 0 : plan->units.low + plan->units.first[cell / plan->classes];
}

uint32_t lots_cells_class(const lots_cells_plan *plan, uint32_t cell) { return cell % plan->classes; }
