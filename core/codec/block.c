/* block.c: see block.h. A payload is the missing section (missing.h) when some but not all values are missing, then the
 * body in the block's encoding, with zstd over the body when the flag is set. A block that is constant has no body (its
 * value is the meta's min), and one where all is missing no payload at all. */
#include "core/codec/block.h"

#include <assert.h>

#include "core/base/hash.h"
#include "core/base/kernels.h"
#include "core/codec/absent.h"
#include "core/codec/entries.h"
#include "core/codec/missing.h"
#include "core/codec/numbers.h"
#include "core/codec/planes.h"
#include "core/codec/plain.h"
#include "core/codec/related.h"
#include "core/codec/rle.h"
#include "core/codec/text.h"
#include "core/codec/told.h"
#include "core/codec/zstd.h"

#define DENSE_ABOVE 32u /* one value in so many missing */

static size_t word_count_of(uint32_t count) { return count / 64 + (count % 64 != 0); }

/* ---- encoding ---- */
/* What one encode works with. */
typedef struct encoding_job {
    lots_values values;       /* without missing ones */
    int only;                 /* 1 + encoding, zstd flag off; 0: choose */
    bool zstd_wanted;         /* by force */
    bool cold;
    lots_arena *arena;
} encoding_job;

static lots_status encode_bits(encoding_job *job, lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    const lots_values *values = &job->values;
    const uint32_t runs = lots_bit_runs_count(values->data, values->count);
    const size_t raw_bytes = values->count / 8 + (values->count % 8 != 0), from = out->count;
    const bool first = *(const uint64_t *)values->data & 1;
    meta->min = runs == 1 && first ? 1 : 0;
    meta->max = runs == 1 && !first ? 0 : 1;
    if (runs == 1 && (job->only == 0 || job->only == 1 + LOTS_ENCODING_CONSTANT)) {
        meta->encoding = LOTS_ENCODING_CONSTANT;
        return LOTS_OK;
    }
    const bool force_runs = job->only == 1 + LOTS_ENCODING_RUNS;
    if (force_runs || (job->only == 0 && runs < raw_bytes)) {
        meta->encoding = LOTS_ENCODING_RUNS;
        LOTS_TRY(lots_bit_runs_encode(values->data, values->count, out, job->arena, err));
        if (force_runs || out->count - from < raw_bytes - raw_bytes / 8)
            return LOTS_OK;
        out->count = from;
    }
    if (job->only != 0 && job->only != 1 + LOTS_ENCODING_PLAIN)
        return lots_cannot_hold((lots_encoding)(job->only - 1), err);
    meta->encoding = LOTS_ENCODING_PLAIN;
    return lots_plain_bits_encode(values->data, values->count, out, err);
}

static lots_status encode_numbers(encoding_job *job, lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    lots_shape shape = {LOTS_ENCODING_CONSTANT, 0};
    LOTS_TRY(lots_numbers_encode(&job->values, job->only, out, &shape, &meta->min, &meta->max, job->arena, err));
    meta->encoding = shape.encoding;
    meta->width = shape.width;
    return LOTS_OK;
}

/* Body, then zstd over it where the rules of block.h allow it. */
static lots_status encode_body(encoding_job *job, lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    const size_t from = out->count;
    bool compact = false, shrunk = false;
    if (job->values.phys == LOTS_PHYS_TEXT) {
        const lots_texts texts = {job->values.data, job->values.text != NULL ? job->values.text : "",
                                  job->values.count};
        lots_shape shape;
        LOTS_TRY(lots_texts_encode(&texts, job->only, out, &shape, &compact, job->arena, err));
        meta->encoding = shape.encoding;
        meta->width = shape.width;
    } else if (job->values.phys == LOTS_PHYS_BITS) {
        LOTS_TRY(encode_bits(job, out, meta, err));
        compact = true;
    } else {
        LOTS_TRY(encode_numbers(job, out, meta, err));
        compact = meta->encoding != LOTS_ENCODING_PLAIN;
    }
    if (job->zstd_wanted || (job->only == 0 && (job->cold || !compact)))
        LOTS_TRY(lots_zstd_shrink(out, from, job->values.count, &shrunk, err));
    if (shrunk)
        meta->encoding |= LOTS_ENCODING_ZSTD;
    else if (job->zstd_wanted)
        return lots_fail(err, LOTS_USAGE, "zstd saves too little on these values");
    return LOTS_OK;
}

static bool wants_dense(const lots_values *values, uint32_t missing)
{
    if (values->phys == LOTS_PHYS_BITS || values->starts != NULL)
        return false;
    return values->phys == LOTS_PHYS_TEXT || missing > values->count / DENSE_ABOVE;
}

static lots_status encode_payload(const lots_values *values, encoding_job *job, lots_bytes *out, lots_block_meta *meta,
                                  lots_error *err)
{
    uint64_t *missing = NULL;
    void *none;
    if (values->missing != NULL)
        LOTS_TRY(lots_missing_copy(values->missing, values->count, &missing, &meta->missing, job->arena, err));
    if (meta->missing == values->count)
        return LOTS_OK;
    if (meta->missing == 0 && values->phys == LOTS_PHYS_BITS) {
        LOTS_TRY(lots_arena_alloc(job->arena, &none, word_count_of(values->count) + 8, 8, err));
        LOTS_TRY(lots_missing_fill(values, none, &job->values, job->arena, err)); /* clears bits beyond count */
    } else if (meta->missing == 0) {
        job->values = *values;
    } else {
        const bool dense = wants_dense(values, meta->missing);
        LOTS_TRY(lots_missing_write(missing, values->count, dense, out, job->arena, err));
        LOTS_TRY(dense ? lots_missing_drop(values, missing, meta->missing, &job->values, job->arena, err)
                       : lots_missing_fill(values, missing, &job->values, job->arena, err));
    }
    return encode_body(job, out, meta, err);
}

/* Told from another column: what is missing lies within. */
static lots_status encode_related(const lots_values *values, const lots_block_options *options, lots_arena *arena,
                                  lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    lots_values clean = *values;
    uint64_t *missing = NULL;
    if (values->missing != NULL)
        LOTS_TRY(lots_missing_copy(values->missing, values->count, &missing, &meta->missing, arena, err));
    if (meta->missing == values->count)
        return LOTS_OK;
    clean.missing = meta->missing > 0 ? missing : NULL;
    if (options->entries != NULL)
        return lots_entries_write(&clean, options->entries, out, meta, arena, err);
    return (options->parent->children != NULL ? lots_given_write : lots_classes_write)(&clean, options->parent, out, meta,
                                                                                       arena, err);
}

static lots_status encode_rows(const lots_values *values, const lots_block_options *options, encoding_job *job,
                               lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    const bool related = options != NULL && (options->entries != NULL || options->parent != NULL);
    return related ? encode_related(values, options, job->arena, out, meta, err)
                   : encode_payload(values, job, out, meta, err);
}

/* Without the rows that another column tells to be missing. */
static lots_status encode_rest(const lots_values *values, const lots_block_options *options, encoding_job *job,
                               lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    lots_absent_rest rest;
    lots_block_options of_rest = *options;
    LOTS_TRY(lots_absent_split(values, options, &rest, job->arena, err));
    if (rest.set == 0)
        return encode_rows(values, options, job, out, meta, err);
    of_rest.parent = options->parent != NULL ? &rest.parent : NULL;
    LOTS_TRY(lots_bytes_put_varint(out, rest.set, err));
    LOTS_TRY(encode_rows(&rest.values, &of_rest, job, out, meta, err));
    meta->encoding |= LOTS_ENCODING_ABSENT;
    meta->missing += rest.left_out;
    return LOTS_OK;
}

lots_status lots_block_encode(const lots_values *values, const lots_block_options *options, uint64_t salt,
                              lots_bytes *out, lots_block_meta *meta, lots_error *err)
{
    assert(values->phys < LOTS_PHYS_COUNT);
    const size_t from = out->count;
    encoding_job job = {.only = 0};
    if (options != NULL && options->only != 0) {
        job.only = 1 + ((options->only - 1) & ~LOTS_ENCODING_ZSTD);
        job.zstd_wanted = ((options->only - 1) & LOTS_ENCODING_ZSTD) != 0;
    }
    job.cold = options != NULL && options->cold;
    *meta = (lots_block_meta){.encoding = LOTS_ENCODING_CONSTANT, .phys = (uint8_t)values->phys,
                              .count = values->count, .min = 0, .max = -1};
    lots_arena own;
    lots_arena_init(&own, 0);
    job.arena = options != NULL && options->scratch != NULL ? options->scratch : &own;
    const lots_arena_mark mark = lots_arena_save(job.arena);
    lots_status status = options != NULL && options->absent != NULL ? encode_rest(values, options, &job, out, meta, err)
                                                                    : encode_rows(values, options, &job, out, meta, err);
    lots_arena_restore(job.arena, mark);
    lots_arena_free(&own);
    if (status == LOTS_OK && out->count - from > UINT32_MAX)
        status = lots_fail(err, LOTS_LIMIT, "a block of %u values takes %zu bytes, over 4 GiB", values->count,
                           out->count - from);
    if (status != LOTS_OK) {
        out->count = from;
        return status;
    }
    meta->bytes = (uint32_t)(out->count - from);
    meta->checksum = lots_hash(out->data + from, meta->bytes, salt);
    return LOTS_OK;
}

/* ---- decoding ---- */
lots_status lots_block_verify(const lots_block_meta *meta, const uint8_t *bytes, uint64_t salt, lots_error *err)
{
    const uint64_t found = lots_hash(bytes, meta->bytes, salt);
    if (found == meta->checksum)
        return LOTS_OK;
    return lots_fail(err, LOTS_CORRUPT, "a block of %u bytes has checksum %016llx, should have %016llx", meta->bytes,
                     (unsigned long long)found, (unsigned long long)meta->checksum);
}

static lots_status decode_bits(const lots_block_meta *meta, uint8_t encoding, lots_reader *reader, uint64_t *out,
                               lots_arena *arena, lots_error *err)
{
    if (encoding == LOTS_ENCODING_RUNS)
        return lots_bit_runs_decode(reader, meta->count, out, arena, err);
    if (encoding == LOTS_ENCODING_PLAIN)
        return lots_plain_bits_decode(reader, meta->count, out, err);
    if (encoding != LOTS_ENCODING_CONSTANT || meta->min != meta->max || (uint64_t)meta->min > 1)
        return lots_fail(err, LOTS_CORRUPT, "bits in encoding %u from %lld to %lld", encoding, (long long)meta->min,
                         (long long)meta->max);
    memset(out, 0, word_count_of(meta->count) * 8);
    if (meta->min == 1)
        lots_kernels_get()->bits_not(out, meta->count, out);
    return LOTS_OK;
}

/* The body's `count` values into `data`. */
static lots_status decode_body(const lots_block_meta *meta, uint32_t count, lots_reader *reader, void *data,
                               lots_values_out *out, lots_arena *arena, lots_error *err)
{
    const uint8_t encoding = meta->encoding & (uint8_t)~LOTS_ENCODING_ZSTD;
    if (meta->encoding & LOTS_ENCODING_ZSTD)
        LOTS_TRY(lots_zstd_open(reader, count, arena, err));
    if (meta->phys == LOTS_PHYS_TEXT)
        LOTS_TRY(lots_texts_decode(encoding, reader, count, data, &out->text, arena, err));
    else if (meta->phys == LOTS_PHYS_BITS)
        LOTS_TRY(decode_bits(meta, encoding, reader, data, arena, err));
    else
        LOTS_TRY(lots_numbers_decode(meta, encoding, reader, count, (lots_starts){out->starts, out->starts_count},
                                     out->believed, data, arena, err));
    if (reader->at != reader->end)
        return lots_fail(err, LOTS_CORRUPT, "a block of %u values has %zu bytes too many", meta->count,
                         (size_t)(reader->end - reader->at));
    return LOTS_OK;
}

static lots_status decode_all_missing(const lots_block_meta *meta, lots_values_out *out, lots_error *err)
{
    if (meta->bytes != 0)
        return lots_fail(err, LOTS_CORRUPT, "a block where all %u values are missing has %u bytes", meta->count,
                         meta->bytes);
    const size_t words = word_count_of(meta->count);
    out->text = "";
    if (meta->phys == LOTS_PHYS_BITS)
        memset(out->data, 0, words * 8);
    else if (meta->phys == LOTS_PHYS_TEXT)
        memset(out->data, 0, ((size_t)meta->count + 1) * 4);
    else
        memset(out->data, 0, meta->count * lots_phys_bytes((lots_phys)meta->phys));
    if (out->missing == NULL || words == 0)
        return LOTS_OK;
    memset(out->missing, 0, words * 8);
    lots_kernels_get()->bits_not(out->missing, meta->count, out->missing);
    return LOTS_OK;
}

static lots_status decode_some_missing(const lots_block_meta *meta, lots_reader *reader, lots_values_out *out,
                                       lots_arena *arena, lots_error *err)
{
    bool dense;
    void *present;
    const lots_phys phys = (lots_phys)meta->phys;
    LOTS_TRY(lots_missing_read(reader, meta->count, meta->missing, out->missing, &dense, arena, err));
    if (dense ? phys == LOTS_PHYS_BITS : phys == LOTS_PHYS_TEXT)
        return lots_fail(err, LOTS_CORRUPT, "missing values of a block are laid out as none of its kind is");
    if (!dense) {
        LOTS_TRY(decode_body(meta, meta->count, reader, out->data, out, arena, err));
        lots_missing_clear(phys, out->missing, meta->count, out->data);
        return LOTS_OK;
    }
    const uint32_t count = meta->count - meta->missing;
    LOTS_TRY(lots_arena_vector(arena, &present, (size_t)count + 1, lots_phys_bytes(phys), err));
    LOTS_TRY(decode_body(meta, count, reader, present, out, arena, err));
    return lots_missing_spread(phys, present, out->missing, meta->count, out->data, arena, err);
}

lots_status lots_block_decode(const lots_block_meta *meta, const uint8_t *bytes, lots_values_out *out,
                              lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = out->after_bytes;
    if (meta->phys >= LOTS_PHYS_COUNT || meta->missing > meta->count)
        return lots_fail(err, LOTS_CORRUPT, "a block of kind %u has %u of %u values missing", meta->phys, meta->missing,
                         meta->count);
    if (meta->missing == meta->count)
        return decode_all_missing(meta, out, err);
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status;
    if (meta->encoding & LOTS_ENCODING_ABSENT) {
        assert(meta->missing == 0 || out->missing != NULL);
        status = lots_absent_decode(meta, bytes, out, scratch, err);
    } else if (lots_block_need(meta) != LOTS_NEED_NOTHING && (meta->encoding & ~LOTS_ENCODING_ZSTD) != LOTS_ENCODING_GAPS) {
        assert(meta->missing == 0 || out->missing != NULL);
        status = lots_told_decode(meta, &reader, out, scratch, err);
    } else if (meta->missing == 0) {
        if (out->missing != NULL)
            memset(out->missing, 0, word_count_of(meta->count) * 8);
        status = decode_body(meta, meta->count, &reader, out->data, out, scratch, err);
    } else {
        assert(out->missing != NULL);
        status = decode_some_missing(meta, &reader, out, scratch, err);
    }
    if (meta->phys != LOTS_PHYS_TEXT)
        lots_arena_restore(scratch, mark);
    return status;
}

static lots_status decode_first(lots_reader *reader, uint32_t of, uint32_t count, uint32_t *out, lots_arena *arena, lots_error *err)
{
    lots_frame_cursor frame;
    uint32_t size;
    LOTS_TRY(lots_frame_open_u32(reader, of, 0, &frame, arena, err));
    for (uint32_t at = 0; at < count && at < of; at += size)
        LOTS_TRY(lots_frame_next_u32(&frame, out + at, &size, err));
    return LOTS_OK;
}

lots_status lots_block_decode_first(const lots_block_meta *meta, const uint8_t *bytes, uint32_t count, lots_values_out *out,
                                    bool *done, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = out->after_bytes;
    *done = meta->phys == LOTS_PHYS_U32 && meta->encoding == LOTS_ENCODING_FRAME && meta->missing == 0;
    if (!*done)
        return LOTS_OK;
    const lots_arena_mark mark = lots_arena_save(scratch);
    const lots_status status = decode_first(&reader, meta->count, count, out->data, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

lots_status lots_block_decode_narrow(const lots_block_meta *meta, const uint8_t *bytes, size_t after_bytes, lots_narrow_values *out,
                                     bool *done, lots_arena *arena, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = after_bytes;
    *done = lots_numbers_are_narrow(meta);
    return *done ? lots_numbers_decode_narrow(meta, &reader, out, arena, err) : LOTS_OK;
}

/* ---- taking ---- */
bool lots_block_can_take(const lots_block_meta *meta)
{
    const uint8_t encoding = meta->encoding & (uint8_t)~LOTS_ENCODING_ABSENT;
    const bool related = meta->phys != LOTS_PHYS_BITS &&
                         (encoding == LOTS_ENCODING_ENTRIES || encoding == LOTS_ENCODING_LINKED ||
                          encoding == LOTS_ENCODING_GIVEN);
    return (related || lots_numbers_can_take(meta)) && meta->missing < meta->count;
}

static lots_status take_body(const lots_block_meta *meta, uint32_t count, lots_reader *reader, const uint32_t *rows,
                             uint32_t row_count, void *out, lots_arena *arena, lots_error *err)
{
    if (meta->encoding & LOTS_ENCODING_ZSTD)
        LOTS_TRY(lots_zstd_open(reader, count, arena, err));
    return lots_numbers_take(meta, meta->encoding & (uint8_t)~LOTS_ENCODING_ZSTD, reader, count, rows, row_count, out,
                             arena, err);
}

/* Places of the rows among the values there are; one that is missing has that of a neighbour. */
static lots_status places_of(const uint64_t *missing, uint32_t count, uint32_t present, const uint32_t *rows,
                             uint32_t row_count, const uint32_t **out, lots_arena *arena, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    const size_t words = word_count_of(count);
    void *bits, *before, *places;
    LOTS_TRY(lots_arena_vector(arena, &bits, words, sizeof(uint64_t), err));
    LOTS_TRY(lots_arena_vector(arena, &before, words + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(arena, &places, row_count, sizeof(uint32_t), err));
    kernels->bits_not(missing, count, bits);
    ((uint32_t *)before)[words] = kernels->count_prefix(bits, words, 0, before);
    kernels->bit_ranks(bits, before, rows, row_count, places);
    for (uint32_t k = row_count; k-- > 0 && ((uint32_t *)places)[k] >= present;)
        ((uint32_t *)places)[k] = present - 1;
    *out = places;
    return LOTS_OK;
}

static lots_status take_some_missing(const lots_block_meta *meta, lots_reader *reader, const uint32_t *rows,
                                     uint32_t row_count, lots_values_out *out, lots_arena *arena, lots_error *err)
{
    const lots_phys phys = (lots_phys)meta->phys;
    uint32_t count = meta->count;
    bool dense;
    void *missing;
    LOTS_TRY(lots_arena_vector(arena, &missing, word_count_of(count), sizeof(uint64_t), err));
    LOTS_TRY(lots_missing_read(reader, count, meta->missing, missing, &dense, arena, err));
    lots_kernels_get()->lookup_bits(rows, row_count, missing, count, out->missing);
    if (dense) {
        count -= meta->missing;
        LOTS_TRY(places_of(missing, meta->count, count, rows, row_count, &rows, arena, err));
    }
    LOTS_TRY(take_body(meta, count, reader, rows, row_count, out->data, arena, err));
    lots_missing_clear(phys, out->missing, row_count, out->data);
    return LOTS_OK;
}

lots_status lots_block_take(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *rows, uint32_t row_count,
                            lots_values_out *out, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    reader.slack = out->after_bytes;
    assert(lots_block_can_take(meta));
    const lots_arena_mark mark = lots_arena_save(scratch);
    const bool related = lots_block_need(meta) != LOTS_NEED_NOTHING, absent = (meta->encoding & LOTS_ENCODING_ABSENT) != 0;
    lots_status status = absent    ? lots_absent_take(meta, bytes, rows, row_count, out, scratch, err)
                         : related ? lots_told_take(meta, &reader, rows, row_count, out, scratch, err)
                         : meta->missing == 0
                             ? take_body(meta, meta->count, &reader, rows, row_count, out->data, scratch, err)
                             : take_some_missing(meta, &reader, rows, row_count, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

/* ---- testing ---- */
bool lots_block_can_test(const lots_block_meta *meta)
{
    const uint8_t encoding = meta->encoding & (uint8_t)~LOTS_ENCODING_ABSENT;
    return meta->phys == LOTS_PHYS_U32 && meta->missing < meta->count &&
           (encoding == LOTS_ENCODING_PLANES || encoding == LOTS_ENCODING_RUNS || encoding == LOTS_ENCODING_ENTRIES ||
            encoding == LOTS_ENCODING_LINKED);
}

static lots_status test_body(const lots_block_meta *meta, uint32_t count, lots_reader *reader, const lots_id_test *test,
                             const lots_values_out *from, uint64_t *out, uint32_t *greatest, lots_arena *scratch, lots_error *err)
{
    if (meta->encoding == LOTS_ENCODING_PLANES)
        return lots_planes_test(reader, count, test, from->believed, from->planes, out, greatest, scratch, err);
    return lots_runs_test(reader, count, test, from->believed, out, greatest, scratch, err);
}

/* The body's bits, spread over the values that are not missing. */
static lots_status test_some_missing(const lots_block_meta *meta, lots_reader *reader, const lots_id_test *test,
                                     const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                                     lots_arena *scratch, lots_error *err)
{
    const lots_kernels *kernels = lots_kernels_get();
    bool dense;
    void *bits, *present;
    LOTS_TRY(lots_missing_read(reader, meta->count, meta->missing, missing, &dense, scratch, err));
    if (!dense) {
        LOTS_TRY(test_body(meta, meta->count, reader, test, from, out, greatest, scratch, err));
        kernels->bits_and_not(out, missing, meta->count, out);
        return LOTS_OK;
    }
    LOTS_TRY(lots_arena_vector(scratch, &bits, word_count_of(meta->count), 8, err));
    LOTS_TRY(lots_arena_vector(scratch, &present, word_count_of(meta->count), 8, err));
    LOTS_TRY(test_body(meta, meta->count - meta->missing, reader, test, from, bits, greatest, scratch, err));
    kernels->bits_not(missing, meta->count, present);
    kernels->bits_expand(present, meta->count, bits, out);
    return LOTS_OK;
}

static lots_status test_rows(const lots_block_meta *meta, lots_reader *reader, const lots_id_test *test,
                             const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                             lots_arena *scratch, lots_error *err)
{
    if (meta->encoding == LOTS_ENCODING_ENTRIES || meta->encoding == LOTS_ENCODING_LINKED)
        return lots_told_test(meta, reader, test, from, out, missing, greatest, scratch, err);
    if (meta->missing == 0)
        return test_body(meta, meta->count, reader, test, from, out, greatest, scratch, err);
    return test_some_missing(meta, reader, test, from, out, missing, greatest, scratch, err);
}

lots_status lots_block_test(const lots_block_meta *meta, const uint8_t *bytes, const lots_id_test *test,
                            const lots_values_out *from, uint64_t *out, uint64_t *missing, uint32_t *greatest,
                            lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    assert(lots_block_can_test(meta));
    const lots_arena_mark mark = lots_arena_save(scratch);
    if (meta->encoding & LOTS_ENCODING_ABSENT) {
        lots_status absent = lots_absent_test(meta, bytes, test, from, out, missing, greatest, scratch, err);
        lots_arena_restore(scratch, mark);
        return absent;
    }
    lots_status status = test_rows(meta, &reader, test, from, out, missing, greatest, scratch, err);
    lots_arena_restore(scratch, mark);
    if (status == LOTS_OK && !from->believed && reader.at != reader.end)
        status = lots_fail(err, LOTS_CORRUPT, "a block of %u values has %zu bytes too many", meta->count,
                           (size_t)(reader.end - reader.at));
    return status;
}

/* ---- lengths of lists ---- */

static bool is_one_length(const lots_block_meta *meta) { return meta->min == meta->max && meta->min > 0; }

bool lots_block_can_place(const lots_block_meta *meta)
{
    return meta->phys == LOTS_PHYS_U32 && meta->missing == 0 && meta->count > 0 &&
           (is_one_length(meta) || meta->encoding == LOTS_ENCODING_PLANES);
}

lots_status lots_block_elements_before(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *lists,
                                       uint32_t list_count, uint32_t *out, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    assert(lots_block_can_place(meta));
    if (is_one_length(meta)) {
        for (uint32_t i = 0; i < list_count; i++)
            out[i] = (uint32_t)meta->min * lists[i];
        return LOTS_OK;
    }
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = lots_planes_sums(&reader, meta->count, lists, list_count, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

lots_status lots_block_lists_of(const lots_block_meta *meta, const uint8_t *bytes, const uint32_t *elements,
                                uint32_t element_count, uint32_t *out, lots_arena *scratch, lots_error *err)
{
    lots_reader reader = lots_reader_over(bytes, meta->bytes);
    assert(lots_block_can_place(meta));
    if (is_one_length(meta)) {
        for (uint32_t i = 0; i < element_count; i++)
            out[i] = elements[i] / (uint32_t)meta->min;
        return element_count == 0 || out[element_count - 1] < meta->count
                   ? LOTS_OK
                   : lots_fail(err, LOTS_CORRUPT, "element %u is in none of %u lists", elements[element_count - 1],
                               meta->count);
    }
    const lots_arena_mark mark = lots_arena_save(scratch);
    lots_status status = lots_planes_find(&reader, meta->count, elements, element_count, out, scratch, err);
    lots_arena_restore(scratch, mark);
    return status;
}

enum { ENCODINGS_NAMED = LOTS_ENCODING_STEPS + 1 };

const char *lots_encoding_name(uint8_t encoding)
{
    static const char *const names[4][ENCODINGS_NAMED] = {
        {"constant", "frame", "gaps", "delta", "runs", "dict", "plain", "planes", "decimal", "entries", "linked", "given",
         "classes", "steps"},
        {"constant+zstd", "frame+zstd", "gaps+zstd", "delta+zstd", "runs+zstd", "dict+zstd", "plain+zstd",
         "planes+zstd", "decimal+zstd", "?", "?", "?", "?", "steps+zstd"},
        {"constant+absent", "frame+absent", "?", "delta+absent", "runs+absent", "dict+absent", "plain+absent",
         "planes+absent", "decimal+absent", "?", "?", "given+absent", "?", "steps+absent"},
        {"constant+zstd+absent", "frame+zstd+absent", "?", "delta+zstd+absent", "runs+zstd+absent", "dict+zstd+absent",
         "plain+zstd+absent", "planes+zstd+absent", "decimal+zstd+absent", "?", "?", "?", "?", "steps+zstd+absent"}};
    const unsigned low = encoding & 15u, flags = encoding >> 4;
    return flags > 3 || low >= ENCODINGS_NAMED ? "?" : names[flags][low];
}
