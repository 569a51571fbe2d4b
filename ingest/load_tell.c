/* load_tell.c: what workers counted, added up into the result; rejects in the order of files and lines; and the check that
 * every row is accounted for. See load_inner.h. */
#include "core/base/memory.h"
#include "ingest/load_inner.h"

/* ---- counts ---- */

static void add_target(const lots_load *load, uint32_t target, lots_load_counts *out)
{
    for (unsigned i = 0; i < load->threads; i++) {
        const lots_convert_counts *read = &load->converters[i].counts[target];
        const lots_load_counts *later = &load->tallies[i].targets[target];
        out->rows += read->rows;
        out->rejected += read->rejected + later->rejected;
        out->filtered += read->filtered + later->filtered;
        out->loaded += read->taken + later->loaded;
        out->duplicates += later->duplicates;
        out->conflicts += later->conflicts;
        out->identical += later->identical;
        out->unattached += later->unattached;
        out->unknown_patient += later->unknown_patient;
        out->sentinels += read->sentinels;
        out->unmapped += read->unmapped;
        out->wrong_check_digit += read->wrong_check_digit;
        out->off_form += read->off_form;
        out->imprecise += read->imprecise;
    }
}

static lots_status check_sum(const lots_load_counts *counts, lots_error *err)
{
    if (counts->rows == counts->loaded + counts->rejected + counts->duplicates + counts->filtered)
        return LOTS_OK;
    return lots_fail(err, LOTS_INTERNAL, "%s%s%s: %ju rows, but %ju loaded, %ju rejected, %ju duplicates, %ju filtered",
                     counts->stream, counts->child[0] != '\0' ? "/" : "", counts->child, (uintmax_t)counts->rows,
                     (uintmax_t)counts->loaded, (uintmax_t)counts->rejected, (uintmax_t)counts->duplicates,
                     (uintmax_t)counts->filtered);
}

static lots_status tell_counts(lots_load *load, lots_error *err)
{
    lots_load_result *result = load->result;
    void *room;
    LOTS_TRY(lots_alloc(&room, load->target_count, sizeof *result->counts, err));
    result->counts = room;
    for (uint32_t target = 0; target < load->target_count; target++) {
        result->count_count++;
        lots_load_counts *counts = &result->counts[target];
        const char *name = load->targets[target].name, *child = load->targets[target].child;
        LOTS_TRY(lots_text_copy(&counts->stream, name, strlen(name), err));
        LOTS_TRY(lots_text_copy(&counts->child, child, strlen(child), err));
        add_target(load, target, counts);
        for (size_t i = 0; i < load->inputs.count; i++) {
            const lots_vec *sources = &LOTS_AT(lots_load_input, &load->inputs, i).sources;
            for (size_t j = 0; j < sources->count; j++)
                counts->files += load->target_of_source[LOTS_AT(uint32_t, sources, j)] == target;
        }
        LOTS_TRY(check_sum(counts, err));
        result->rows += counts->rows;
        result->loaded += counts->loaded;
        result->rejected += counts->rejected;
        result->duplicates += counts->duplicates;
        result->filtered += counts->filtered;
    }
    return LOTS_OK;
}

static lots_status tell_streams(lots_load *load, lots_error *err)
{
    lots_load_result *result = load->result;
    void *room;
    LOTS_TRY(lots_alloc(&room, load->stream_count, sizeof *result->streams, err));
    result->streams = room;
    for (uint32_t stream = 0; stream < load->stream_count; stream++) {
        lots_load_stream *out = &result->streams[stream];
        const char *name = load->schema.streams[stream].name;
        result->stream_count++;
        LOTS_TRY(lots_text_copy(&out->name, name, strlen(name), err));
        for (unsigned i = 0; i < load->threads; i++) {
            const lots_load_stream *from = &load->tallies[i].streams[stream];
            out->events += from->events;
            out->added += from->added;
            out->changed += from->changed;
            out->same += from->same;
            out->ghosts += from->ghosts;
            out->before_birth += from->before_birth;
            out->after_death += from->after_death;
            out->undated += from->undated;
        }
    }
    return LOTS_OK;
}

static lots_status tell_files(lots_load *load, lots_error *err)
{
    lots_load_result *result = load->result;
    void *room;
    LOTS_TRY(lots_alloc(&room, load->inputs.count, sizeof *result->files, err));
    result->files = room;
    for (size_t i = 0; i < load->inputs.count; i++) {
        const lots_load_input *input = &LOTS_AT(lots_load_input, &load->inputs, i);
        lots_load_file *out = &result->files[i];
        result->file_count++;
        LOTS_TRY(lots_text_copy(&out->path, input->path, strlen(input->path), err));
        out->bytes = input->bytes;
        out->hash = input->hash;
        out->rows = input->rows;
        out->separator = input->separator;
        out->separator_found = input->separator_found;
        result->bytes_read += input->bytes;
    }
    return LOTS_OK;
}

/* ---- rejects ---- */

static lots_status show_rejects(const lots_load *load, const lots_rejects *rejects, lots_error *err)
{
    lots_load_result *result = load->result;
    size_t count = rejects->items.count < LOTS_LOAD_REJECTS_SHOWN ? rejects->items.count : LOTS_LOAD_REJECTS_SHOWN;
    void *room;
    LOTS_TRY(lots_alloc(&room, count, sizeof *result->rejects, err));
    result->rejects = room;
    for (size_t i = 0; i < count; i++) {
        const lots_reject *from = &LOTS_AT(lots_reject, &rejects->items, i);
        lots_load_reject *out = &result->rejects[i];
        result->reject_count++;
        const char *path = LOTS_AT(lots_load_input, &load->inputs, from->file).path;
        out->line = from->line;
        LOTS_TRY(lots_text_copy(&out->file, path, strlen(path), err));
        LOTS_TRY(lots_text_copy(&out->column, from->column, strlen(from->column), err));
        LOTS_TRY(lots_text_copy(&out->value, from->value, strlen(from->value), err));
        LOTS_TRY(lots_text_copy(&out->reason, from->reason, strlen(from->reason), err));
    }
    return LOTS_OK;
}

static lots_status write_rejects(lots_load *load, const lots_rejects *rejects, lots_error *err)
{
    lots_load_result *result = load->result;
    const char *path = load->options->rejects_path;
    char *beside = NULL;
    void *room;
    if (rejects->items.count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_alloc(&room, load->inputs.count, sizeof(char *), err));
    const char **names = room;
    for (size_t i = 0; i < load->inputs.count; i++)
        names[i] = LOTS_AT(lots_load_input, &load->inputs, i).path;
    lots_status status = LOTS_OK;
    if (path == NULL)
        status = lots_arena_printf(&load->arena, &beside, err, "%s.rejects.csv", load->options->registry);
    if (status == LOTS_OK)
        status = lots_rejects_write(rejects, names, path != NULL ? path : beside, err);
    if (status == LOTS_OK)
        status = lots_text_copy(&result->rejects_path, path != NULL ? path : beside,
                                strlen(path != NULL ? path : beside), err);
    lots_free(names);
    return status;
}

static lots_status tell_rejects(lots_load *load, lots_error *err)
{
    lots_rejects *all = &load->converters[0].rejects;
    for (unsigned i = 0; i < load->threads; i++) {
        if (i > 0)
            LOTS_TRY(lots_rejects_merge(all, &load->converters[i].rejects, err));
        LOTS_TRY(lots_rejects_merge(all, &load->tallies[i].rejects, err));
    }
    lots_rejects_settle(all);
    LOTS_TRY(show_rejects(load, all, err));
    return write_rejects(load, all, err);
}

lots_status lots_load_tell(lots_load *load, lots_error *err)
{
    LOTS_TRY(tell_files(load, err));
    LOTS_TRY(tell_counts(load, err));
    LOTS_TRY(tell_streams(load, err));
    return tell_rejects(load, err);
}

void lots_load_result_free(lots_load_result *result)
{
    for (size_t i = 0; i < result->count_count; i++) {
        lots_free(result->counts[i].stream);
        lots_free(result->counts[i].child);
    }
    for (size_t i = 0; i < result->stream_count; i++)
        lots_free(result->streams[i].name);
    for (size_t i = 0; i < result->file_count; i++)
        lots_free(result->files[i].path);
    for (size_t i = 0; i < result->reject_count; i++) {
        lots_free(result->rejects[i].file);
        lots_free(result->rejects[i].column);
        lots_free(result->rejects[i].value);
        lots_free(result->rejects[i].reason);
    }
    lots_free(result->counts);
    lots_free(result->streams);
    lots_free(result->files);
    lots_free(result->rejects);
    lots_free(result->rejects_path);
    *result = (lots_load_result){0};
}
