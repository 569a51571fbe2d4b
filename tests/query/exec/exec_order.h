/* exec_order.h: what the language says of one event of a world: its end, its span, its place in the total order. For tests
 * that compute their answers with naive loops. */
#ifndef LOTS_EXEC_ORDER_H
#define LOTS_EXEC_ORDER_H

#include "tests/query/exec/exec_world.h"

static inline int stream_of(const world *w, const event *e)
{
    for (int s = S_CONTACTS; s < S_COUNT; s++)
        if (e >= w->events[s] && e < w->events[s] + w->event_count[s])
            return s;
    return -1;
}

static inline bool is_open(const world *w, const event *e)
{
    const int stream = stream_of(w, e);
    return e->end == NONE && (stream == S_HOMES || (stream == S_CONTACTS && e->level == 1));
}

static inline int32_t end_of(const world *w, const event *e)
{
    return e->end == NONE && stream_of(w, e) == S_CONTACTS && e->level != 1 ? e->start : e->end;
}

/* The last day of its span; NONE when a closed event has no end. */
static inline int32_t span_end_of(const world *w, const event *e)
{
    const person *who = &w->people[e->patient];
    if (!is_open(w, e))
        return end_of(w, e);
    const int32_t last = who->death != NONE && who->death < w->until ? who->death : w->until;
    return last > e->start ? last : e->start;
}

static inline int64_t place_of_level(const event *e)
{
    static const int64_t places[] = {1, 3, 100, 2};
    return e->level == NONE ? 1000 : places[e->level];
}

/* Start, minute, level, end (each missing last), stream, place in it. */
static inline int compare_events(const world *w, const event *a, const event *b)
{
    const event *both[2] = {a, b};
    int64_t keys[2][6];
    for (int i = 0; i < 2; i++) {
        const event *e = both[i];
        const int stream = stream_of(w, e);
        const int64_t key[6] = {e->start, e->minute == NONE ? INT32_MAX : e->minute, place_of_level(e),
                                e->end == NONE ? INT32_MAX : e->end, stream, (int64_t)(e - w->events[stream])};
        memcpy(keys[i], key, sizeof key);
    }
    for (int i = 0; i < 6; i++)
        if (keys[0][i] != keys[1][i])
            return keys[0][i] < keys[1][i] ? -1 : 1;
    return 0;
}

#define EACH(e, w, who, stream)                                                                           \
    for (const event *e = (w)->events[stream] + (who)->first[stream]; e < (w)->events[stream] + (who)->end[stream]; e++)

#endif
