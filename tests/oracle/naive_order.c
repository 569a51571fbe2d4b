/* naive_order.c: rows into events: the total order, ends and spans, ghosts. */
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/naive_inner.h"

enum { UNDECLARED = 1 << 30 };

static void *get(lots_arena *arena, size_t count, size_t size)
{
    void *out;
    lots_error err;
    if (lots_arena_alloc(arena, &out, count, size, &err) != LOTS_OK)
        abort();
    return out;
}

static int whole(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* What is made of a stream's records stands where they do, after them. */
static int compare_streams(const naive_event *a, const naive_event *b)
{
    const naive_event *x = a, *y = b;
    while (x->first != NULL)
        x = x->first;
    while (y->first != NULL)
        y = y->first;
    return x->stream != y->stream ? whole(x->stream, y->stream) : whole(a->stream, b->stream);
}

/* All but what tells records of one stream apart. */
static int compare_head(const naive_event *a, const naive_event *b)
{
    int order = whole(a->start, b->start);
    order = order != 0 ? order : whole(a->minute, b->minute);
    order = order != 0 ? order : whole(a->rank, b->rank);
    if (order == 0 && a->rank == UNDECLARED)
        order = strcmp(a->level, b->level);
    order = order != 0 ? order : whole(a->raw_end, b->raw_end);
    return order != 0 ? order : compare_streams(a, b);
}

/* Content: a missing value last. */
static int compare_content(const naive_event *a, const naive_event *b)
{
    for (uint32_t i = 0; i < a->shape->count && i < b->shape->count; i++) {
        const naive_value *x = &a->cells[i], *y = &b->cells[i];
        const int order = x->missing || y->missing ? (int)x->missing - (int)y->missing : naive_compare(x, y);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Episodes of one span: by key, a missing one first; then as their first events. */
int naive_event_compare(const naive_event *a, const naive_event *b)
{
    int order = compare_head(a, b);
    if (order != 0)
        return order;
    if (a->key != NULL && b->key != NULL)
        order = naive_compare(a->key, b->key);
    if (order == 0 && a->first != NULL && b->first != NULL)
        order = naive_event_compare(a->first, b->first);
    return order != 0 || a->first != NULL ? order : whole(a->place, b->place);
}

const naive_value *naive_event_cell(const naive_event *event, const char *name)
{
    for (uint32_t i = 0; i < event->shape->count; i++)
        if (strcmp(event->shape->names[i], name) == 0)
            return &event->cells[i];
    return NULL;
}

/* ---- making events ---- */

static const lots_level *find_level(const lots_stream *stream, const char *level)
{
    for (uint32_t i = 0; level != NULL && i < stream->level_count; i++)
        if (strcmp(stream->levels[i].value, level) == 0)
            return &stream->levels[i];
    return NULL;
}

static const naive_value *role_cell(const lots_stream *stream, const naive_row *row, lots_role role)
{
    for (uint32_t i = 0; i < stream->column_count; i++)
        if (stream->columns[i].role == role)
            return row->cells[i].missing ? NULL : &row->cells[i];
    return NULL;
}

/* The columns of a stream, `stream`, and `end` at the end where the stream has none of its own. */
static const naive_shape *make_shape(const lots_stream *stream, lots_arena *arena)
{
    naive_shape *shape = get(arena, 1, sizeof *shape);
    bool has_end = false;
    shape->names = get(arena, stream->column_count + 2, sizeof *shape->names);
    for (uint32_t i = 0; i < stream->column_count; i++) {
        shape->names[i] = stream->columns[i].name;
        has_end = has_end || stream->columns[i].role == LOTS_ROLE_END;
    }
    shape->names[stream->column_count] = "stream";
    shape->names[stream->column_count + 1] = "end";
    shape->count = stream->column_count + (has_end ? 1 : 2);
    return shape;
}

static int64_t last_day(const naive_data *data, uint32_t stream, uint32_t patient)
{
    const naive_value *death = role_cell(&data->schema->streams[0], &data->rows[0][patient], LOTS_ROLE_DEATH);
    const int64_t until = data->covered_until[stream];
    return death != NULL && death->number < until ? death->number : until;
}

/* What the language calls the end, where the span ends, and whether it is open. */
static void find_span(const naive_data *data, const lots_stream *stream, const naive_value *end, naive_event *event,
                      lots_span span)
{
    event->open = span == LOTS_SPAN_OPEN && end == NULL;
    event->has_span_end = span != LOTS_SPAN_CLOSED || end != NULL;
    event->span_end = span == LOTS_SPAN_POINT ? event->start : end != NULL ? end->number : INT64_MAX;
    if (event->open)
        event->span_end = last_day(data, event->stream, event->patient);
    if (event->open && stream->ghost_days != 0)
        event->ghost = event->span_end - event->start > stream->ghost_days;
    if (event->open && event->span_end < event->start) /* after death: that it began is all there is */
        event->span_end = event->start;
}

static void make_event(const naive_data *data, uint32_t at, uint32_t index, const naive_shape *shape, naive_event *out,
                       lots_arena *arena)
{
    const lots_stream *stream = &data->schema->streams[at];
    const naive_row *row = &data->rows[at][index];
    const naive_value *start = role_cell(stream, row, LOTS_ROLE_START), *minute, *end, *level;
    minute = role_cell(stream, row, LOTS_ROLE_MINUTE);
    end = role_cell(stream, row, LOTS_ROLE_END);
    level = role_cell(stream, row, LOTS_ROLE_LEVEL);
    const lots_level *declared = find_level(stream, level != NULL ? level->text : NULL);
    const lots_span span = declared != NULL && declared->has_span ? declared->span : stream->span;
    naive_value *cells = get(arena, shape->count, sizeof *cells);
    memcpy(cells, row->cells, stream->column_count * sizeof *cells);
    *out = (naive_event){.shape = shape, .cells = cells, .patient = row->patient, .stream = at};
    out->start = start != NULL ? start->number : INT64_MAX;
    out->minute = minute != NULL ? minute->number : INT64_MAX;
    out->raw_end = end != NULL && span != LOTS_SPAN_POINT ? end->number : INT64_MAX; /* points were delivered without */
    out->rank = declared != NULL ? declared->rank : level != NULL ? UNDECLARED : INT64_MAX;
    out->level = level != NULL ? level->text : NULL;
    find_span(data, stream, end, out, span);
    cells[stream->column_count] = naive_text(stream->name);
    for (uint32_t i = 0; i < shape->count; i++)
        if (strcmp(shape->names[i], "end") == 0)
            cells[i] = span == LOTS_SPAN_POINT ? naive_number(NAIVE_DATE, out->start)
                       : end != NULL           ? *end
                                               : naive_missing(NAIVE_DATE);
}

/* An undated stream is ordered by its record keys: as numbers when all of them are. They are made into numbers that stand
 * where the minute stands. */
static void order_by_keys(const lots_stream *stream, naive_event *events, uint32_t count)
{
    const int32_t key = lots_stream_find_role(stream, LOTS_ROLE_KEY);
    for (uint32_t i = 0; key >= 0 && i < count; i++) {
        const naive_value *id = &events[i].cells[key];
        if (id->missing || id->text[0] == 0 || strlen(id->text) > 18 || strspn(id->text, "0123456789") != strlen(id->text))
            return;
    }
    for (uint32_t i = 0; key >= 0 && i < count; i++)
        events[i].minute = strtoll(events[i].cells[key].text, NULL, 10);
}

static int by_patient_and_order(const void *a, const void *b)
{
    const naive_event *x = a, *y = b;
    if (x->patient != y->patient)
        return x->patient < y->patient ? -1 : 1;
    const int order = compare_head(x, y);
    return order != 0 ? order : compare_content(x, y);
}

/* An open stay with a later event of its level is no stay that still goes on. */
static void find_ghosts(naive_event *events, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; events[i].open && j < count && events[j].patient == events[i].patient; j++) {
            const char *a = events[i].level, *b = events[j].level;
            if (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0)
                events[i].ghost = true;
        }
}

/* The ghost column is the store's own: what was delivered in it says nothing. */
static void set_ghost(const lots_stream *stream, naive_event *event, naive_value ghost, lots_arena *arena)
{
    naive_value *cells = get(arena, event->shape->count, sizeof *cells);
    memcpy(cells, event->cells, event->shape->count * sizeof *cells);
    for (uint32_t i = 0; i < stream->column_count; i++)
        if (stream->columns[i].role == LOTS_ROLE_GHOST)
            cells[i] = ghost;
    event->cells = cells;
}

static void prepare_stream(naive_data *data, uint32_t at, lots_arena *arena)
{
    const lots_stream *stream = &data->schema->streams[at];
    const uint32_t count = data->row_count[at];
    const naive_shape *shape = make_shape(stream, arena);
    naive_event *events = get(arena, count, sizeof *events);
    for (uint32_t i = 0; i < count; i++) {
        make_event(data, at, i, shape, &events[i], arena);
        set_ghost(stream, &events[i], naive_missing(NAIVE_BOOL), arena);
    }
    if (stream->undated)
        order_by_keys(stream, events, count);
    qsort(events, count, sizeof *events, by_patient_and_order);
    for (uint32_t i = 0; i < count; i++)
        events[i].place = i;
    find_ghosts(events, count);
    for (uint32_t i = 0; i < count; i++)
        set_ghost(stream, &events[i], naive_bool(events[i].ghost), arena);
    data->sorted[at] = events;
    data->first[at] = get(arena, data->patients + 1, sizeof *data->first[at]);
    for (uint32_t i = 0; i < count; i++)
        data->first[at][events[i].patient + 1] = i + 1;
    for (uint32_t p = 0; p < data->patients; p++)
        if (data->first[at][p + 1] == 0)
            data->first[at][p + 1] = data->first[at][p];
}

void naive_prepare(naive_data *data, lots_arena *arena)
{
    for (uint32_t s = 1; s < data->schema->stream_count; s++)
        prepare_stream(data, s, arena);
}
