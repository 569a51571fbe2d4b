/* order_ghost.c: see order_ghost.h. The idea: walk each patient's events from the last to the first and remember which
 * levels were met; a level without a value is a level of its own, and a stream without levels has just that one. */
#include "core/store/order_ghost.h"

#include "core/base/memory.h"

typedef struct ghost_job {
    const lots_order_context *context;
    const lots_comparer_column *start, *end, *level; /* level NULL: the stream has none */
    const lots_patient *patients;
    uint32_t level_count;
    uint8_t *open;   /* by stable id of the level, whether its span is open; [level_count]: no level */
    uint32_t *met;   /* the round in which the level was last met; a patient is a round, from 1 */
} ghost_job;

/* What the stream says, then what its levels say instead. */
static void fill_spans(ghost_job *job, const lots_dictionary *levels)
{
    const lots_stream *stream = job->context->stream;
    memset(job->open, stream->span == LOTS_SPAN_OPEN, (size_t)job->level_count + 1);
    for (uint32_t i = 0; levels != NULL && i < stream->level_count; i++) {
        const lots_level *level = &stream->levels[i];
        lots_id rank = lots_dictionary_find(levels, level->value, strlen(level->value));
        if (level->has_span && rank != LOTS_NO_ID)
            job->open[lots_dictionary_stable_of_rank(levels)[rank]] = level->span == LOTS_SPAN_OPEN;
    }
}

static uint32_t level_of(const ghost_job *job, uint32_t row)
{
    if (job->level == NULL || job->level->missing[row])
        return job->level_count;
    return ((const lots_id *)job->level->values)[row];
}

static bool open_too_long(const ghost_job *job, uint32_t row)
{
    const lots_order_context *context = job->context;
    lots_day until = context->covered_until;
    if (context->death != NULL && job->patients != NULL) {
        lots_day death = context->death[job->patients[row] - context->first_patient];
        until = death < until ? death : until;
    }
    if (context->stream->ghost_days == 0 || until == LOTS_DAY_MAX || job->start->missing[row])
        return false;
    return (int64_t)until - ((const int32_t *)job->start->values)[row] > context->stream->ghost_days;
}

static uint64_t mark_ghosts(ghost_job *job, uint32_t rows, uint8_t *ghosts)
{
    uint64_t found = 0;
    uint32_t round = 1;
    for (uint32_t row = rows; row-- > 0;) {
        if (row + 1 < rows && job->patients != NULL && job->patients[row] != job->patients[row + 1])
            round++;
        uint32_t level = level_of(job, row);
        bool open = job->open[level] && job->end->missing[row];
        ghosts[row] = open && (job->met[level] == round || open_too_long(job, row));
        found += ghosts[row];
        job->met[level] = round;
    }
    return found;
}

lots_status lots_order_find_ghosts(const lots_order_context *context, const lots_comparer *comparer,
                                   const lots_batch *batch, uint8_t *ghosts, uint64_t *found, lots_error *err)
{
    *found = 0;
    if (batch->rows > 0)
        memset(ghosts, 0, batch->rows);
    if (comparer->end == LOTS_NO_COLUMN || comparer->start == LOTS_NO_COLUMN || batch->rows == 0)
        return LOTS_OK;
    bool leveled = comparer->level != LOTS_NO_COLUMN;
    const lots_dictionary *levels = leveled ? context->domains[comparer->level] : NULL;
    ghost_job job = {.context = context,
                     .start = &comparer->columns[comparer->start],
                     .end = &comparer->columns[comparer->end],
                     .level = leveled ? &comparer->columns[comparer->level] : NULL,
                     .patients = batch->patient.count > 0 ? batch->patient.data : NULL,
                     .level_count = leveled ? lots_dictionary_count(levels) : 0};
    void *open = NULL, *met = NULL;
    lots_status status = lots_alloc(&open, (size_t)job.level_count + 1, 1, err);
    if (status == LOTS_OK)
        status = lots_alloc(&met, (size_t)job.level_count + 1, sizeof *job.met, err);
    if (status == LOTS_OK) {
        job.open = open;
        job.met = met;
        fill_spans(&job, levels);
        *found = mark_ghosts(&job, batch->rows, ghosts);
    }
    lots_free(open);
    lots_free(met);
    return status;
}
