/* group_cells.c: see group_cells.h. */
#include "query/exec/group_cells.h"

#include <string.h>

#include "query/exec/cells_by_day.h"
#include "query/exec/column.h"
#include "query/exec/group_brief.h"

/* ---- whether ---- */

static const lots_relation *relation_of(const lots_worker *worker, const lots_cells_plan *plan)
{
    return &worker->query->relations[worker->query->frames[plan->frame].relation];
}

/* Counts of all rows, and sums of columns. */
static bool can_add(const lots_bound_stage *stage, uint32_t frame)
{
    bool can = !stage->totals && stage->agg_count > 0;
    for (uint32_t i = 0; can && i < stage->agg_count; i++) {
        const lots_row_agg *agg = &stage->aggs[i];
        const bool column = agg->value != NULL && agg->value->op == LOTS_OP_COLUMN && agg->value->of_frame == frame &&
                            (agg->value->type.kind == LOTS_TYPE_INT || agg->value->type.kind == LOTS_TYPE_DECIMAL);
        can = lots_group_counts_all(agg) ||
              ((agg->kind == LOTS_AGG_SUM || agg->kind == LOTS_AGG_MEAN) && agg->where == NULL && column);
    }
    return can;
}

/* Has every row a value, none below 0, and none of them large? */
static bool is_plain(const lots_worker *worker, const lots_cells_plan *plan, const lots_expr *value)
{
    const uint32_t column = relation_of(worker, plan)->columns[value->index].column;
    const lots_block_meta *meta = lots_segment_meta(worker->segment, plan->stream, column, LOTS_PART_VALUES, worker->chunk);
    return meta->missing == 0 && meta->min >= 0 && meta->max <= INT32_MAX;
}

/* Are these the rows of the chunk, many for each group, of which enough is known? */
static bool fits(lots_group *group, const lots_worker *worker, const lots_instance *rows)
{
    const lots_cells_plan *plan = &group->cells;
    const uint64_t groups = group->keyer.count, before = group->counters[group->coupled].rows;
    if (group->cells_asked == 0) {
        const bool can = lots_cells_plan_make(worker->query, group->stage, &group->cells);
        group->cells_asked = can && can_add(group->stage, group->cells.frame) ? 1 : 2;
    }
    if (group->cells_asked != 1 || worker->segment == NULL || rows->frame != plan->frame || rows->relation_row != NULL ||
        rows->count != worker->streams[plan->stream].rows || rows->count > UINT16_MAX)
        return false;
    if (groups == 0 || group->entered < group->min_cell || !lots_group_is_brief(groups, rows->count, before) ||
        before + rows->count > LOTS_LINE_ROWS)
        return false;
    bool plain = true;
    for (uint32_t i = 0; plain && i < group->stage->agg_count; i++)
        plain = lots_group_counts_all(&group->stage->aggs[i]) || is_plain(worker, plan, group->stage->aggs[i].value);
    return plain;
}

/* ---- adding ---- */

typedef struct cell_feed {
    lots_group *group;
    lots_worker *worker;
    lots_arena *arena;
    uint32_t rows;
    const uint64_t *present;
    const uint32_t *offsets; /* these once rows are placed */
    lots_cells cells;        /* no places: they aren't */
    bool by_day;             /* the segment keeps all that is asked for so */
} cell_feed;

/* The column of an aggregate's value. */
static uint32_t column_of(const cell_feed *feed, const lots_expr *value)
{
    return relation_of(feed->worker, &feed->group->cells)->columns[value->index].column;
}

/* *done: each row has a cell. */
static lots_status place_rows(cell_feed *feed, bool *done, lots_error *err)
{
    lots_cells_plan *plan = &feed->group->cells;
    LOTS_TRY(lots_stream_offsets(feed->worker, plan->stream, &feed->offsets, err));
    return lots_cells_find(feed->worker, plan, feed->offsets, feed->present, &feed->cells, done, err);
}

/* Places in entries as 16 bits: a chunk has no more of them. */
static lots_status narrow_places(const cell_feed *feed, lots_narrow_values *values, lots_error *err)
{
    void *places = NULL;
    if (values->entries == NULL || values->places != NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(feed->arena, &places, feed->rows, sizeof(uint16_t), err));
    feed->worker->kernels->narrow_u16(values->values, feed->rows, 0, places);
    values->places = places;
    return LOTS_OK;
}

/* A column's values by row. */
static lots_status read_values(const cell_feed *feed, const lots_expr *value, lots_narrow_values *out, lots_error *err)
{
    const lots_cells_plan *plan = &feed->group->cells;
    lots_worker *worker = feed->worker;
    const uint32_t column = column_of(feed, value);
    const lots_vector *wide = NULL;
    bool done = false;
    LOTS_TRY(lots_new_u32(feed->arena, feed->rows, &out->values, err));
    if (!lots_stream_is_read(worker, plan->stream, column))
        LOTS_TRY(lots_segment_narrow(worker->segment, plan->stream, column, worker->chunk, out, &done, feed->arena, err));
    if (done)
        return narrow_places(feed, out, err);
    LOTS_TRY(lots_stream_column(worker, plan->stream, column, &wide, err));
    for (uint32_t i = 0; i < feed->rows; i++)
        out->values[i] = (uint32_t)((const int64_t *)wide->data)[i];
    return LOTS_OK;
}

/* What each cell has, as lots_group_words; `value` NULL: of no value. */
static lots_status add_rows(const cell_feed *feed, const lots_expr *value, lots_narrow_values *values, uint64_t **out, lots_error *err)
{
    const lots_kernels *kernels = feed->worker->kernels;
    const lots_cells *cells = &feed->cells;
    const uint64_t row = UINT64_C(1) << LOTS_WORD_ROWS;
    void *words = NULL, *entries = NULL;
    if (value != NULL)
        LOTS_TRY(read_values(feed, value, values, err));
    LOTS_TRY(lots_arena_vector(feed->arena, &words, 4 * cells->count, sizeof(uint64_t), err));
    memset(words, 0, 4 * cells->count * sizeof(uint64_t));
    if (values->entries != NULL) {
        LOTS_TRY(lots_arena_vector(feed->arena, &entries, values->entry_count, sizeof(uint64_t), err));
        kernels->widen_u32(values->entries, values->entry_count, row, entries);
        kernels->tally_entries_u16(cells->place, values->places, entries, feed->rows, words);
    } else {
        kernels->tally_u16(cells->place, values->values, row, feed->rows, words);
    }
    *out = words;
    return LOTS_OK;
}

/* The same, from the order of days where everything is kept so: then values are read only of rows that are looked at by themselves. */
static lots_status add_values(const cell_feed *feed, const lots_expr *value, lots_narrow_values *values, uint64_t **out, lots_error *err)
{
    const uint32_t column = value == NULL ? LOTS_NO_VALUES : column_of(feed, value);
    return feed->by_day ? lots_cells_by_day(feed->worker, &feed->group->cells, column, out, err)
                        : add_rows(feed, value, values, out, err);
}

/* ---- cells to groups ---- */

/* The keys of some cells as vectors. */
static lots_status make_keys(const cell_feed *feed, const uint32_t *cells, uint32_t count, lots_vector keys[2], lots_error *err)
{
    const lots_cells_plan *plan = &feed->group->cells;
    for (uint32_t k = 0; k < feed->group->key_count; k++) {
        uint32_t *values = NULL;
        LOTS_TRY(lots_new_u32(feed->arena, count, &values, err));
        for (uint32_t i = 0; i < count; i++)
            values[i] = k == plan->day_key ? (uint32_t)lots_cells_day(plan, cells[i]) : lots_cells_class(plan, cells[i]);
        keys[k] = (lots_vector){.type = feed->group->stage->keys[k].value->type, .count = count, .data = values};
        if (k == plan->day_key)
            keys[k].type = (lots_type){.kind = LOTS_TYPE_DATE};
    }
    return LOTS_OK;
}

/* Number cells that have rows and are met for the first time: in group->cell_groups, 0 being none. */
static lots_status number_cells(const cell_feed *feed, const uint64_t *found, lots_error *err)
{
    lots_group *group = feed->group;
    uint32_t *cells = NULL, *numbers = NULL, count = 0;
    lots_vector keys[2];
    if (group->cells.renumbered)
        group->cell_groups.count = 0;
    group->cells.renumbered = false;
    if (group->cell_groups.item_size == 0)
        group->cell_groups = LOTS_VEC(uint32_t);
    if (group->cell_groups.count < feed->cells.count)
        LOTS_TRY(lots_vec_extend(&group->cell_groups, feed->cells.count - group->cell_groups.count, NULL, err));
    uint32_t *known = group->cell_groups.data;
    LOTS_TRY(lots_new_u32(feed->arena, feed->cells.count, &cells, err));
    for (uint32_t c = 0; c < feed->cells.count; c++)
        if (found[2 * c + 1] != 0 && known[c] == 0)
            cells[count++] = c;
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_new_u32(feed->arena, count, &numbers, err));
    LOTS_TRY(make_keys(feed, cells, count, keys, err));
    LOTS_TRY(lots_keyer_number(&group->keyer, keys, count, numbers, err));
    for (uint32_t i = 0; i < count; i++)
        known[cells[i]] = 1 + numbers[i];
    return LOTS_OK;
}

/* The rows of some cells as a batch of their own. */
static lots_status pick_rows(cell_feed *feed, const lots_expr *value, lots_narrow_values *values, const uint64_t *watched,
                             lots_group_batch *batch, lots_error *err)
{
    const uint32_t *groups = feed->group->cell_groups.data;
    uint32_t *number = NULL, patient = 0, count = 0;
    lots_patient *patients = NULL;
    int64_t *ints = NULL;
    bool placed = feed->cells.place != NULL;
    if (!placed)
        LOTS_TRY(place_rows(feed, &placed, err));
    if (!placed)
        return lots_fail(err, LOTS_INTERNAL, "rows that are kept by day have no cells");
    if (values->values == NULL)
        LOTS_TRY(read_values(feed, value, values, err));
    LOTS_TRY(lots_new_u32(feed->arena, feed->rows, &number, err));
    LOTS_TRY(lots_new_u32(feed->arena, feed->rows, &patients, err));
    LOTS_TRY(lots_new_i64(feed->arena, feed->rows, &ints, err));
    for (uint32_t row = 0; row < feed->rows; row++) {
        const uint32_t cell = feed->cells.place[row] / 2;
        if (cell >= feed->cells.count || !lots_bit_get(watched, cell))
            continue;
        while (feed->offsets[patient + 1] <= row)
            patient++;
        number[count] = groups[cell] - 1;
        patients[count] = patient;
        ints[count++] = values->entries != NULL ? values->entries[values->places[row]] : values->values[row];
    }
    batch->rows = count;
    batch->number = number;
    batch->patient = patients;
    batch->row_ints = ints;
    return LOTS_OK;
}

/* Rows of an aggregate, or of the patients, to its lines. */
static lots_status feed_counter(cell_feed *feed, lots_group_counter *counter, const uint64_t *found, const lots_expr *value,
                                lots_narrow_values *values, lots_evidence *evidence, lots_group_batch *batch, lots_error *err)
{
    const lots_group_words words = {found, feed->group->cell_groups.data, feed->cells.count};
    uint64_t *watched = NULL;
    bool any = false;
    LOTS_TRY(lots_new_bits(feed->arena, feed->cells.count, &watched, err));
    if (evidence != NULL)
        LOTS_TRY(lots_evidence_grow(evidence, batch->known, err));
    LOTS_TRY(lots_group_counter_settle(counter, &words, batch->known, feed->rows, evidence, watched, &any, err));
    if (!any)
        return LOTS_OK;
    LOTS_TRY(pick_rows(feed, value, values, watched, batch, err));
    lots_group_counter_look(counter, batch, evidence);
    return LOTS_OK;
}

static lots_status feed_all(cell_feed *feed, uint64_t *const *found, lots_narrow_values *values, lots_error *err)
{
    lots_group *group = feed->group;
    const uint32_t patients = group->stage->agg_count;
    lots_group_batch batch = {.known = group->keyer.count, .arena = feed->arena, .rising = true, .small = true};
    LOTS_TRY(lots_group_number_persons(group, 0, feed->worker->patients->count - 1, &batch.first_person, err));
    for (uint32_t i = 0; i <= patients; i++) {
        const bool all = i == patients || lots_group_counts_all(&group->stage->aggs[i]);
        lots_evidence *evidence = all ? NULL : lots_group_fed_evidence(group, i);
        if (!all || (i == patients && group->coupled == patients))
            LOTS_TRY(feed_counter(feed, &group->counters[i], found[i], all ? NULL : group->stage->aggs[i].value, &values[i], evidence, &batch,
                                  err));
    }
    return LOTS_OK;
}

/* Is all that is asked for kept by day? Whether or not some of it is, all of it is asked for, so that it is kept at once. */
static bool find_by_day(cell_feed *feed)
{
    const lots_bound_stage *stage = feed->group->stage;
    bool kept = lots_cells_has_by_day(feed->worker, &feed->group->cells, LOTS_NO_VALUES, &feed->cells.count);
    for (uint32_t i = 0; i < stage->agg_count; i++)
        if (!lots_group_counts_all(&stage->aggs[i]))
            kept = lots_cells_has_by_day(feed->worker, &feed->group->cells, column_of(feed, stage->aggs[i].value), &feed->cells.count) && kept;
    return kept;
}

/* What is asked of the rows, added up by cell. Of one value once. */
static lots_status find_sums(const cell_feed *feed, uint64_t **found, lots_narrow_values *values, lots_error *err)
{
    const lots_group *group = feed->group;
    const lots_row_agg *aggs = group->stage->aggs;
    const uint32_t patients = group->stage->agg_count;
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < patients; i++) {
        if (lots_group_counts_all(&aggs[i]))
            continue;
        uint32_t same = 0;
        while (lots_group_counts_all(&aggs[same]) || aggs[same].value->index != aggs[i].value->index)
            same++;
        found[i] = found[same];
        values[i] = values[same];
        if (same < i)
            continue;
        LOTS_TRY(add_values(feed, aggs[i].value, &values[i], &found[i], err));
        first = first == UINT32_MAX ? i : first;
    }
    if (first == UINT32_MAX)
        return add_values(feed, NULL, &values[patients], &found[patients], err);
    found[patients] = found[first]; /* its sums count for nothing */
    return LOTS_OK;
}

lots_status lots_group_feed_cells(lots_group *group, lots_worker *worker, const lots_instance *rows, const uint64_t *present,
                                  bool *done, lots_error *err)
{
    cell_feed feed = {.group = group, .worker = worker, .arena = lots_worker_arena(worker), .rows = rows->count, .present = present};
    const size_t counters = (size_t)group->stage->agg_count + 1;
    void *found = NULL, *values = NULL;
    *done = false;
    if (rows->count == 0 || !fits(group, worker, rows))
        return LOTS_OK;
    *done = present != NULL && lots_bits_count(present, rows->count) == 0;
    if (*done)
        return LOTS_OK;
    feed.by_day = *done = present == NULL && find_by_day(&feed);
    if (!*done)
        LOTS_TRY(place_rows(&feed, done, err));
    if (!*done)
        return LOTS_OK;
    LOTS_TRY(lots_arena_alloc(feed.arena, &found, counters, sizeof(uint64_t *), err));
    LOTS_TRY(lots_arena_alloc(feed.arena, &values, counters, sizeof(lots_narrow_values), err));
    LOTS_TRY(find_sums(&feed, found, values, err));
    LOTS_TRY(number_cells(&feed, ((uint64_t **)found)[group->stage->agg_count], err));
    return feed_all(&feed, found, values, err);
}
