/* eval_local.c: a stored id column against constants, without turning its ids into ranks. A segment numbers the ids it
 * holds in the order of their ranks, so an interval of ranks is an interval of local ids, and `level = inpatient` or
 * `dx in {E10-E14}` is a range test on the packed numbers; other sets are a bit table. What the zone map settles is not
 * decoded at all. The translated set is kept by expression as long as the worker stays on the segment. */
#include <string.h>

#include "core/base/memory.h"
#include "query/exec/column.h"
#include "query/exec/step.h"

typedef struct stored_column {
    uint32_t stream, column;
    bool list;
} stored_column;

/* Is the expression a stored id column, seen from its own frame? */
static bool find_stored(const lots_step *step, const lots_expr *expr, stored_column *out)
{
    if (expr->op != LOTS_OP_COLUMN || expr->of_frame != step->rows->frame || step->worker->segment == NULL)
        return false;
    const lots_type_kind kind = expr->type.kind == LOTS_TYPE_SET ? expr->type.element : expr->type.kind;
    if (kind != LOTS_TYPE_CATEGORY && kind != LOTS_TYPE_CODE)
        return false;
    out->list = expr->type.kind == LOTS_TYPE_SET;
    out->stream = 0;
    out->column = expr->index;
    if (expr->of_frame == LOTS_FRAME_PATIENT)
        return true;
    const uint32_t relation = step->worker->query->frames[expr->of_frame].relation;
    if (relation >= step->worker->query->relation_count)
        return false;
    const lots_relation *bound = &step->worker->query->relations[relation];
    if (bound->kind != LOTS_RELATION_STREAM || expr->index >= bound->column_count)
        return false;
    out->stream = bound->stream;
    out->column = bound->columns[expr->index].column;
    return true;
}

/* ---- ranks → local ids ---- */

static lots_id lower_bound(const lots_id *ranks, uint32_t count, lots_id rank)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (ranks[middle] < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static lots_ranks local_range(const lots_id *ranks, uint32_t count, lots_ranks range)
{
    return (lots_ranks){lower_bound(ranks, count, range.first), lower_bound(ranks, count, range.end)};
}

/* The ranges that a comparison with one rank stands for. */
static uint32_t ranges_of(lots_op op, lots_id rank, lots_ranks out[1])
{
    switch (op) {
    case LOTS_OP_LESS:
        out[0] = (lots_ranks){0, rank};
        break;
    case LOTS_OP_LESS_EQUAL:
        out[0] = (lots_ranks){0, rank + 1};
        break;
    case LOTS_OP_GREATER:
        out[0] = (lots_ranks){rank + 1, LOTS_NO_ID};
        break;
    case LOTS_OP_GREATER_EQUAL:
        out[0] = (lots_ranks){rank, LOTS_NO_ID};
        break;
    default:
        out[0] = (lots_ranks){rank, rank + 1};
    }
    return 1;
}

static lots_status build_table(lots_local_set *set, const lots_ranks *ranges, uint32_t range_count, const lots_id *ranks,
                               uint32_t count, lots_error *err)
{
    const size_t words = lots_bit_words(count) + 8; /* slack for the kernels */
    if (set->table_words < words) {
        void *table = set->table;
        LOTS_TRY(lots_realloc(&table, words, sizeof(uint64_t), err));
        set->table = table;
        set->table_words = words;
    }
    memset(set->table, 0, words * sizeof(uint64_t));
    set->table_count = count;
    for (uint32_t r = 0; r < range_count; r++) {
        const lots_ranks range = local_range(ranks, count, ranges[r]);
        if (range.first < range.end)
            lots_bits_set_range(set->table, range.first, range.end);
    }
    return LOTS_OK;
}

/* One interval when the ids taken happen to be neighbours in this segment, else a table. */
static lots_status translate(const lots_step *step, const stored_column *column, const lots_ranks *ranges,
                             uint32_t range_count, lots_local_set **out, lots_error *err)
{
    lots_local_set *set = &step->worker->local_sets[step->expr->id];
    *out = set;
    if (set->known && set->segment == step->worker->segment_index)
        return LOTS_OK;
    const lots_id *ranks = NULL;
    uint32_t count = 0;
    LOTS_TRY(lots_segment_ranks(step->worker->segment, column->stream, column->column, &ranks, &count, err));
    set->known = false;
    set->segment = step->worker->segment_index;
    set->told = set->untold = 0;
    if (range_count == 1) {
        set->range = local_range(ranks, count, ranges[0]);
        set->interval = true;
    } else {
        LOTS_TRY(build_table(set, ranges, range_count, ranks, count, err));
        const size_t first = lots_bits_next(set->table, 0, count);
        const uint64_t taken = lots_bits_count(set->table, count);
        set->range = taken == 0 ? (lots_ranks){0, 0} : (lots_ranks){(lots_id)first, (lots_id)(first + taken)};
        set->interval = taken == 0 || lots_bits_count_range(set->table, first, first + taken) == taken;
    }
    set->known = true;
    return LOTS_OK;
}

/* ---- the test ---- */

static void test_ids(const lots_kernels *kernels, const lots_local_set *set, const uint32_t *ids, uint32_t count,
                     uint64_t *out)
{
    if (!set->interval)
        kernels->lookup_bits(ids, count, set->table, set->table_count, out);
    else if (set->range.first < set->range.end)
        kernels->range_u32(ids, count, set->range.first, set->range.end - 1, out);
    else
        lots_bits_fill(out, count, false);
}

static lots_id_test test_of(const lots_local_set *set)
{
    return (lots_id_test){set->range.first, set->range.end, set->interval ? NULL : set->table, set->table_count};
}

/* Which of the chunk's elements are in the set. */
static lots_status test_elements(const lots_step *step, const stored_column *column, const lots_local_set *set,
                                 uint64_t **hits, uint32_t *elements, uint32_t *found, lots_error *err)
{
    const lots_kernels *kernels = step->worker->kernels;
    const uint32_t *ids = NULL;
    LOTS_TRY(lots_stream_elements(step->worker, column->stream, column->column, &ids, elements, err));
    LOTS_TRY(lots_new_bits(step->arena, *elements, hits, err));
    test_ids(kernels, set, ids, *elements, *hits);
    step->worker->work.rows += *elements;
    *found = (uint32_t)kernels->bits_count(*hits, *elements);
    return LOTS_OK;
}

/* The rows whose lists have one of a few elements, found without the lengths of the others: *done. */
static lots_status find_lists(const lots_step *step, const stored_column *column, const uint64_t *hits, uint32_t elements,
                              uint32_t found, uint64_t *rows, bool *done, lots_error *err)
{
    lots_worker *worker = step->worker;
    uint32_t *places = NULL, *lists = NULL;
    LOTS_TRY(lots_new_u32(step->arena, found, &places, err));
    LOTS_TRY(lots_new_u32(step->arena, found, &lists, err));
    worker->kernels->bits_indexes(hits, elements, places);
    LOTS_TRY(lots_segment_lists_of(worker->segment, column->stream, column->column, worker->chunk, places, found, lists, done,
                                   &worker->scratch, err));
    for (uint32_t i = 0; *done && i < found; i++)
        lots_bit_set(rows, lists[i]);
    return LOTS_OK;
}

/* The rows of a rare set, as the column's postings tell them: *done. Where they mostly don't nobody goes on to ask. */
static lots_status find_posted_rows(const lots_step *step, const stored_column *column, lots_local_set *set, uint64_t *rows,
                                    bool *done, lots_error *err)
{
    lots_worker *worker = step->worker;
    lots_stream_chunk *chunk = &worker->streams[column->stream];
    const lots_id_test test = test_of(set);
    lots_kept_offsets kept = {.arena = &worker->depths[0].arena, .offsets = chunk->offsets};
    *done = false;
    if (set->untold > set->told || lots_stream_is_read(worker, column->stream, column->column))
        return LOTS_OK;
    LOTS_TRY(lots_segment_posted_rows(worker->segment, column->stream, column->column, worker->chunk, &test, rows, done, &kept,
                                      &worker->scratch, err));
    chunk->offsets = kept.offsets;
    set->told += *done;
    set->untold += !*done;
    return LOTS_OK;
}

/* The rows whose lists have an element of the set, found in the lists. */
static lots_status search_lists(const lots_step *step, const stored_column *column, const lots_local_set *set, uint64_t *rows,
                                lots_error *err)
{
    enum { FEW = 32 }; /* rows for one element that is looked for by itself */
    const uint32_t count = step->worker->streams[column->stream].rows;
    const lots_vector *lists = NULL;
    uint64_t *hits = NULL;
    uint32_t elements = 0, found = 0;
    bool done = false;
    LOTS_TRY(test_elements(step, column, set, &hits, &elements, &found, err));
    lots_bits_fill(rows, count, false);
    if (found == 0)
        return LOTS_OK;
    if (found < count / FEW && !lots_stream_is_read(step->worker, column->stream, column->column))
        LOTS_TRY(find_lists(step, column, hits, elements, found, rows, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_stream_local(step->worker, column->stream, column->column, &lists, err));
    step->worker->kernels->any_by(hits, lists->offsets, lists->count, rows);
    return LOTS_OK;
}

static lots_status test_lists(const lots_step *step, const stored_column *column, lots_local_set *set, uint64_t *out,
                              lots_error *err)
{
    uint64_t *any = out;
    bool done = false;
    if (step->rows->relation_row != NULL)
        LOTS_TRY(lots_new_bits(step->arena, step->worker->streams[column->stream].rows, &any, err));
    LOTS_TRY(find_posted_rows(step, column, set, any, &done, err));
    if (!done)
        LOTS_TRY(search_lists(step, column, set, any, err));
    for (uint32_t i = 0; any != out && i < step->count; i++)
        if (lots_bit_get(any, step->rows->relation_row[i]))
            lots_bit_set(out, i);
    return LOTS_OK;
}

static lots_status test_values(const lots_step *step, const lots_local_set *set, const lots_vector *local,
                               lots_vector *out, lots_error *err)
{
    lots_vector here = *local;
    if (step->rows->relation_row != NULL)
        LOTS_TRY(lots_vector_gather(step->arena, local, step->rows->relation_row, step->count, &here, err));
    test_ids(step->worker->kernels, set, here.data, step->count, out->data);
    out->missing = here.missing;
    if (out->missing != NULL)
        lots_bits_and_not(out->data, out->data, out->missing, step->count);
    return LOTS_OK;
}

/* What the segment has said of this interval of ids before; NULL: nothing. */
static const lots_tested *find_tested(const lots_stream_chunk *chunk, const stored_column *column, const lots_local_set *set)
{
    const lots_tested *at = set->interval ? chunk->tested : NULL;
    while (at != NULL && (at->column != column->column || at->range.first != set->range.first ||
                          at->range.end != set->range.end))
        at = at->next;
    return at;
}

/* Ask the segment: *bits, and *missing, NULL where nothing is. *bits NULL: the encoding doesn't tell. */
static lots_status ask_segment(lots_worker *worker, const stored_column *column, const lots_id_test *test, uint64_t **bits,
                               uint64_t **missing, lots_error *err)
{
    lots_stream_chunk *chunk = &worker->streams[column->stream];
    lots_arena *arena = &worker->depths[0].arena;
    uint64_t *told = NULL, *untold = NULL;
    bool has_missing = false, done = false;
    *bits = lots_segment_rows_with(worker->segment, column->stream, column->column, worker->chunk, test, missing);
    if (*bits != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(arena, chunk->rows, &told, err));
    LOTS_TRY(lots_new_words(arena, chunk->rows, &untold, err));
    LOTS_TRY(lots_segment_test(worker->segment, column->stream, column->column, worker->chunk, test, &chunk->planes, told, untold,
                               &has_missing, &done, &worker->scratch, err));
    *bits = done ? told : NULL;
    *missing = has_missing ? untold : NULL;
    return LOTS_OK;
}

/* The same, remembered. *out NULL: the encoding doesn't tell. */
static lots_status test_segment(lots_worker *worker, const stored_column *column, const lots_local_set *set,
                                const lots_tested **out, lots_error *err)
{
    const lots_id_test test = test_of(set);
    lots_stream_chunk *chunk = &worker->streams[column->stream];
    uint64_t *bits = NULL, *missing = NULL;
    void *room = NULL;
    LOTS_TRY(ask_segment(worker, column, &test, &bits, &missing, err));
    if (bits == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(&worker->depths[0].arena, &room, 1, sizeof(lots_tested), err));
    lots_tested *made = room;
    *made = (lots_tested){chunk->tested, column->column, set->range, bits, missing};
    if (set->interval)
        chunk->tested = made;
    *out = made;
    return LOTS_OK;
}

/* Of bits of the chunk's rows, those of the step's rows: lent where these are all. */
static lots_status pick_bits(const lots_step *step, const lots_stream_chunk *chunk, uint64_t *bits, uint64_t **out, lots_error *err)
{
    *out = bits;
    if (step->rows->relation_row == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_new_words(step->arena, step->count, out, err));
    step->worker->kernels->lookup_bits(step->rows->relation_row, step->count, bits, chunk->rows, *out);
    return LOTS_OK;
}

/* The same without decoding the column, where its encoding tells: *done. */
static lots_status test_stored(const lots_step *step, const stored_column *column, const lots_local_set *set,
                               lots_vector *out, bool *done, lots_error *err)
{
    const lots_stream_chunk *chunk = &step->worker->streams[column->stream];
    const lots_tested *tested = NULL;
    uint64_t *bits = NULL;
    *done = false;
    if (chunk->locals[column->column].count != UINT32_MAX)
        return LOTS_OK; /* it is decoded already */
    tested = find_tested(chunk, column, set);
    if (tested == NULL)
        LOTS_TRY(test_segment(step->worker, column, set, &tested, err));
    if (tested == NULL)
        return LOTS_OK;
    *done = true;
    step->worker->work.rows += step->count;
    *out = (lots_vector){.type = step->expr->type, .count = step->count};
    LOTS_TRY(pick_bits(step, chunk, tested->bits, &bits, err));
    out->data = bits;
    return tested->missing == NULL ? LOTS_OK : pick_bits(step, chunk, tested->missing, &out->missing, err);
}

/* What the zone map tells: 0 no row, 1 every row, -1 look at them. */
static int judge_zone(const lots_step *step, const stored_column *column, const lots_local_set *set)
{
    const lots_block_meta *meta =
        lots_segment_meta(step->worker->segment, column->stream, column->column, LOTS_PART_VALUES, step->worker->chunk);
    if (column->list && set->range.first == set->range.end && set->interval)
        return 0;
    if (meta->missing != 0 || meta->count == 0 || !set->interval)
        return -1;
    const int64_t first = set->range.first, last = (int64_t)set->range.end - 1;
    if (last < meta->min || first > meta->max || first > last)
        return 0;
    return !column->list && first <= meta->min && meta->max <= last ? 1 : -1;
}

/* What it makes may be lent: it must not be changed. */
static lots_status test_column(lots_step *step, const stored_column *column, const lots_ranks *ranges,
                               uint32_t range_count, lots_vector *out, lots_error *err)
{
    lots_local_set *set = NULL;
    const lots_vector *local = NULL;
    LOTS_TRY(translate(step, column, ranges, range_count, &set, err));
    const int verdict = judge_zone(step, column, set);
    if (verdict >= 0)
        return lots_step_bool(step, verdict == 1, out, err);
    bool done = false;
    if (!column->list)
        LOTS_TRY(test_stored(step, column, set, out, &done, err));
    if (done)
        return LOTS_OK;
    LOTS_TRY(lots_step_new(step, out, err));
    if (column->list)
        return test_lists(step, column, set, out->data, err);
    LOTS_TRY(lots_stream_local(step->worker, column->stream, column->column, &local, err));
    return test_values(step, set, local, out, err);
}

static lots_status eval_in_ranks(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const lots_rank_set *ranks = step->expr->ranks;
    stored_column column;
    *done = find_stored(step, step->expr->operands[0], &column);
    if (!*done)
        return LOTS_OK;
    if (ranks->range_count == 0)
        return lots_step_bool(step, false, out, err);
    return test_column(step, &column, ranks->ranges, ranks->range_count, out, err);
}

/* Those not in the set whose value is known. */
static lots_status take_others(const lots_step *step, lots_vector *out, lots_error *err)
{
    uint64_t *others = NULL;
    LOTS_TRY(lots_new_words(step->arena, step->count, &others, err));
    lots_bits_not(others, out->data, step->count);
    if (out->missing != NULL)
        lots_bits_and_not(others, others, out->missing, step->count);
    out->data = others;
    return LOTS_OK;
}

/* `x is missing` of a stored column that has a value in every row of the chunk, as its zone map says. */
static lots_status eval_is_missing(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const lots_worker *worker = step->worker;
    const lots_expr *column = step->expr->operands[0];
    const uint32_t at = column->op == LOTS_OP_COLUMN && column->of_frame == step->rows->frame && worker->segment != NULL
                            ? worker->query->frames[column->of_frame].relation : UINT32_MAX;
    if (at >= worker->query->relation_count || column->type.kind == LOTS_TYPE_SET)
        return LOTS_OK;
    const lots_relation *relation = &worker->query->relations[at];
    if (relation->kind != LOTS_RELATION_STREAM || column->index >= relation->column_count)
        return LOTS_OK;
    const uint32_t stored = relation->columns[column->index].column;
    *done = worker->schema->streams[relation->stream].columns[stored].role != LOTS_ROLE_END && /* a point's is its start */
            lots_segment_meta(worker->segment, relation->stream, stored, LOTS_PART_VALUES, worker->chunk)->missing == 0;
    return *done ? lots_step_bool(step, false, out, err) : LOTS_OK;
}

lots_status lots_eval_local(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    const lots_expr *expr = step->expr;
    *done = false;
    if (expr->op == LOTS_OP_IN_RANKS)
        return eval_in_ranks(step, done, out, err);
    if (expr->op == LOTS_OP_IS_MISSING)
        return eval_is_missing(step, done, out, err);
    if (expr->op < LOTS_OP_EQUAL || expr->op > LOTS_OP_GREATER_EQUAL)
        return LOTS_OK;
    stored_column column;
    lots_ranks range[1];
    const lots_expr *value = expr->operands[1];
    if (value->op != LOTS_OP_CONSTANT || value->constant.missing || !find_stored(step, expr->operands[0], &column) ||
        column.list || value->type.kind != expr->operands[0]->type.kind)
        return LOTS_OK;
    *done = true;
    const uint32_t ranges = ranges_of(expr->op, (lots_id)value->constant.i, range);
    LOTS_TRY(test_column(step, &column, range, ranges, out, err));
    return expr->op == LOTS_OP_UNEQUAL ? take_others(step, out, err) : LOTS_OK;
}

/* ---- who has a code ---- */

/* exists(contacts where dx in {…}), no more, over the events of patients. */
static bool find_codes(const lots_step *step, stored_column *out)
{
    const lots_set *set = step->expr->set;
    const lots_relation *relation = &step->worker->query->relations[set->relation];
    if (step->expr->op != LOTS_OP_EXISTS || relation->kind != LOTS_RELATION_STREAM || set->event != NULL ||
        relation->frame != LOTS_FRAME_PATIENT || set->window_count + set->asked_count > 0 || set->no_ghosts ||
        set->filter_count != 1 || step->worker->segment == NULL)
        return false;
    const lots_expr *filter = set->filters[0];
    if (filter->op != LOTS_OP_IN_RANKS || filter->ranks->range_count == 0 || filter->operands[0]->op != LOTS_OP_COLUMN ||
        filter->operands[0]->of_frame != set->frame || filter->operands[0]->index >= relation->column_count)
        return false;
    const bool list = filter->operands[0]->type.kind == LOTS_TYPE_SET;
    *out = (stored_column){relation->stream, relation->columns[filter->operands[0]->index].column, list};
    return lots_segment_has_postings(step->worker->segment, out->stream, out->column) ||
           (list && !lots_stream_is_read(step->worker, out->stream, out->column));
}

/* Bits of the chunk's patients for the step's rows. */
static lots_status spread_patients(const lots_step *step, const uint64_t *patients, lots_vector *out, lots_error *err)
{
    const uint32_t *index = NULL;
    LOTS_TRY(lots_step_new(step, out, err));
    LOTS_TRY(lots_instance_index(step->worker, step->rows, step->worker->patients, &index, err));
    if (index == NULL)
        memcpy(out->data, patients, lots_bit_words(step->count) * sizeof(uint64_t));
    for (uint32_t i = 0; index != NULL && i < step->count; i++)
        ((uint64_t *)out->data)[i / 64] |= (uint64_t)lots_bit_get(patients, index[i]) << (i % 64);
    return LOTS_OK;
}

/* The patients who have an id of the set, as the column's postings say: *done, if it has them. */
static lots_status find_posted(const lots_step *step, const stored_column *column, const lots_local_set *set, uint64_t *out,
                               bool *done, lots_error *err)
{
    lots_worker *worker = step->worker;
    const lots_id_test test = test_of(set);
    worker->work.rows += worker->patients->count;
    return lots_segment_posted(worker->segment, column->stream, column->column, worker->chunk, &test, out, done,
                               &worker->scratch, err);
}

/* By postings; without them, a patient's elements lie side by side: where they begin is all that is asked of the lists' lengths. */
lots_status lots_eval_has_code(lots_step *step, bool *done, lots_vector *out, lots_error *err)
{
    lots_worker *worker = step->worker;
    lots_step inner = *step;
    stored_column column;
    lots_local_set *set = NULL;
    const uint32_t *offsets = NULL, owners = worker->patients != NULL ? worker->patients->count : 0;
    uint32_t *places = NULL, elements = 0, found = 0;
    uint64_t *hits = NULL, *has = NULL;
    *done = find_codes(step, &column);
    if (!*done)
        return LOTS_OK;
    inner.expr = step->expr->set->filters[0];
    LOTS_TRY(translate(&inner, &column, inner.expr->ranks->ranges, inner.expr->ranks->range_count, &set, err));
    LOTS_TRY(lots_new_bits(step->arena, owners, &has, err));
    LOTS_TRY(find_posted(&inner, &column, set, has, done, err));
    if (*done)
        return spread_patients(step, has, out, err);
    *done = true;
    if (judge_zone(&inner, &column, set) != 0)
        LOTS_TRY(test_elements(&inner, &column, set, &hits, &elements, &found, err));
    if (found > 0) {
        LOTS_TRY(lots_stream_offsets(worker, column.stream, &offsets, err));
        LOTS_TRY(lots_new_u32(step->arena, (size_t)owners + 1, &places, err));
        LOTS_TRY(lots_segment_elements_before(worker->segment, column.stream, column.column, worker->chunk, offsets,
                                              owners + 1, places, done, &worker->scratch, err));
        if (!*done)
            return LOTS_OK;
        worker->kernels->any_by(hits, places, owners, has);
    }
    return spread_patients(step, has, out, err);
}
