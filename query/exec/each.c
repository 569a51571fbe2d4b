/* each.c: see each.h. Every kind counts first, row by row, and then fills, so that all memory is asked for at once. */
#include "query/exec/each.h"

#include <string.h>

#include "core/base/day.h"
#include "query/exec/each_within.h"
#include "query/exec/worker.h"

#define ROWS_MAX ((uint64_t)1 << 31)
#define DAYS_MANY 65535 /* days that are numbered one by one: 179 years */

typedef struct maker {
    lots_worker *worker;
    lots_arena *arena;
    const lots_each *each;
    lots_vector value, high; /* flat */
    uint32_t rows;
    uint32_t *offsets;       /* rows + 1: where the new rows of each begin */
} maker;

/* ---- periods ---- */

static lots_day period_start(int period, lots_day day)
{
    lots_civil civil = lots_day_to_civil(day);
    switch (period) {
    case LOTS_PERIOD_DAY: return day;
    case LOTS_PERIOD_WEEK: return lots_day_week_start(day);
    case LOTS_PERIOD_MONTH: return lots_day_from_civil(civil.year, civil.month, 1);
    case LOTS_PERIOD_QUARTER: return lots_day_from_civil(civil.year, (civil.month - 1) / 3 * 3 + 1, 1);
    default: return lots_day_from_civil(civil.year, 1, 1);
    }
}

/* The first day of the period after the one that begins on `start`; beyond the calendar: LOTS_DAY_MAX. */
static lots_day period_next(int period, lots_day start)
{
    static const int months[] = {[LOTS_PERIOD_MONTH] = 1, [LOTS_PERIOD_QUARTER] = 3, [LOTS_PERIOD_YEAR] = 12};
    lots_day next = LOTS_DAY_MAX;
    if (period == LOTS_PERIOD_DAY || period == LOTS_PERIOD_WEEK) {
        lots_day days = period == LOTS_PERIOD_DAY ? 1 : 7;
        return start > LOTS_DAY_MAX - days ? LOTS_DAY_MAX : start + days;
    }
    return lots_day_add_months(start, months[period], &next) ? next : LOTS_DAY_MAX;
}

/* The first day of block `number` (from 0) of an interval that begins on `from`. */
static lots_day block_start(const lots_each *each, lots_day from, int64_t number)
{
    lots_day start = LOTS_DAY_MAX;
    int64_t day = from + number * each->days;
    if (each->months == 0)
        return day > LOTS_DAY_MAX ? LOTS_DAY_MAX : (lots_day)day;
    return lots_day_add_months(from, number * each->months, &start) ? start : LOTS_DAY_MAX;
}

/* Where the part after the one that begins on `start` begins. */
static lots_day next_start(const lots_each *each, lots_day from, lots_day start, int64_t number)
{
    return each->kind == LOTS_EACH_BLOCK ? block_start(each, from, number + 1)
                                         : period_next((int)each->period, period_start((int)each->period, start));
}

static lots_status count_periods(const maker *m, uint32_t row, uint64_t *out, lots_error *err)
{
    const lots_day from = ((const int32_t *)m->value.data)[row], to = m->value.data2[row];
    *out = 0;
    if (from > to)
        return LOTS_OK;
    if (from == LOTS_DAY_MIN || to == LOTS_DAY_MAX) {
        lots_status status = lots_ast_fail(err, m->each->value->span, "an interval without %s can't be divided",
                                           from == LOTS_DAY_MIN ? "a beginning" : "an end");
        lots_error_hint(err, "give both ends, as in registry.from .. registry.until");
        return status;
    }
    int64_t number = 0;
    for (lots_day start = from; start <= to; number++) {
        lots_day next = next_start(m->each, from, start, number);
        if (next <= start || next == LOTS_DAY_MAX) {
            number++;
            break;
        }
        start = next;
    }
    *out = (uint64_t)number;
    return LOTS_OK;
}

/* Mostly all rows have one interval: then its periods are worked out once. */
static bool same_interval(const maker *m, uint32_t row, uint32_t other)
{
    const int32_t *from = m->value.data, *to = m->value.data2;
    return from[row] == from[other] && to[row] == to[other] &&
           lots_vector_is_missing(&m->value, row) == lots_vector_is_missing(&m->value, other);
}

static void copy_periods(const maker *m, uint32_t row, lots_vector *out)
{
    const uint32_t from = m->offsets[row - 1], to = m->offsets[row], count = m->offsets[row + 1] - to;
    memcpy((int32_t *)out[0].data + to, (int32_t *)out[0].data + from, count * sizeof(int32_t));
    memcpy(out[0].data2 + to, out[0].data2 + from, count * sizeof(int32_t));
    memcpy((int64_t *)out[1].data + to, (int64_t *)out[1].data + from, count * sizeof(int64_t));
}

static void fill_periods(const maker *m, uint32_t row, lots_vector *out)
{
    const lots_day from = ((const int32_t *)m->value.data)[row], to = m->value.data2[row];
    lots_day start = from;
    if (row > 0 && same_interval(m, row, row - 1)) {
        copy_periods(m, row, out);
        return;
    }
    for (uint32_t at = m->offsets[row], number = 0; at < m->offsets[row + 1]; at++, number++) {
        lots_day next = next_start(m->each, from, start, number);
        ((int32_t *)out[0].data)[at] = start;
        out[0].data2[at] = next <= start || next == LOTS_DAY_MAX || next - 1 > to ? to : next - 1;
        ((int64_t *)out[1].data)[at] = (int64_t)number + 1;
        start = next;
    }
}

/* ---- elements, pairs, numbers ---- */

static bool is_periods(const lots_each *each)
{
    return each->kind != LOTS_EACH_ELEMENT && each->kind != LOTS_EACH_PAIR && each->kind != LOTS_EACH_NUMBER;
}

static uint32_t elements_of(const maker *m, uint32_t row)
{
    return m->value.offsets[row + 1] - m->value.offsets[row];
}

static lots_status count_row(const maker *m, uint32_t row, uint64_t *out, lots_error *err)
{
    uint64_t elements = 0;
    *out = 0;
    if (lots_vector_is_missing(&m->value, row) || (m->each->high != NULL && lots_vector_is_missing(&m->high, row)))
        return LOTS_OK;
    switch (m->each->kind) {
    case LOTS_EACH_ELEMENT: *out = elements_of(m, row); return LOTS_OK;
    case LOTS_EACH_PAIR:
        elements = elements_of(m, row);
        *out = elements < 2 ? 0 : elements * (elements - 1) / 2;
        return LOTS_OK;
    case LOTS_EACH_NUMBER: {
        int64_t low = ((const int64_t *)m->value.data)[row], high = ((const int64_t *)m->high.data)[row];
        *out = high < low ? 0 : (uint64_t)high - (uint64_t)low + 1;
        *out = *out == 0 && high >= low ? UINT64_MAX : *out; /* all numbers there are */
        return LOTS_OK;
    }
    default: return count_periods(m, row, out, err);
    }
}

static lots_status count_rows(maker *m, lots_error *err)
{
    uint64_t all = 0, more = 0;
    LOTS_TRY(lots_new_u32(m->arena, (size_t)m->rows + 1, &m->offsets, err));
    m->offsets[0] = 0;
    for (uint32_t row = 0; row < m->rows; row++) {
        if (row == 0 || !is_periods(m->each) || !same_interval(m, row, row - 1))
            LOTS_TRY(count_row(m, row, &more, err));
        if (more > ROWS_MAX || all + more > ROWS_MAX) {
            lots_ast_fail(err, m->each->value->span, "`each` would make more than %llu rows of %u",
                          (unsigned long long)ROWS_MAX, row + 1);
            return err != NULL ? err->status = LOTS_LIMIT : LOTS_LIMIT;
        }
        all += more;
        m->offsets[row + 1] = (uint32_t)all;
    }
    return LOTS_OK;
}

/* Which element of the set each new row has: for pairs the lower, and in `second` the higher. Sets are sorted, so that the
 * element before is the lower one. */
static void number_elements(const maker *m, uint32_t *first, uint32_t *second)
{
    for (uint32_t row = 0; row < m->rows; row++) {
        uint32_t at = m->offsets[row];
        if (at == m->offsets[row + 1])
            continue;
        const uint32_t begin = m->value.offsets[row], end = m->value.offsets[row + 1];
        for (uint32_t i = begin; i < end; i++) {
            if (second == NULL)
                first[at++] = i;
            for (uint32_t k = i + 1; second != NULL && k < end; k++, at++) {
                first[at] = i;
                second[at] = k;
            }
        }
    }
}

static lots_status fill_elements(const maker *m, lots_vector *out, lots_error *err)
{
    const uint32_t count = m->offsets[m->rows], all = m->value.offsets[m->rows];
    const bool pairs = m->each->kind == LOTS_EACH_PAIR;
    uint32_t *first = NULL, *second = NULL;
    lots_vector items = {.type = m->each->types[0], .count = all, .data = m->value.data};
    LOTS_TRY(lots_new_u32(m->arena, count, &first, err));
    if (pairs)
        LOTS_TRY(lots_new_u32(m->arena, count, &second, err));
    number_elements(m, first, second);
    LOTS_TRY(lots_vector_gather(m->arena, &items, first, count, &out[0], err));
    return pairs ? lots_vector_gather(m->arena, &items, second, count, &out[1], err) : LOTS_OK;
}

static lots_status fill(const maker *m, lots_vector *out, lots_error *err)
{
    if (m->each->kind == LOTS_EACH_ELEMENT || m->each->kind == LOTS_EACH_PAIR)
        return fill_elements(m, out, err);
    for (uint32_t i = 0; i < m->each->slot_count; i++)
        LOTS_TRY(lots_vector_new(m->arena, &m->each->types[i], m->offsets[m->rows], &out[i], err));
    for (uint32_t row = 0; row < m->rows; row++) {
        if (m->each->kind != LOTS_EACH_NUMBER) {
            fill_periods(m, row, out);
            continue;
        }
        int64_t number = ((const int64_t *)m->value.data)[row];
        for (uint32_t at = m->offsets[row]; at < m->offsets[row + 1]; at++)
            ((int64_t *)out[0].data)[at] = number++;
    }
    return LOTS_OK;
}

static lots_status flat_value(const maker *m, const lots_expr *expr, const lots_instance *rows, lots_vector *out,
                              lots_error *err)
{
    lots_vector value;
    LOTS_TRY(lots_eval(m->worker, expr, rows, &value, err));
    return lots_vector_flatten(m->arena, &value, out, err);
}

lots_status lots_each_make(lots_worker *worker, const lots_each *each, const lots_instance *rows, uint32_t **index,
                           uint32_t *count, lots_vector *out, lots_error *err)
{
    maker m = {.worker = worker, .arena = lots_instance_arena(worker, rows), .each = each, .rows = rows->count};
    LOTS_TRY(flat_value(&m, each->value, rows, &m.value, err));
    if (each->high != NULL)
        LOTS_TRY(flat_value(&m, each->high, rows, &m.high, err));
    LOTS_TRY(count_rows(&m, err));
    *count = m.offsets[m.rows];
    LOTS_TRY(lots_new_u32(m.arena, *count, index, err));
    worker->kernels->broadcast_index(m.offsets, m.rows, *index);
    worker->work.rows += *count;
    return fill(&m, out, err);
}

/* ---- periods of a constant interval ---- */

/* Which period holds each day. */
static lots_status number_days(lots_arena *arena, lots_periods *periods, lots_error *err)
{
    const int64_t days = (int64_t)periods->ends[periods->count - 1] - periods->starts[0] + 1;
    void *room = NULL;
    if (days > DAYS_MANY)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(arena, &room, (size_t)days + 2, sizeof(uint32_t), err));
    uint32_t *of_day = (uint32_t *)room + 1;
    for (uint32_t p = 0; p < periods->count; p++)
        for (int64_t day = periods->starts[p]; day <= periods->ends[p]; day++)
            of_day[day - periods->starts[0]] = p;
    of_day[-1] = UINT32_MAX;
    of_day[days] = periods->count;
    periods->of_day = of_day;
    return LOTS_OK;
}

lots_status lots_each_periods(const lots_each *each, lots_arena *arena, lots_periods *out, lots_error *err)
{
    const lots_constant *interval = &each->value->constant;
    uint32_t offsets[2] = {0, 0};
    uint64_t count = 0;
    memset(out, 0, sizeof *out);
    if (!is_periods(each) || each->value->op != LOTS_OP_CONSTANT || interval->missing ||
        interval->i == LOTS_DAY_MIN || interval->i2 == LOTS_DAY_MAX)
        return LOTS_OK;
    int32_t from = (int32_t)interval->i, to = (int32_t)interval->i2;
    maker m = {.arena = arena, .each = each, .rows = 1, .offsets = offsets};
    m.value = (lots_vector){.type = each->value->type, .count = 1, .data = &from, .data2 = &to};
    LOTS_TRY(count_periods(&m, 0, &count, err));
    if (count == 0 || count > DAYS_MANY)
        return LOTS_OK;
    lots_vector made[2];
    offsets[1] = (uint32_t)count;
    for (uint32_t i = 0; i < each->slot_count; i++)
        LOTS_TRY(lots_vector_new(arena, &each->types[i], offsets[1], &made[i], err));
    fill_periods(&m, 0, made);
    *out = (lots_periods){.starts = made[0].data, .ends = made[0].data2, .count = offsets[1]};
    return number_days(arena, out, err);
}

/* The `some` bytes that are there, over and over till `all` are. */
static void repeat(void *out, size_t some, size_t all)
{
    for (size_t more; some < all; some += more) {
        more = all - some < some ? all - some : some;
        memcpy((char *)out + some, out, more);
    }
}

static void repeat_days(const int32_t *days, const lots_periods *periods, uint32_t count, int32_t *out)
{
    memcpy(out, days, periods->count * sizeof *out);
    repeat(out, periods->count * sizeof *out, count * sizeof *out);
}

/* As lots_each_fill does. */
static void fill_numbers(const lots_periods *periods, const uint32_t *period, uint32_t count, int64_t *numbers)
{
    for (uint32_t i = 0; i < (period == NULL ? periods->count : count); i++)
        numbers[i] = (int64_t)(period == NULL ? i : period[i]) + 1;
    if (period == NULL)
        repeat(numbers, periods->count * sizeof *numbers, count * sizeof *numbers);
}

static bool is_cycle_of(const lots_cycle *cycle, const lots_periods *periods)
{
    const size_t bytes = periods->count * sizeof *periods->starts;
    return cycle->count == periods->count && memcmp(cycle->starts, periods->starts, bytes) == 0 &&
           memcmp(cycle->ends, periods->ends, bytes) == 0;
}

/* What rows that all have these periods are is the same in each chunk, but for how many there are: made once, and lent. NULL: they
 * are too many to be kept, or others are. */
static lots_status want_cycle(lots_worker *worker, const lots_periods *periods, uint32_t count, const lots_cycle **out,
                              lots_error *err)
{
    enum { KEPT = 1 << 16 };
    lots_cycle made = {.count = periods->count, .length = count + count / 4};
    const bool can = count >= periods->count && count <= KEPT &&
                     (worker->cycle.length == 0 || is_cycle_of(&worker->cycle, periods));
    *out = can ? &worker->cycle : NULL;
    if (!can || worker->cycle.length >= count)
        return LOTS_OK;
    LOTS_TRY(lots_new_i32(&worker->tables, made.length, &made.starts, err));
    LOTS_TRY(lots_new_i32(&worker->tables, made.length, &made.ends, err));
    LOTS_TRY(lots_new_u32(&worker->tables, made.length, &made.row, err));
    repeat_days(periods->starts, periods, made.length, made.starts);
    repeat_days(periods->ends, periods, made.length, made.ends);
    for (uint32_t i = 0; i < made.length; i++)
        made.row[i] = i / periods->count;
    worker->cycle = made;
    return LOTS_OK;
}

static lots_status fill_days(lots_worker *worker, const lots_periods *periods, const uint32_t *period, uint32_t count,
                             lots_arena *arena, lots_vector *out, lots_error *err)
{
    const lots_kernels *kernels = worker->kernels;
    const lots_cycle *cycle = NULL;
    if (period == NULL)
        LOTS_TRY(want_cycle(worker, periods, count, &cycle, err));
    if (cycle != NULL) {
        *out = (lots_vector){.type = out->type, .count = count, .data = cycle->starts, .data2 = cycle->ends};
        return LOTS_OK;
    }
    const lots_type type = out->type;
    LOTS_TRY(lots_vector_new(arena, &type, count, out, err));
    if (period == NULL) {
        repeat_days(periods->starts, periods, count, out->data);
        repeat_days(periods->ends, periods, count, out->data2);
    } else {
        kernels->gather_u32((const uint32_t *)periods->starts, period, count, out->data);
        kernels->gather_u32((const uint32_t *)periods->ends, period, count, (uint32_t *)out->data2);
    }
    return LOTS_OK;
}

lots_status lots_each_fill(lots_worker *worker, const lots_each *each, const lots_periods *periods, const uint32_t *period,
                           uint32_t count, lots_instance *rows, lots_error *err)
{
    lots_vector *interval = &rows->slots[each->slots[0]], *number = &rows->slots[each->slots[1]];
    lots_arena *arena = lots_instance_arena(worker, rows);
    *interval = (lots_vector){.type = each->types[0]};
    LOTS_TRY(fill_days(worker, periods, period, count, arena, interval, err));
    if (!each->numbered)
        return LOTS_OK;
    LOTS_TRY(lots_vector_new(arena, &each->types[1], count, number, err));
    fill_numbers(periods, period, count, number->data);
    return LOTS_OK;
}

/* All of each row. *done as below. */
static lots_status make_all(lots_worker *worker, const lots_each *each, const lots_periods *periods, const lots_instance *rows,
                            lots_instance **out, bool *done, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    const uint64_t all = (uint64_t)rows->count * periods->count;
    const lots_cycle *cycle = NULL;
    uint32_t *offsets = NULL, *index = NULL;
    *done = all <= ROWS_MAX;
    if (!*done)
        return LOTS_OK;
    const uint32_t count = (uint32_t)all;
    worker->work.rows += rows->count + count;
    LOTS_TRY(want_cycle(worker, periods, count, &cycle, err));
    if (cycle == NULL) {
        LOTS_TRY(lots_new_u32(arena, (size_t)rows->count + 1, &offsets, err));
        LOTS_TRY(lots_new_u32(arena, count, &index, err));
        for (uint32_t row = 0; row <= rows->count; row++)
            offsets[row] = row * periods->count;
        worker->kernels->broadcast_index(offsets, rows->count, index);
    }
    LOTS_TRY(lots_rows_take(worker, rows, cycle != NULL ? cycle->row : index, count, out, err));
    return lots_each_fill(worker, each, periods, NULL, count, *out, err);
}

typedef struct placed { /* rows that have periods at all, mostly some of them */
    uint32_t *row;     /* among those that were asked; rising */
    uint32_t *offsets; /* where the periods of each begin among the new rows, and where the last one's end */
    uint64_t *origin;  /* the row, and above it the period of new row 0, if it were this row's (modulo 2^32) */
    uint32_t count;
} placed;

/* `row`: of those that were asked (NULL: all). False when the new rows are more than there may be. */
static bool place_periods(const uint32_t *first, const uint32_t *end, const uint32_t *row, placed *out)
{
    uint64_t all = 0;
    for (uint32_t k = 0; k < out->count; k++) {
        const uint32_t i = out->row[k];
        out->offsets[k] = (uint32_t)all;
        out->origin[k] = (uint64_t)(first[i] - (uint32_t)all) << 32 | (row == NULL ? i : row[i]);
        all += end[i] - first[i];
    }
    out->offsets[out->count] = (uint32_t)all;
    return all <= ROWS_MAX;
}

static lots_status find_periods(lots_worker *worker, const lots_each_plan *plan, const lots_instance *rows, placed *out,
                                bool *fits, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    uint32_t *first = NULL, *end = NULL, *row = NULL, count = rows->count;
    const uint64_t *some = NULL;
    uint64_t *any = NULL;
    void *origin = NULL;
    LOTS_TRY(lots_each_possible(worker, plan, rows, &some, err));
    if (some != NULL) {
        LOTS_TRY(lots_new_u32(arena, count, &row, err));
        count = (uint32_t)worker->kernels->bits_indexes(some, count, row);
    }
    LOTS_TRY(lots_new_u32(arena, count, &first, err));
    LOTS_TRY(lots_new_u32(arena, count, &end, err));
    LOTS_TRY(lots_new_bits(arena, count, &any, err));
    LOTS_TRY(lots_each_within(worker, plan, rows, some, count, first, end, err));
    worker->kernels->less_i32((const int32_t *)first, (const int32_t *)end, count, any); /* periods are few */
    out->count = (uint32_t)worker->kernels->bits_count(any, count);
    LOTS_TRY(lots_new_u32(arena, out->count, &out->row, err));
    LOTS_TRY(lots_new_u32(arena, (size_t)out->count + 1, &out->offsets, err));
    LOTS_TRY(lots_arena_vector(arena, &origin, out->count, sizeof(uint64_t), err));
    out->origin = origin;
    worker->kernels->bits_indexes(any, count, out->row);
    *fits = place_periods(first, end, row, out);
    return LOTS_OK;
}

/* Those of each row that can pass. *done false: nothing was made. */
static lots_status make_within(lots_worker *worker, const lots_each *each, const lots_each_plan *plan,
                               const lots_instance *rows, lots_instance **out, bool *done, lots_error *err)
{
    lots_arena *arena = lots_instance_arena(worker, rows);
    uint32_t *index = NULL, *period = NULL;
    int64_t *origin = NULL;
    placed some;
    LOTS_TRY(find_periods(worker, plan, rows, &some, done, err));
    if (!*done)
        return LOTS_OK;
    const uint32_t count = some.offsets[some.count];
    LOTS_TRY(lots_new_u32(arena, count, &index, err));
    LOTS_TRY(lots_new_u32(arena, count, &period, err));
    LOTS_TRY(lots_new_i64(arena, count, &origin, err));
    worker->kernels->broadcast_i64((const int64_t *)some.origin, some.offsets, some.count, origin);
    for (uint32_t i = 0; i < count; i++) {
        index[i] = (uint32_t)origin[i];
        period[i] = (uint32_t)((uint64_t)origin[i] >> 32) + i;
    }
    worker->work.rows += rows->count + count;
    LOTS_TRY(lots_rows_take(worker, rows, index, count, out, err));
    return lots_each_fill(worker, each, &plan->periods, period, count, *out, err);
}

lots_status lots_each_rows(lots_worker *worker, const lots_each *each, const lots_each_plan *plan,
                           const lots_instance *rows, lots_instance **out, bool *settled, lots_error *err)
{
    uint32_t *index = NULL, count = 0;
    lots_vector made[2];
    bool done = false;
    *settled = false;
    if (plan->known && rows->count > 0)
        LOTS_TRY(plan->bound_count == 0 ? make_all(worker, each, &plan->periods, rows, out, &done, err)
                                        : make_within(worker, each, plan, rows, out, &done, err));
    *settled = done && plan->exact;
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_each_make(worker, each, rows, &index, &count, made, err));
    LOTS_TRY(lots_rows_take(worker, rows, index, count, out, err));
    for (uint32_t i = 0; i < each->slot_count; i++)
        (*out)->slots[each->slots[i]] = made[i];
    return LOTS_OK;
}
