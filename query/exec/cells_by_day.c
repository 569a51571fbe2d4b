/* cells_by_day.c: see cells_by_day.h. */
#include "query/exec/cells_by_day.h"

#include <string.h>

#include "query/exec/group_brief.h"
#include "query/exec/worker.h"

enum { NONE = UINT32_MAX };

typedef struct day_rows { /* of a chunk */
    const lots_day_order *order;
    const lots_classes_by_day *classes;
    const uint64_t *planes[LOTS_CLASSES_MAX];
    const uint32_t *values; /* NULL: none are asked for */
    uint32_t rows, most;
    uint64_t *fresh;        /* room for their bits */
} day_rows;

/* False: some of it isn't kept. */
static bool find_rows(lots_worker *worker, const lots_cells_plan *plan, uint32_t column, day_rows *out)
{
    lots_segment *segment = worker->segment;
    lots_arena *arena = lots_worker_arena(worker);
    const uint32_t classes = plan->class_key == NONE ? LOTS_NO_CLASSES : plan->column;
    *out = (day_rows){.rows = worker->streams[plan->stream].rows};
    out->order = lots_segment_by_day(segment, plan->stream, worker->chunk);
    out->classes = lots_segment_classes_by_day(segment, plan->stream, classes, worker->chunk, arena);
    if (column != LOTS_NO_VALUES) {
        out->values = lots_segment_numbers_by_day(segment, plan->stream, column, worker->chunk, arena);
        out->most = (uint32_t)lots_segment_meta(segment, plan->stream, column, LOTS_PART_VALUES, worker->chunk)->max;
    }
    return out->order != NULL && out->classes != NULL && (column == LOTS_NO_VALUES || out->values != NULL);
}

/* How many rows are before the day. */
static uint32_t rows_before(const lots_day_order *order, int64_t day)
{
    const int64_t place = day - order->first;
    return order->starts[place < 0 ? 0 : place > order->days ? order->days : place];
}

/* Of the cells of a unit, or of all days: those from `day` up to where the next one begins. */
static void add_unit(const lots_kernels *kernels, const day_rows *from, int64_t day, int64_t next, const lots_id *ranks, uint64_t *words)
{
    lots_tallied found[LOTS_CLASSES_MAX];
    const uint32_t begin = rows_before(from->order, day), end = rows_before(from->order, next), first = begin / 64;
    const int64_t earlier = day - from->order->first; /* days of the chunk that are of units before */
    if (begin == end)
        return;
    kernels->range_u16(from->classes->before + 64 * first, end - 64 * first, 0, (uint16_t)(earlier < 0 ? 0 : earlier), from->fresh + first);
    kernels->tally_planes(from->values, from->most, from->planes, from->classes->classes, from->fresh, begin, end, found);
    for (uint32_t c = 0; c < from->classes->classes; c++) {
        uint64_t *own = words + 2 * (ranks == NULL ? c : ranks[c]);
        own[0] = (found[c].rows - found[c].fresh) << LOTS_WORD_ROWS | found[c].sum;
        own[1] = found[c].fresh << LOTS_WORD_ROWS;
    }
}

static lots_status add_units(lots_worker *worker, const lots_cells_plan *plan, day_rows *from, uint64_t *words, lots_error *err)
{
    const lots_day_units *units = &plan->units;
    const lots_id *ranks = NULL;
    uint32_t ids;
    if (plan->class_key != NONE)
        LOTS_TRY(lots_segment_ranks(worker->segment, plan->stream, plan->column, &ranks, &ids, err));
    LOTS_TRY(lots_new_words(lots_worker_arena(worker), from->rows, &from->fresh, err));
    for (uint32_t c = 0; c < from->classes->classes; c++)
        from->planes[c] = from->classes->masks + (size_t)c * from->classes->words;
    if (plan->day_key == NONE)
        add_unit(worker->kernels, from, INT32_MIN, INT32_MAX, ranks, words);
    for (uint32_t u = 0; plan->day_key != NONE && u < units->count; u++)
        add_unit(worker->kernels, from, (int64_t)units->low + units->first[u],
                 u + 1 < units->count ? (int64_t)units->low + units->first[u + 1] : INT32_MAX, ranks, words + (size_t)2 * plan->classes * u);
    return LOTS_OK;
}

bool lots_cells_has_by_day(lots_worker *worker, lots_cells_plan *plan, uint32_t column, uint32_t *count)
{
    day_rows from;
    return lots_cells_reach(worker, plan, count) && find_rows(worker, plan, column, &from);
}

lots_status lots_cells_by_day(lots_worker *worker, const lots_cells_plan *plan, uint32_t column, uint64_t **words, lots_error *err)
{
    day_rows from;
    void *room = NULL;
    const size_t count = 2 * (size_t)plan->classes * (plan->day_key == NONE ? 1 : plan->units.count);
    if (!find_rows(worker, plan, column, &from))
        return lots_fail(err, LOTS_INTERNAL, "rows by day that are not kept");
    LOTS_TRY(lots_arena_vector(lots_worker_arena(worker), &room, count, sizeof(uint64_t), err));
    memset(room, 0, count * sizeof(uint64_t));
    *words = room;
    worker->work.rows += from.rows;
    return add_units(worker, plan, &from, *words, err);
}
