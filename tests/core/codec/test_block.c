/* Blocks: every encoding gives back what it was given, and damaged bytes are refused or give some value, never worse. */
#include "core/codec/frame.h"
#include "core/index/bitset.h"
#include "tests/core/codec/columns.h"

/* Where a block is decoded to: exactly the room the contract names. */
typedef struct target {
    lots_values_out out;
    lots_arena arena;
} target;

static size_t data_bytes(lots_phys phys, uint32_t count)
{
    if (phys == LOTS_PHYS_BITS)
        return (size_t)(count / 64 + 1) * 8;
    return ((size_t)count + (phys == LOTS_PHYS_TEXT)) * (phys == LOTS_PHYS_I64 || phys == LOTS_PHYS_F64 ? 8 : 4);
}

static target target_make(const lots_values *values)
{
    target made = {.out = {.starts = values->starts, .starts_count = values->starts_count}};
    made.out.data = malloc(data_bytes(values->phys, values->count) + 64);
    made.out.missing = malloc((size_t)(values->count + 63) / 64 * 8 + 64);
    lots_arena_init(&made.arena, 0);
    return made;
}

static void target_free(target *made)
{
    free(made->out.data);
    free(made->out.missing);
    lots_arena_free(&made->arena);
}

static bool is_missing(const lots_values *values, uint32_t i)
{
    return values->missing != NULL && (values->missing[i / 64] >> (i % 64) & 1) != 0;
}

/* The naive oracle: value by value. */
static void check_value(const lots_values *values, const lots_values_out *out, uint32_t i)
{
    const bool missing = is_missing(values, i);
    const size_t size = values->phys == LOTS_PHYS_I64 || values->phys == LOTS_PHYS_F64 ? 8 : 4;
    static const char zeros[8];
    assert_int_equal(missing, out->missing[i / 64] >> (i % 64) & 1);
    if (values->phys == LOTS_PHYS_BITS) {
        const uint64_t got = ((const uint64_t *)out->data)[i / 64] >> (i % 64) & 1;
        assert_int_equal(got, missing ? 0 : ((const uint64_t *)values->data)[i / 64] >> (i % 64) & 1);
    } else if (values->phys == LOTS_PHYS_TEXT) {
        const uint32_t *want = values->data, *got = out->data;
        assert_int_equal(got[i + 1] - got[i], missing ? 0 : want[i + 1] - want[i]);
        assert_memory_equal(out->text + got[i], values->text + want[i], got[i + 1] - got[i]);
    } else {
        assert_memory_equal((const char *)out->data + i * size,
                            missing ? zeros : (const char *)values->data + i * size, size);
    }
}

static int64_t number_at(const lots_values *values, uint32_t i)
{
    switch (values->phys) {
    case LOTS_PHYS_BITS:
        return (int64_t)(((const uint64_t *)values->data)[i / 64] >> (i % 64) & 1);
    case LOTS_PHYS_I32:
        return ((const int32_t *)values->data)[i];
    case LOTS_PHYS_U32:
        return ((const uint32_t *)values->data)[i];
    case LOTS_PHYS_I64:
        return ((const int64_t *)values->data)[i];
    default:
        return lots_f64_key(((const double *)values->data)[i]);
    }
}

static void check_meta(const lots_values *values, const lots_block_meta *meta)
{
    int64_t min = 0, max = -1;
    uint32_t missing = 0, seen = 0;
    for (uint32_t i = 0; i < values->count; i++) {
        missing += is_missing(values, i);
        if (is_missing(values, i) || values->phys == LOTS_PHYS_TEXT)
            continue;
        const int64_t number = number_at(values, i);
        min = seen == 0 || number < min ? number : min;
        max = seen == 0 || number > max ? number : max;
        seen++;
    }
    assert_int_equal(meta->count, values->count);
    assert_int_equal(meta->missing, missing);
    assert_int_equal(meta->phys, values->phys);
    assert_true(meta->min == min && meta->max == max);
}

/* Some rows taken are what decoding gives there: one in `step` from `from` on, each `times` times. */
static void check_taken(const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes,
                        const lots_values_out *whole, uint32_t from, uint32_t step, uint32_t times)
{
    lots_error err;
    lots_values room = *values;
    uint32_t *rows = malloc(((size_t)values->count * times + 16) * sizeof *rows);
    const size_t size = values->phys == LOTS_PHYS_I64 ? 8 : 4;
    room.count = 0;
    for (uint32_t row = from; row < values->count; row += step)
        for (uint32_t k = 0; k < times; k++)
            rows[room.count++] = row;
    target to = target_make(&room);
    assert_ok(lots_block_take(meta, bytes, rows, room.count, &to.out, &to.arena, &err));
    for (uint32_t k = 0; k < room.count; k++) {
        assert_memory_equal((const char *)to.out.data + k * size, (const char *)whole->data + rows[k] * size, size);
        if (meta->missing > 0)
            assert_int_equal(to.out.missing[k / 64] >> (k % 64) & 1, is_missing(values, rows[k]));
    }
    if (meta->missing > 0 && room.count % 64 != 0)
        assert_int_equal(to.out.missing[room.count / 64] >> (room.count % 64), 0);
    target_free(&to);
    free(rows);
}

/* The first values alone are what decoding all gives. */
static void check_first(const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes, uint32_t count)
{
    lots_error err;
    bool done;
    target to = target_make(values);
    assert_ok(lots_block_decode_first(meta, bytes, count, &to.out, &done, &to.arena, &err));
    assert_int_equal(done, meta->phys == LOTS_PHYS_U32 && meta->encoding == LOTS_ENCODING_FRAME && meta->missing == 0);
    if (done)
        assert_memory_equal(to.out.data, values->data, count * sizeof(uint32_t));
    target_free(&to);
}

/* What was decoded once is decoded again, whole and in part. */
static void check_again(const lots_values *values, const lots_block_meta *meta, const uint8_t *bytes, target *to)
{
    lots_error err;
    to->out.believed = true;
    assert_ok(lots_block_decode(meta, bytes, &to->out, &to->arena, &err));
    for (uint32_t i = 0; i < values->count; i++)
        check_value(values, &to->out, i);
    for (uint32_t count = 0; count <= values->count && meta->missing < meta->count; count += 700)
        check_first(values, meta, bytes, count);
    if (!lots_block_can_take(meta))
        return;
    check_taken(values, meta, bytes, &to->out, 0, 1, 1);
    check_taken(values, meta, bytes, &to->out, 3, 7, 2);
    check_taken(values, meta, bytes, &to->out, values->count / 2, 1100, 1);
    check_taken(values, meta, bytes, &to->out, values->count - 1, 1, 3);
    check_taken(values, meta, bytes, &to->out, values->count, 1, 1);
}

/* Encode, verify, decode, compare. False when the encoding asked for can't hold the values. */
static bool round_trip(const lots_values *values, const lots_block_options *options)
{
    lots_error err;
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    target to = target_make(values);
    const lots_status status = lots_block_encode(values, options, 42, &out, &meta, &err);
    if (status != LOTS_OK) {
        assert_int_equal(status, LOTS_USAGE);
        assert_true(options->only != 0);
        assert_int_equal(out.count, 0);
    } else {
        uint8_t *exact = malloc(meta.bytes + (meta.bytes == 0)); /* no byte may be read after the payload */
        assert_int_equal(meta.bytes, out.count);
        if (meta.bytes > 0)
            memcpy(exact, out.data, meta.bytes);
        check_meta(values, &meta);
        if (options->only != 0 && meta.missing < meta.count)
            assert_int_equal(meta.encoding, options->only - 1);
        assert_ok(lots_block_verify(&meta, exact, 42, &err));
        assert_ok(lots_block_decode(&meta, exact, &to.out, &to.arena, &err));
        for (uint32_t i = 0; i < values->count; i++)
            check_value(values, &to.out, i);
        if (values->count % 64 != 0) {
            assert_int_equal(to.out.missing[values->count / 64] >> (values->count % 64), 0);
            if (values->phys == LOTS_PHYS_BITS)
                assert_int_equal(((uint64_t *)to.out.data)[values->count / 64] >> (values->count % 64), 0);
        }
        check_again(values, &meta, exact, &to);
        free(exact);
    }
    lots_bytes_free(&out);
    target_free(&to);
    return status == LOTS_OK;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
static const uint32_t sizes[] = {0, 1, 2, 31, 32, 33, 64, 65, 127, 700, 1023, 1024, 1025, 2100};

static void values_come_back_as_they_were(void **state)
{
    static const unsigned missing[] = {0, 1, 20, 63, 64};
    (void)state;
    for (int phys = 0; phys < LOTS_PHYS_COUNT; phys++)
        for (int kind = 0; kind < COLUMN_KINDS; kind++)
            for (size_t s = 0; s < COUNT_OF(sizes); s++)
                for (size_t m = 0; m < COUNT_OF(missing); m++) {
                    column made = column_make((lots_phys)phys, (column_kind)kind, sizes[s], missing[m], s * 7 + m);
                    const lots_block_options hot = {.cold = false}, cold = {.cold = true};
                    assert_true(round_trip(&made.values, &hot));
                    if (m == 0 || s % 3 == 0)
                        assert_true(round_trip(&made.values, &cold));
                    column_free(&made);
                }
}

static void each_encoding_by_force_gives_the_values_back(void **state)
{
    static const uint32_t counts[] = {1, 2, 33, 100, 1024, 1500};
    unsigned held[LOTS_PHYS_COUNT][32] = {{0}};
    (void)state;
    for (int phys = 0; phys < LOTS_PHYS_COUNT; phys++)
        for (int kind = 0; kind < COLUMN_KINDS; kind++)
            for (size_t s = 0; s < COUNT_OF(counts); s++)
                for (unsigned missing = 0; missing <= 30; missing += 30)
                    for (int encoding = 0; encoding < 32; encoding++) {
                        column made = column_make((lots_phys)phys, (column_kind)kind, counts[s], missing, s);
                        const lots_block_options options = {.only = 1 + encoding};
                        if ((encoding & 15) <= LOTS_ENCODING_DECIMAL || (encoding & 15) == LOTS_ENCODING_STEPS)
                            held[phys][encoding] += round_trip(&made.values, &options);
                        column_free(&made);
                    }
    /* Nothing was refused that should be held. */
    for (int phys = LOTS_PHYS_I32; phys <= LOTS_PHYS_F64; phys++)
        for (int encoding = 0; encoding <= LOTS_ENCODING_PLANES; encoding++)
            assert_true((held[phys][encoding] > 0) == (encoding != LOTS_ENCODING_GAPS || phys == LOTS_PHYS_I32));
    for (int phys = LOTS_PHYS_I32; phys <= LOTS_PHYS_F64; phys++)
        assert_true(held[phys][LOTS_ENCODING_STEPS] > 0);
    assert_true(held[LOTS_PHYS_F64][LOTS_ENCODING_DECIMAL] > 0);
    assert_true(held[LOTS_PHYS_BITS][LOTS_ENCODING_RUNS] > 0 && held[LOTS_PHYS_BITS][LOTS_ENCODING_PLAIN] > 0);
    assert_true(held[LOTS_PHYS_TEXT][LOTS_ENCODING_DICT] > 0 && held[LOTS_PHYS_TEXT][LOTS_ENCODING_PLAIN] > 0);
    assert_true(held[LOTS_PHYS_TEXT][LOTS_ENCODING_PLAIN | LOTS_ENCODING_ZSTD] > 0);
}

static void a_large_block_comes_back(void **state)
{
    (void)state;
    for (int kind = 0; kind < COLUMN_KINDS; kind++) {
        column made = column_make(LOTS_PHYS_I32, (column_kind)kind, 16384 + 77, 0, 5);
        const lots_block_options hot = {.cold = false};
        assert_true(round_trip(&made.values, &hot));
        column_free(&made);
    }
}

/* Durations: 0 but for stays, which are put over it; and a column that only begins so. */
static void runs_of_one_usual_value_come_back(void **state)
{
    enum { COUNT = 4000 };
    static const struct {
        uint32_t every, of; /* the last `of` of `every` values are others */
        uint32_t before;    /* values before the first of these */
        uint32_t until;     /* from here on the usual ones and the others change places */
    } rows[] = {
        {20, 1, 0, COUNT},    {20, 3, 0, COUNT},  /* stays of one row, and of several */
        {20, 1, 19, COUNT},                       /* the first run is another value */
        {4, 1, 0, COUNT},     {3, 1, 0, COUNT},   /* a quarter of others, and more: none is usual */
        {20, 2, 0, 2000},                         /* what is usual changes after the runs that are looked at */
        {4000, 2, 0, COUNT},                      /* few runs */
    };
    static const lots_phys phys[] = {LOTS_PHYS_I32, LOTS_PHYS_I64};
    const lots_block_options options = {.only = 1 + LOTS_ENCODING_RUNS};
    (void)state;
    for (size_t r = 0; r < 2 * COUNT_OF(rows); r++) {
        column made = column_make(phys[r % 2], COLUMN_CONSTANT, COUNT, 0, 1);
        for (uint32_t i = 0; i < COUNT; i++) {
            const uint32_t place = (i + rows[r / 2].before) % rows[r / 2].every;
            const bool other = (place >= rows[r / 2].every - rows[r / 2].of) != (i >= rows[r / 2].until);
            const int32_t value = other ? (int32_t)(i % 97) - 40 : 0;
            if (r % 2 == 0)
                ((int32_t *)made.data)[i] = value;
            else
                ((int64_t *)made.data)[i] = value;
        }
        assert_true(round_trip(&made.values, &options));
        column_free(&made);
    }
}

/* ---- damage ---- */
/* Decode from a copy of exactly `bytes` bytes, so that the sanitizer sees a read after them. Any outcome but a crash. */
static void decode_damaged(const lots_values *values, lots_block_meta meta, const uint8_t *payload, target *to)
{
    lots_error err;
    uint8_t *exact = malloc(meta.bytes + (meta.bytes == 0));
    if (meta.bytes > 0)
        memcpy(exact, payload, meta.bytes);
    const lots_status status = lots_block_decode(&meta, exact, &to->out, &to->arena, &err);
    assert_true(status == LOTS_OK || status == LOTS_CORRUPT || status == LOTS_MEMORY);
    if (status == LOTS_OK && values->phys == LOTS_PHYS_TEXT) { /* every byte of every text may be read */
        const uint32_t *offsets = to->out.data;
        uint64_t sum = 0;
        assert_int_equal(offsets[0], 0);
        for (uint32_t i = 0; i < meta.count; i++)
            assert_true(offsets[i] <= offsets[i + 1]);
        for (uint32_t i = 0; i < offsets[meta.count]; i++)
            sum += (uint8_t)to->out.text[i];
        assert_true(sum < UINT64_MAX);
    }
    lots_arena_reset(&to->arena);
    free(exact);
}

static void damage(const lots_values *values, const lots_block_options *options)
{
    lots_error err;
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    if (lots_block_encode(values, options, 1, &out, &meta, &err) != LOTS_OK) {
        lots_bytes_free(&out);
        return;
    }
    target to = target_make(values);
    const uint32_t step = 1 + meta.bytes / 120;
    for (uint32_t bytes = 0; bytes < meta.bytes; bytes += step) {
        lots_block_meta cut = meta;
        cut.bytes = bytes;
        decode_damaged(values, cut, out.data, &to);
    }
    for (uint32_t byte = 0; byte < meta.bytes; byte += byte < 60 ? 1 : step)
        for (unsigned bit = 0; bit < 8; bit++) {
            out.data[byte] ^= (uint8_t)(1u << bit);
            assert_status(LOTS_CORRUPT, lots_block_verify(&meta, out.data, 1, &err));
            decode_damaged(values, meta, out.data, &to);
            out.data[byte] ^= (uint8_t)(1u << bit);
        }
    for (unsigned wrong = 0; wrong < 256; wrong++) {
        lots_block_meta other = meta;
        other.encoding = (uint8_t)wrong;
        decode_damaged(values, other, out.data, &to);
        other = meta;
        other.missing = wrong % (meta.count + 1);
        decode_damaged(values, other, out.data, &to);
        other = meta;
        other.count = wrong < meta.count ? wrong : meta.count; /* the caller's room is for count values */
        other.missing = other.missing < other.count ? other.missing : other.count;
        decode_damaged(values, other, out.data, &to);
    }
    target_free(&to);
    lots_bytes_free(&out);
}

static void damaged_bytes_are_refused_or_give_some_value(void **state)
{
    (void)state;
    for (int phys = 0; phys < LOTS_PHYS_COUNT; phys++)
        for (int kind = 0; kind < COLUMN_KINDS; kind++)
            for (unsigned missing = 0; missing <= 20; missing += 20) {
                column made = column_make((lots_phys)phys, (column_kind)kind, kind % 2 ? 150 : 1100 / (1 + (uint32_t)(phys == LOTS_PHYS_TEXT)), missing, 3);
                const lots_block_options hot = {.cold = false};
                damage(&made.values, &hot);
                column_free(&made);
            }
}

static void damage_to_each_encoding_is_survived(void **state)
{
    (void)state;
    for (int encoding = 0; encoding < 32; encoding++)
        for (int phys = 0; phys < LOTS_PHYS_COUNT; phys++) {
            const column_kind kind = encoding == LOTS_ENCODING_GAPS ? COLUMN_DAYS
                                     : phys % 2                     ? COLUMN_FEW
                                                                    : COLUMN_RUNS;
            column made = column_make((lots_phys)phys, kind, 300, 0, 9);
            const lots_block_options only = {.only = 1 + encoding};
            damage(&made.values, &only);
            column_free(&made);
        }
}

static void gaps_refuse_other_starts(void **state)
{
    lots_error err;
    lots_bytes out = {NULL, 0, 0};
    lots_block_meta meta;
    column made = column_make(LOTS_PHYS_I32, COLUMN_DAYS, 500, 0, 1);
    const lots_block_options only = {.only = 1 + LOTS_ENCODING_GAPS};
    (void)state;
    assert_ok(lots_block_encode(&made.values, &only, 0, &out, &meta, &err));
    target to = target_make(&made.values);
    to.out.starts_count = 3; /* too few */
    assert_status(LOTS_CORRUPT, lots_block_decode(&meta, out.data, &to.out, &to.arena, &err));
    const uint32_t falling[] = {0, 400, 200, 500};
    to.out.starts = falling;
    to.out.starts_count = 4;
    assert_status(LOTS_CORRUPT, lots_block_decode(&meta, out.data, &to.out, &to.arena, &err));
    const uint32_t beyond[] = {0, 100000};
    to.out.starts = beyond;
    to.out.starts_count = 2;
    assert_status(LOTS_CORRUPT, lots_block_decode(&meta, out.data, &to.out, &to.arena, &err));
    target_free(&to);
    lots_bytes_free(&out);
    column_free(&made);
}

/* ---- sizes ---- */
/* What 16,384 values of each kind take. A change of the codecs shows here, and in review. */
static void blocks_are_as_small_as_they_were(void **state)
{
    static const struct {
        lots_phys phys;
        column_kind kind;
        unsigned missing;
        const char *encoding;
        uint32_t bytes;
    } golden[] = {
        {LOTS_PHYS_BITS, COLUMN_CONSTANT, 0, "constant", 0},
        {LOTS_PHYS_BITS, COLUMN_SMALL, 0, "plain", 2048},
        {LOTS_PHYS_BITS, COLUMN_RUNS, 0, "runs", 309},
        {LOTS_PHYS_BITS, COLUMN_FEW, 0, "runs", 819},
        {LOTS_PHYS_I32, COLUMN_CONSTANT, 0, "constant", 0},
        {LOTS_PHYS_I32, COLUMN_SMALL, 0, "frame", 16387},
        {LOTS_PHYS_I32, COLUMN_OUTLIERS, 0, "frame", 11762},
        {LOTS_PHYS_I32, COLUMN_LOW, 0, "frame", 11361},
        {LOTS_PHYS_I32, COLUMN_RISING, 0, "delta", 10244},
        {LOTS_PHYS_I32, COLUMN_RUNS, 0, "runs", 1475},
        {LOTS_PHYS_I32, COLUMN_FEW, 0, "planes", 2828},
        {LOTS_PHYS_I32, COLUMN_SPREAD, 0, "steps", 12321},
        {LOTS_PHYS_I32, COLUMN_EXTREMES, 0, "planes", 4622},
        {LOTS_PHYS_I32, COLUMN_DAYS, 0, "gaps", 14570},
        {LOTS_PHYS_I64, COLUMN_LOW, 0, "frame", 11361},
        {LOTS_PHYS_I64, COLUMN_EXTREMES, 0, "steps", 6195},
        {LOTS_PHYS_F64, COLUMN_SMALL, 0, "decimal", 16389},
        {LOTS_PHYS_F64, COLUMN_RISING, 0, "decimal", 10246},
        {LOTS_PHYS_F64, COLUMN_FEW, 0, "decimal", 2830},
        {LOTS_PHYS_F64, COLUMN_EXTREMES, 0, "planes", 3442},
        {LOTS_PHYS_TEXT, COLUMN_CONSTANT, 0, "constant", 15},
        {LOTS_PHYS_TEXT, COLUMN_SMALL, 0, "plain", 16389},
        {LOTS_PHYS_TEXT, COLUMN_WIDE, 0, "plain", 262145},
        {LOTS_PHYS_BITS, COLUMN_CONSTANT, 20, "constant", 2049},
        {LOTS_PHYS_BITS, COLUMN_SMALL, 20, "plain", 4097},
        {LOTS_PHYS_BITS, COLUMN_RUNS, 20, "plain", 4097},
        {LOTS_PHYS_BITS, COLUMN_FEW, 20, "runs", 2693},
        {LOTS_PHYS_I32, COLUMN_SMALL, 20, "frame", 13208},
        {LOTS_PHYS_I32, COLUMN_OUTLIERS, 20, "frame", 10045},
        {LOTS_PHYS_I32, COLUMN_FEW, 20, "planes", 3988},
        {LOTS_PHYS_I64, COLUMN_LOW, 20, "frame", 9671},
        {LOTS_PHYS_I64, COLUMN_EXTREMES, 20, "steps", 6284},
        {LOTS_PHYS_TEXT, COLUMN_CONSTANT, 20, "constant", 2064},
        {LOTS_PHYS_TEXT, COLUMN_SMALL, 20, "plain", 13210},
        {LOTS_PHYS_TEXT, COLUMN_WIDE, 20, "plain", 180546},
    };
    (void)state;
    for (size_t g = 0; g < COUNT_OF(golden); g++) {
        lots_error err;
        lots_bytes out = {NULL, 0, 0};
        lots_block_meta meta;
        column made = column_make(golden[g].phys, golden[g].kind, 16384, golden[g].missing, 1);
        assert_ok(lots_block_encode(&made.values, NULL, 0, &out, &meta, &err));
        if (meta.bytes != golden[g].bytes || strcmp(lots_encoding_name(meta.encoding), golden[g].encoding) != 0)
            fail_msg("row %zu: %s in %u bytes", g, lots_encoding_name(meta.encoding), meta.bytes);
        lots_bytes_free(&out);
        column_free(&made);
    }
}

static void the_same_values_give_the_same_bytes(void **state)
{
    (void)state;
    for (int kind = 0; kind < COLUMN_KINDS; kind++) {
        lots_error err;
        lots_bytes first = {NULL, 0, 0}, second = {NULL, 0, 0};
        lots_block_meta meta, again;
        column made = column_make(LOTS_PHYS_I64, (column_kind)kind, 3000, 7, 2);
        assert_ok(lots_bytes_append(&second, "before", 6, &err));
        assert_ok(lots_block_encode(&made.values, NULL, 8, &first, &meta, &err));
        /* What lies under a missing bit must not matter. */
        for (uint32_t i = 0; i < 3000; i++)
            if (is_missing(&made.values, i))
                ((int64_t *)made.data)[i] = (int64_t)i * 1234567;
        assert_ok(lots_block_encode(&made.values, NULL, 8, &second, &again, &err));
        assert_int_equal(first.count + 6, second.count);
        assert_memory_equal(first.data, second.data + 6, first.count);
        assert_int_equal(meta.checksum, again.checksum);
        lots_bytes_free(&first);
        lots_bytes_free(&second);
        column_free(&made);
    }
}

/* Modulo 2^32 the lengths add up, which is not enough: offsets made of them would lead out of the block. */
static void runs_whose_lengths_pass_32_bits_are_refused(void **state)
{
    const uint32_t values[2 + 16] = {7, 8}, lengths[2 + 16] = {UINT32_MAX, 101};
    lots_bytes out = {0};
    lots_error err;
    lots_arena arena;
    uint32_t back[100 + 16];
    (void)state;
    lots_arena_init(&arena, 0);
    assert_ok(lots_bytes_put_varint(&out, 2, &err));
    assert_ok(lots_frame_encode_u32(values, 2, &out, &arena, &err));
    assert_ok(lots_frame_encode_u32(lengths, 2, &out, &arena, &err));
    const lots_block_meta meta = {.encoding = LOTS_ENCODING_RUNS, .phys = LOTS_PHYS_U32, .count = 100,
                                  .bytes = (uint32_t)out.count, .min = 7, .max = 8};
    lots_values_out to = {.data = back};
    assert_status(LOTS_CORRUPT, lots_block_decode(&meta, out.data, &to, &arena, &err));
    lots_arena_free(&arena);
    lots_bytes_free(&out);
}

/* 9, 10, 11, 99, 100, 101 … and their negatives, beside all of three digits. */
static void whole_numbers_of_every_length_come_back_as_texts(void **state)
{
    enum { SMALL = 1000, LONG = 18 };
    const lots_block_options options = {.only = 0};
    uint32_t offsets[SMALL + 6 * LONG + 1] = {0}, count = 0;
    char *text = malloc((SMALL + 6 * LONG) * 24);
    int64_t power = 1;
    (void)state;
    for (int i = 0; i < SMALL; i++, count++)
        offsets[count + 1] = offsets[count] + (uint32_t)sprintf(text + offsets[count], "%d", i);
    for (int digits = 1; digits <= LONG; digits++, power *= 10)
        for (int k = 0; k < 6; k++, count++) {
            const int64_t number = (power * 10 + k % 3 - 1) * (k < 3 ? 1 : -1);
            offsets[count + 1] = offsets[count] + (uint32_t)sprintf(text + offsets[count], "%lld", (long long)number);
        }
    const lots_values values = {.phys = LOTS_PHYS_TEXT, .count = count, .data = offsets, .text = text};
    assert_true(round_trip(&values, &options));
    free(text);
}

static void keys_of_doubles_keep_their_order(void **state)
{
    static const double rising[] = {-1.0 / 0.0, -1e308, -1.0, -1e-310, -0.0, 0.0, 1e-310, 0.5, 1.0, 1e308, 1.0 / 0.0};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rising); i++) {
        const double back = lots_f64_from_key(lots_f64_key(rising[i]));
        assert_memory_equal(&back, &rising[i], sizeof back);
        if (i > 0)
            assert_true(lots_f64_key(rising[i - 1]) < lots_f64_key(rising[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_as_they_were),
        cmocka_unit_test(each_encoding_by_force_gives_the_values_back),
        cmocka_unit_test(a_large_block_comes_back),
        cmocka_unit_test(runs_of_one_usual_value_come_back),
        cmocka_unit_test(damaged_bytes_are_refused_or_give_some_value),
        cmocka_unit_test(damage_to_each_encoding_is_survived),
        cmocka_unit_test(gaps_refuse_other_starts),
        cmocka_unit_test(blocks_are_as_small_as_they_were),
        cmocka_unit_test(the_same_values_give_the_same_bytes),
        cmocka_unit_test(runs_whose_lengths_pass_32_bits_are_refused),
        cmocka_unit_test(whole_numbers_of_every_length_come_back_as_texts),
        cmocka_unit_test(keys_of_doubles_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
