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
    const uint64_t *sums; /* NULL: none are asked for */
    uint32_t rows;
    uint64_t *fresh;      /* room for their bits */
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
    if (column != LOTS_NO_VALUES && out->classes != NULL)
        out->sums = lots_segment_sums_by_day(segment, plan->stream, classes, out->classes, column, worker->chunk, arena);
    return out->order != NULL && out->classes != NULL && (column == LOTS_NO_VALUES || out->sums != NULL);
}

/* The place of the day in the order, or of that nearest to it. */
static uint32_t place_of(const lots_day_order *order, int64_t day)
{
    const int64_t place = day - order->first;
    return place < 0 ? 0 : place > order->days ? order->days : (uint32_t)place;
}

/* Days from `day` up to where the next unit begins, or all; and the words of its first cell. */
typedef struct unit_of_days {
    int64_t day, next;
    uint64_t *words;
} unit_of_days;

static unit_of_days unit_at(const lots_cells_plan *plan, uint32_t u, uint64_t *words)
{
    const lots_day_units *units = &plan->units;
    if (plan->day_key == NONE)
        return (unit_of_days){INT32_MIN, INT32_MAX, words};
    return (unit_of_days){(int64_t)units->low + units->first[u],
                          u + 1 < units->count ? (int64_t)units->low + units->first[u + 1] : INT32_MAX, words + (size_t)2 * plan->classes * u};
}

static uint64_t *words_of(const unit_of_days *unit, const lots_id *ranks, uint32_t class) { return unit->words + 2 * (ranks == NULL ? class : ranks[class]); }

/* What is read of a unit is far from that of the last, so it is fetched while rows are counted: into the second cache, as so many lines at
 * once are given up on their way to the first. In line, as gcc drops calls of what does no more than this. */
static inline __attribute__((always_inline)) void fetch_sums(const day_rows *from, const unit_of_days *unit)
{
    const uint64_t *begin = from->sums + (size_t)place_of(from->order, unit->day) * from->classes->classes;
    __builtin_prefetch(begin, 0, 2);
    __builtin_prefetch(begin + from->classes->classes - 1, 0, 2);
}

static void add_sums(const day_rows *from, const unit_of_days *unit, const lots_id *ranks)
{
    const uint32_t classes = from->classes->classes;
    const uint64_t *begin = from->sums + (size_t)place_of(from->order, unit->day) * classes;
    const uint64_t *end = from->sums + (size_t)place_of(from->order, unit->next) * classes;
    for (uint32_t c = 0; c < classes; c++)
        words_of(unit, ranks, c)[0] |= end[c] - begin[c];
}

static void add_rows(const lots_kernels *kernels, const day_rows *from, const unit_of_days *unit, const lots_id *ranks)
{
    lots_plane_rows found[LOTS_CLASSES_MAX];
    const uint32_t begin = from->order->starts[place_of(from->order, unit->day)], end = from->order->starts[place_of(from->order, unit->next)];
    const uint32_t first = begin / 64;
    const int64_t earlier = unit->day - from->order->first; /* days of the chunk that are of units before */
    if (begin == end)
        return;
    kernels->range_u16(from->classes->before + 64 * first, end - 64 * first, 0, (uint16_t)(earlier < 0 ? 0 : earlier), from->fresh + first);
    kernels->count_planes(from->planes, from->classes->classes, from->fresh, begin, end, found);
    for (uint32_t c = 0; c < from->classes->classes; c++) {
        words_of(unit, ranks, c)[0] = (found[c].rows - found[c].fresh) << LOTS_WORD_ROWS;
        words_of(unit, ranks, c)[1] = found[c].fresh << LOTS_WORD_ROWS;
    }
}

static lots_status add_units(lots_worker *worker, const lots_cells_plan *plan, day_rows *from, uint64_t *words, lots_error *err)
{
    const uint32_t units = plan->day_key == NONE ? 1 : plan->units.count;
    const lots_id *ranks = NULL;
    uint32_t ids;
    if (plan->class_key != NONE)
        LOTS_TRY(lots_segment_ranks(worker->segment, plan->stream, plan->column, &ranks, &ids, err));
    LOTS_TRY(lots_new_words(lots_worker_arena(worker), from->rows, &from->fresh, err));
    for (uint32_t c = 0; c < from->classes->classes; c++)
        from->planes[c] = from->classes->masks + (size_t)c * from->classes->words;
    for (uint32_t u = 0; from->sums != NULL && u < units; u++) {
        const unit_of_days unit = unit_at(plan, u, words);
        fetch_sums(from, &unit);
    }
    for (uint32_t u = 0; u < units; u++) {
        const unit_of_days unit = unit_at(plan, u, words);
        add_rows(worker->kernels, from, &unit, ranks);
    }
    for (uint32_t u = 0; from->sums != NULL && u < units; u++) {
        const unit_of_days unit = unit_at(plan, u, words);
        add_sums(from, &unit, ranks);
    }
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
