/* load_feed.c: a feed's patients, in waves of some buckets: each is filled, settled and counted like rows that were read, then
 * the segments that are complete are written and what they held is let go. So memory is that of a wave, whatever the size of
 * the whole, but for the ids and the number of events of each patient. See load_feed.h and load_inner.h. */
#include <stdatomic.h>

#include "core/base/memory.h"
#include "ingest/load_inner.h"

enum { WAVE_SEGMENTS = 1 }; /* for each worker: what a wave holds stays in memory until it is written */

/* ---- numbers ---- */

static lots_status identify_all(lots_load *load, lots_error *err)
{
    const lots_load_feed *feed = load->options->feed;
    lots_numbering *numbering = &load->numbering;
    void *room = load->events;
    if (numbering->patients != 0)
        return lots_fail(err, LOTS_USAGE, "files name patients where a feed makes them");
    LOTS_TRY(feed->identify(feed->context, 0, feed->patients, &numbering->ids, &numbering->id_ends, err));
    numbering->patients = feed->patients;
    LOTS_TRY(lots_realloc(&room, (size_t)feed->patients + 1, sizeof *load->events, err));
    load->events = room;
    memset(load->events, 0, ((size_t)feed->patients + 1) * sizeof *load->events);
    return LOTS_OK;
}

/* ---- waves ---- */

static lots_status open_spare(lots_load *load, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, load->stream_count, sizeof *load->spare, err));
    load->spare = room;
    for (uint32_t s = 0; s < load->stream_count; s++)
        load->spare[s] = LOTS_VEC(lots_batch);
    return LOTS_OK;
}

static void close_spare(lots_load *load)
{
    for (uint32_t s = 0; s < load->stream_count; s++) {
        for (size_t i = 0; i < load->spare[s].count; i++)
            lots_batch_close(&LOTS_AT(lots_batch, &load->spare[s], i));
        lots_vec_free(&load->spare[s]);
    }
}

static uint64_t events_between(const lots_load *load, lots_patient first, lots_patient end)
{
    uint64_t events = 0;
    for (lots_patient i = first; i < end; i++)
        events += load->events[i];
    return events;
}

static void tell_progress(const lots_load *load, lots_patient done)
{
    const lots_load_options *options = load->options;
    if (options->progress != NULL)
        options->progress(options->progress_context, done, options->feed->patients, atomic_load(&load->rows_read));
}

static lots_status fill_wave(lots_load *load, lots_patient first, lots_patient end, lots_error *err)
{
    uint32_t before = load->bucket_count, step = load->options->feed->step;
    for (lots_patient at = first; at < end; at += step)
        LOTS_TRY(lots_load_add_bucket(load, at, end - at < step ? end : at + step, err));
    LOTS_TRY(lots_load_settle_between(load, before, load->bucket_count, err));
    atomic_fetch_add(&load->rows_read, events_between(load, first, end));
    return LOTS_OK;
}

/* The first wave is small, to learn how many events a patient has. */
static lots_status run_waves(lots_load *load, lots_error *err)
{
    const lots_load_feed *feed = load->options->feed;
    uint64_t most = load->options->segment_events != 0 ? load->options->segment_events : LOTS_SEGMENT_EVENTS, events = 0;
    lots_patient first = 0, wave = feed->step * load->threads;
    for (uint32_t held = 0; first < feed->patients;) {
        lots_patient end = feed->patients - first < wave ? feed->patients : first + wave;
        LOTS_TRY(fill_wave(load, first, end, err));
        events += events_between(load, first, end);
        LOTS_TRY(lots_load_write_until(load, end, end == feed->patients, err));
        LOTS_TRY(lots_load_let_go(load, &held, err));
        tell_progress(load, end);
        uint64_t patients = most * WAVE_SEGMENTS * load->threads * end / (events + 1);
        wave = patients > feed->patients ? feed->patients : (lots_patient)patients / feed->step * feed->step;
        wave = wave < feed->step ? feed->step : wave;
        first = end;
    }
    return LOTS_OK;
}

static lots_status feed_all(lots_load *load, lots_error *err)
{
    LOTS_TRY(run_waves(load, err));
    return lots_load_write_finish(load, err);
}

lots_status lots_load_feed_all(lots_load *load, lots_error *err)
{
    const lots_load_feed *feed = load->options->feed;
    if (load->base != NULL)
        return lots_fail(err, LOTS_USAGE, "a feed makes a new registry: it can't be added to one");
    LOTS_TRY(lots_load_cover(load, err));
    LOTS_TRY(identify_all(load, err));
    LOTS_TRY(feed->begin(feed->context, load, err));
    LOTS_TRY(open_spare(load, err));
    LOTS_TRY(lots_load_write_begin(load, err));
    lots_status status = feed_all(load, err);
    close_spare(load);
    lots_load_write_end(load);
    return status;
}
