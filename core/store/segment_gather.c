/* segment_gather.c: the values of one column in one chunk, as the codec wants them. The rows of a chunk are neighbours in the
 * batch, so most columns go to the codec where they lie; ids become local ids, ends durations, bytes bits, in scratch memory.
 * And what a tied column is told from. */
#include "core/base/memory.h"
#include "core/index/bitset.h"
#include "core/store/segment_column.h"

/* ---- rows of a chunk ---- */

/* Eight bytes of 0 or 1 into eight bits. */
static uint64_t pack_eight(const uint8_t *flags)
{
    return (lots_get64(flags) & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

static void pack_flags(const uint8_t *flags, size_t count, uint64_t *words)
{
    memset(words, 0, lots_bit_words(count) * sizeof *words);
    size_t i = 0;
    for (; i + 8 <= count; i += 8)
        words[i / 64] |= pack_eight(flags + i) << (i % 64);
    for (; i < count; i++)
        if (flags[i])
            lots_bit_set(words, i);
}

/* *out is the bitmap of missing rows, NULL when none is; *missing how many. */
static lots_status pack_missing(lots_column_job *column, uint32_t first, uint32_t count, uint64_t **out, uint32_t *missing,
                                lots_error *err)
{
    const uint8_t *flags = (const uint8_t *)column->batch->missing.data + first;
    void *words;
    *out = NULL;
    *missing = 0;
    if (memchr(flags, 1, count) == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &words, lots_bit_words(count), sizeof **out, err));
    pack_flags(flags, count, words);
    *out = words;
    *missing = (uint32_t)lots_bits_count(words, count);
    return LOTS_OK;
}

/* ---- values of one chunk ---- */

/* A byte for each id first: bits of one word would wait for each other. */
static lots_status mark_present(lots_column_job *column, const uint32_t *local, uint32_t count, const uint64_t *missing,
                                uint32_t chunk, lots_error *err)
{
    const uint32_t ids = column->ids;
    const size_t base = (size_t)chunk * ids;
    void *room;
    LOTS_TRY(lots_arena_alloc(&column->job->scratch, &room, ids, 1, err));
    uint8_t *seen = room;
    if (missing == NULL)
        for (uint32_t i = 0; i < count; i++)
            seen[local[i]] = 1;
    else
        for (uint32_t i = 0; i < count; i++)
            seen[local[i]] |= !lots_bit_get(missing, i);
    for (uint32_t id = 0; id < ids; id++)
        if (seen[id])
            lots_bit_set(column->presence, base + id);
    return LOTS_OK;
}

lots_status lots_column_localise(lots_column_job *column, size_t first, uint32_t count, const uint64_t *missing,
                                 uint32_t chunk, const void **out, lots_error *err)
{
    const lots_id *ids = (const lots_id *)column->batch->values.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, count, sizeof(uint32_t), err));
    uint32_t *local = room;
    *out = local;
    if (missing == NULL)
        for (uint32_t i = 0; i < count; i++)
            local[i] = column->local_of_stable[ids[i]];
    else
        for (uint32_t i = 0; i < count; i++)
            local[i] = lots_bit_get(missing, i) ? 0 : column->local_of_stable[ids[i]];
    return column->presence != NULL ? mark_present(column, local, count, missing, chunk, err) : LOTS_OK;
}

/* Days from start to end; differences wrap, so that any two days come back. The days' own span is shown to readers. */
static lots_status make_durations(lots_column_job *column, uint32_t first, uint32_t count, const uint64_t *missing,
                                  lots_block_meta *shown, const void **out, lots_error *err)
{
    const int32_t *ends = (const int32_t *)column->batch->values.data + first;
    const int32_t *starts = (const int32_t *)column->ordered->values.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, count, sizeof(int32_t), err));
    int32_t *days = room, least = INT32_MAX, greatest = INT32_MIN;
    for (uint32_t i = 0; i < count; i++) {
        bool absent = missing != NULL && lots_bit_get(missing, i);
        days[i] = absent ? 0 : (int32_t)((uint32_t)ends[i] - (uint32_t)starts[i]);
        least = !absent && ends[i] < least ? ends[i] : least;
        greatest = !absent && ends[i] > greatest ? ends[i] : greatest;
    }
    shown->min = least;
    shown->max = greatest;
    *out = days;
    return LOTS_OK;
}

static lots_status rebase_text(lots_column_job *column, uint32_t first, uint32_t count, lots_values *values, lots_error *err)
{
    const uint32_t *offsets = (const uint32_t *)column->batch->offsets.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, (size_t)count + 1, sizeof(uint32_t), err));
    uint32_t *rebased = room;
    for (uint32_t i = 0; i <= count; i++)
        rebased[i] = offsets[i] - offsets[0];
    values->data = rebased;
    values->text = column->batch->values.count > 0 ? (const char *)column->batch->values.data + offsets[0] : "";
    return LOTS_OK;
}

/* Where each patient's rows begin within the chunk. */
static lots_status find_starts(lots_column_job *column, uint32_t chunk, lots_values *values, lots_error *err)
{
    const lots_layout *layout = &column->job->layout;
    const uint32_t *offsets = column->job->offsets[column->stream] + layout->firsts[chunk];
    uint32_t patients = layout->firsts[chunk + 1] - layout->firsts[chunk];
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, patients, sizeof(uint32_t), err));
    uint32_t *starts = room;
    for (uint32_t i = 0; i < patients; i++)
        starts[i] = offsets[i] - offsets[0];
    values->starts = starts;
    values->starts_count = patients;
    return LOTS_OK;
}

/* Point `values` at the chunk's values as the codec wants them. */
static lots_status gather_values(lots_column_job *column, uint32_t chunk, uint32_t first, lots_values *values,
                                 lots_block_meta *shown, lots_error *err)
{
    const lots_batch_column *batch = column->batch;
    const char *data = batch->values.data;
    void *words;
    switch (batch->phys) {
    case LOTS_PHYS_BITS:
        LOTS_TRY(lots_arena_vector(&column->job->scratch, &words, lots_bit_words(values->count), 8, err));
        pack_flags((const uint8_t *)data + first, values->count, words);
        values->data = words;
        return LOTS_OK;
    case LOTS_PHYS_U32:
        return lots_column_localise(column, first, values->count, values->missing, chunk, &values->data, err);
    case LOTS_PHYS_TEXT:
        return rebase_text(column, first, values->count, values, err);
    case LOTS_PHYS_I32:
        if (column->layout->flags & LOTS_COLUMN_DURATION)
            return make_durations(column, first, values->count, values->missing, shown, &values->data, err);
        values->data = data + (size_t)first * 4;
        return column->layout->flags & LOTS_COLUMN_ORDERED && values->missing == NULL
                   ? find_starts(column, chunk, values, err)
                   : LOTS_OK;
    case LOTS_PHYS_I64:
    case LOTS_PHYS_F64:
    case LOTS_PHYS_COUNT:
        break;
    }
    values->data = data + (size_t)first * 8;
    return LOTS_OK;
}

lots_status lots_column_gather(lots_column_job *column, uint32_t chunk, lots_values *values, uint32_t *missing,
                               lots_block_meta *shown, lots_error *err)
{
    const uint32_t first = lots_column_first_row(column, chunk);
    uint64_t *words = NULL;
    *missing = 0;
    if (values->count > 0)
        LOTS_TRY(pack_missing(column, first, values->count, &words, missing, err));
    values->missing = words;
    return *missing < values->count ? gather_values(column, chunk, first, values, shown, err) : LOTS_OK;
}

/* ---- ties ---- */

/* Local ids of a chunk, the count of ids where they are missing. */
static lots_status parent_ids(const lots_column_job *column, uint32_t chunk, uint32_t count, const uint32_t **out,
                              lots_error *err)
{
    const uint32_t first = lots_column_first_row(column, chunk);
    const lots_id *ids = (const lots_id *)column->batch->values.data + first;
    const uint8_t *missing = (const uint8_t *)column->batch->missing.data + first;
    void *room;
    LOTS_TRY(lots_arena_vector(&column->job->scratch, &room, count, sizeof(uint32_t), err));
    uint32_t *local = room;
    for (uint32_t i = 0; i < count; i++)
        local[i] = missing[i] ? column->ids : column->local_of_stable[ids[i]];
    *out = local;
    return LOTS_OK;
}

lots_status lots_column_tie(lots_column_job *column, uint32_t chunk, lots_told *out, lots_error *err)
{
    const uint32_t rows = column->layout_stream->rows[chunk];
    out->options = column->options;
    if (rows == 0)
        return LOTS_OK;
    if (column->absent) {
        const lots_column_job *by = &column->of->columns[column->absent_by];
        out->absence.count = by->ids;
        LOTS_TRY(parent_ids(by, chunk, rows, &out->absence.ids, err));
        out->options.absent = &out->absence;
    }
    if (column->tie == LOTS_TIE_LEADS || column->tie == LOTS_TIE_LINKED) {
        out->entries = column->of->entries[chunk];
        if (column->tie == LOTS_TIE_LINKED)
            out->entries.index = NULL;
        out->options.entries = out->entries.count > 0 ? &out->entries : NULL;
    } else if (column->tie != LOTS_TIE_NONE) {
        const lots_column_job *of = &column->of->columns[column->parent];
        out->parent = (lots_parent){.count = of->ids, .firsts = column->firsts, .children = column->children};
        LOTS_TRY(parent_ids(of, chunk, rows, &out->parent.ids, err));
        out->options.parent = &out->parent;
    }
    return LOTS_OK;
}
