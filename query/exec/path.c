/* path.c: PATH: the texts of a set's elements in their order, as one text: `primary > emergency > inpatient`.
 *
 * Decided here. 1. Every event is a step, also one like the step before it: a path is the chain of what steps() pairs, and
 * two visits in a row are another course than one. 2. An event without a text is no step. 3. `gap` ends the path at the
 * first pair of steps whose distance, from the end of one to the start of the next, is longer or (the end is missing) not
 * known: the path is the first run of steps, not all that ever came. 4. With `max`, ` > …` tells that more followed.
 * Those of few steps by a category of few values are numbers first: path_number.c. */
#include <string.h>

#include "query/exec/candidates.h"
#include "query/exec/path.h"
#include "query/exec/step.h"

typedef struct path_maker {
    const lots_step *step;
    lots_element_list list;
    lots_vector names;
    const int32_t *starts;   /* by row of the list's relation; NULL: no gap is asked for */
    const lots_vector *ends; /* NULL: none has one */
} path_maker;

static bool goes_on(const path_maker *maker, uint32_t from, uint32_t to)
{
    const uint32_t row = maker->list.rows[from], next = maker->list.rows[to];
    if (maker->starts == NULL)
        return true;
    if (maker->ends == NULL || lots_vector_is_missing(maker->ends, row) || maker->starts[next] == INT32_MAX)
        return false;
    return (int64_t)maker->starts[next] - ((const int32_t *)maker->ends->data)[row] <= maker->step->expr->constant.i;
}

/* The next place in [from, end) that has a text; end: none. */
static uint32_t named_from(const path_maker *maker, uint32_t from, uint32_t end)
{
    while (from < end && lots_vector_is_missing(&maker->names, from))
        from++;
    return from;
}

static char *put(char *to, const char *text, size_t bytes)
{
    if (to == NULL || bytes == 0)
        return to;
    memcpy(to, text, bytes);
    return to + bytes;
}

/* The path of a row, into `to` unless it is NULL. Returns its length. */
static size_t make_path(const path_maker *maker, uint32_t row, char *to)
{
    const lots_text *names = maker->names.data;
    const uint32_t end = maker->list.offsets[row + 1], most = maker->step->expr->index;
    uint32_t at = named_from(maker, maker->list.offsets[row], end), steps = 0;
    size_t length = 0;
    while (at < end) {
        if (steps > 0) {
            to = put(to, LOTS_PATH_BETWEEN, sizeof LOTS_PATH_BETWEEN - 1);
            length += sizeof LOTS_PATH_BETWEEN - 1;
        }
        to = put(to, names[at].text, names[at].bytes);
        length += names[at].bytes;
        const uint32_t next = named_from(maker, at + 1, end);
        if (next == end || !goes_on(maker, at, next))
            return length;
        if (++steps == most) {
            put(to, LOTS_PATH_AND_MORE, sizeof LOTS_PATH_AND_MORE - 1);
            return length + sizeof LOTS_PATH_AND_MORE - 1;
        }
        at = next;
    }
    return length;
}

static lots_status open_maker(const lots_step *step, path_maker *out, lots_error *err)
{
    lots_vector value;
    *out = (path_maker){.step = step};
    LOTS_TRY(lots_element_list_make(step->worker, step->expr->set, step->rows, &out->list, err));
    LOTS_TRY(lots_value(step->worker, step->expr->operands[0], out->list.instance, &value, err));
    LOTS_TRY(lots_raise(&value, err));
    LOTS_TRY(lots_vector_flatten(step->arena, &value, &out->names, err));
    if (step->expr->constant.missing)
        return LOTS_OK;
    const int32_t end_column = out->list.relation->relation->end_column;
    LOTS_TRY(lots_relation_starts(step->worker, out->list.relation, &out->starts, err));
    if (end_column >= 0)
        LOTS_TRY(lots_relation_values(step->worker, out->list.relation, (uint32_t)end_column, &out->ends, err));
    return LOTS_OK;
}

/* All paths in one piece of memory: first their lengths, then the texts. */
static lots_status make_paths(const path_maker *maker, lots_vector *out, lots_error *err)
{
    const lots_step *step = maker->step;
    lots_text *paths = out->data;
    size_t total = 0;
    void *room = NULL;
    for (uint32_t i = 0; i < step->count; i++) {
        const uint32_t end = maker->list.offsets[i + 1];
        const size_t length = make_path(maker, i, NULL);
        if (length >= UINT32_MAX)
            return lots_fail(err, LOTS_LIMIT, "a path of %zu bytes: `max` shortens it", length);
        paths[i] = (lots_text){"", (uint32_t)length};
        total += length;
        if (named_from(maker, maker->list.offsets[i], end) < end)
            continue;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    LOTS_TRY(lots_arena_vector(step->arena, &room, total, 1, err));
    char *to = room;
    for (uint32_t i = 0; i < step->count; i++) {
        if (paths[i].bytes == 0)
            continue;
        paths[i].text = to;
        to += make_path(maker, i, to);
    }
    return LOTS_OK;
}

lots_status lots_eval_path(lots_step *step, lots_vector *out, lots_error *err)
{
    path_maker maker;
    LOTS_TRY(open_maker(step, &maker, err));
    LOTS_TRY(lots_step_new(step, out, err));
    step->worker->work.rows += maker.list.instance->count;
    return make_paths(&maker, out, err);
}
