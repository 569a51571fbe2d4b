/* nonzero.c: the few values of a block that are not 0, found without the others: the part of block.h about them. Visits end on the day
 * they start, so of most contacts nothing has to be looked at to know that they are over. */
#include "core/base/kernels.h"
#include "core/codec/block.h"
#include "core/codec/missing.h"
#include "core/codec/rle.h"
#include "core/index/bitset.h"

/* The runs have a place for each row, also where its value is missing. */
static bool can_tell(const lots_block_meta *meta)
{
    return meta->phys == LOTS_PHYS_I32 && meta->encoding == LOTS_ENCODING_RUNS && meta->missing < meta->count;
}

/* `mask` without missing values; *done unless these have no place among the others. */
static lots_status leave_missing(const lots_block_meta *meta, lots_reader *reader, const uint64_t **mask, uint64_t *missing, bool *done,
                                 lots_arena *scratch, lots_error *err)
{
    bool dense = false;
    void *left;
    LOTS_TRY(lots_missing_read(reader, meta->count, meta->missing, missing, &dense, scratch, err));
    LOTS_TRY(lots_arena_vector(scratch, &left, lots_bit_words(meta->count), sizeof(uint64_t), err));
    lots_kernels_get()->bits_and_not(*mask, missing, meta->count, left);
    *mask = left;
    *done = !dense;
    return LOTS_OK;
}

lots_status lots_block_take_nonzero(const lots_block_meta *meta, const uint8_t *bytes, const uint64_t *mask, lots_nonzero *out,
                                    bool *done, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    lots_status status = LOTS_OK;
    *done = can_tell(meta);
    if (!*done)
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    out->has_missing = meta->missing > 0;
    if (out->has_missing)
        status = leave_missing(meta, &reader, &mask, out->missing, done, scratch, err);
    if (status == LOTS_OK && *done)
        status = lots_runs_take_nonzero(&reader, meta->count, mask, out->rows, (uint32_t *)out->values, &out->count, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}
