/* columns.h: made-up columns for the tests of the codecs: each kind has a reason to be, and a seed makes it the same on any
 * machine. */
#ifndef LOTS_TEST_COLUMNS_H
#define LOTS_TEST_COLUMNS_H

#include <stdio.h>
#include <stdlib.h>

#include "core/codec/block.h"
#include "tests/support/lots_test.h"

typedef enum column_kind {
    COLUMN_CONSTANT,   /* one value */
    COLUMN_SMALL,      /* uniform below 200 */
    COLUMN_OUTLIERS,   /* small, one in 40 huge */
    COLUMN_LOW,        /* around a million, one in 40 near 0: escapes below the base */
    COLUMN_RISING,     /* steps of 0..20 */
    COLUMN_RUNS,       /* runs of about 30 */
    COLUMN_FEW,        /* five values, very unevenly */
    COLUMN_SPREAD,     /* 60 values far apart */
    COLUMN_WIDE,       /* any bits */
    COLUMN_EXTREMES,   /* the smallest, the largest, 0, -1, 1 */
    COLUMN_DAYS,       /* days in order within patients */
    COLUMN_KINDS
} column_kind;

typedef struct column {
    lots_values values;
    void *data;
    char *text;
    uint64_t *missing;
    uint32_t *starts;
} column;

static int64_t column_number(column_kind kind, uint32_t i, int64_t before, uint64_t *seed)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MAX, 0, -1, 1, INT32_MIN, INT32_MAX, UINT32_MAX};
    const uint64_t random = lots_test_random(seed);
    switch (kind) {
    case COLUMN_CONSTANT:
        return 77;
    case COLUMN_SMALL:
        return (int64_t)(random % 200) - 50;
    case COLUMN_OUTLIERS:
        return random % 40 == 0 ? (int64_t)((random >> 8) % 1000000000) : (int64_t)((random >> 8) % 30);
    case COLUMN_LOW:
        return random % 40 == 0 ? (int64_t)((random >> 8) % 100) : 1000000 + (int64_t)((random >> 8) % 30);
    case COLUMN_RISING:
        return before + (int64_t)(random % 21);
    case COLUMN_RUNS:
        return i == 0 || random % 30 == 0 ? (int64_t)((random >> 8) % 5000) : before;
    case COLUMN_FEW:
        return random % 100 < 70 ? 3 : random % 100 < 90 ? 1 : (int64_t)((random >> 8) % 5);
    case COLUMN_SPREAD:
        return (int64_t)(random % 60 * 7919 * 7919);
    case COLUMN_EXTREMES:
        return extremes[random % 8];
    default:
        return (int64_t)random;
    }
}

/* Days of patients of 0..80 events; starts_count may leave some patients without any. */
static void column_days(column *made, uint32_t count, uint64_t *seed)
{
    uint32_t starts = 0, i = 0;
    int32_t *days = made->data;
    made->starts = calloc((size_t)count * 2 + 2, sizeof *made->starts);
    while (i < count) {
        made->starts[starts++] = i;
        uint32_t end = i + (uint32_t)(lots_test_random(seed) % 80);
        end = end < count ? end : count;
        int32_t day = 16000 + (int32_t)(lots_test_random(seed) % 1000);
        for (; i < end; i++) {
            days[i] = day;
            day += lots_test_random(seed) % 12 == 0 ? (int32_t)(lots_test_random(seed) % 700)
                                                    : (int32_t)(lots_test_random(seed) % 60);
        }
        if (starts == 2 * count)
            break;
    }
    made->starts[starts++] = count;
    made->values.starts = made->starts;
    made->values.starts_count = starts;
}

static void column_fill_numbers(column *made, column_kind kind, uint32_t count, uint64_t *seed)
{
    int64_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        before = column_number(kind, i, before, seed);
        switch (made->values.phys) {
        case LOTS_PHYS_BITS:
            ((uint64_t *)made->data)[i / 64] |= (uint64_t)(before & 1) << (i % 64);
            break;
        case LOTS_PHYS_I64:
            ((int64_t *)made->data)[i] = before;
            break;
        case LOTS_PHYS_F64: {
            double value = kind == COLUMN_EXTREMES ? (i % 3 == 0 ? -0.0 : i % 3 == 1 ? 0.0 : 1e308 * 10)
                           : kind == COLUMN_WIDE   ? (double)before * 1.1e-7
                                                   : (double)before / 100.0;
            ((double *)made->data)[i] = value;
            break;
        }
        default:
            ((uint32_t *)made->data)[i] = (uint32_t)before;
        }
    }
}

static const char *column_text(column_kind kind, int64_t number, char out[400])
{
    switch (kind) {
    case COLUMN_CONSTANT:
        return "always the same";
    case COLUMN_SMALL: /* numbers, canonical */
        snprintf(out, 400, "%lld", (long long)number);
        return out;
    case COLUMN_OUTLIERS: /* lengths with outliers */
        snprintf(out, 400, "%0*lld", number > 1000 ? 300 : 4, (long long)number);
        return out;
    case COLUMN_WIDE: /* UUIDs */
        snprintf(out, 400, "%08llx-%04llx-4abc-9def-%012llx", (unsigned long long)number & 0xffffffff,
                 (unsigned long long)number >> 48, (unsigned long long)number & 0xffffffffffff);
        return out;
    case COLUMN_EXTREMES: /* what is almost a number */
        return number < 0 ? "-0" : number == 1 ? "007" : number == 0 ? "" : "9223372036854775808";
    default:
        snprintf(out, 400, "unit %lld of the clinic", (long long)number);
        return out;
    }
}

static void column_fill_texts(column *made, column_kind kind, uint32_t count, uint64_t *seed)
{
    uint32_t *offsets = made->data;
    int64_t before = 0;
    char text[400];
    made->text = calloc((size_t)count + 1, 400);
    for (uint32_t i = 0; i < count; i++) {
        before = column_number(kind, i, before, seed);
        const char *from = column_text(kind, before, text);
        const size_t bytes = strlen(from);
        memcpy(made->text + offsets[i], from, bytes);
        offsets[i + 1] = offsets[i] + (uint32_t)bytes;
    }
    made->values.text = made->text;
}

/* `missing_of_64`: how many in 64 values are missing, about; 0: no bitmap at all. */
static column column_make(lots_phys phys, column_kind kind, uint32_t count, unsigned missing_of_64, uint64_t seed)
{
    column made = {.values = {.phys = phys, .count = count}};
    made.data = calloc((size_t)count + 1, 8); /* no slack: encode may not need any */
    if (kind == COLUMN_DAYS && phys == LOTS_PHYS_I32)
        column_days(&made, count, &seed);
    else if (phys == LOTS_PHYS_TEXT)
        column_fill_texts(&made, kind, count, &seed);
    else
        column_fill_numbers(&made, kind, count, &seed);
    if (missing_of_64 > 0) {
        made.missing = calloc(count / 64 + 1, 8);
        for (uint32_t i = 0; i < count; i++)
            if (lots_test_random(&seed) % 64 < missing_of_64)
                made.missing[i / 64] |= UINT64_C(1) << (i % 64);
        made.values.missing = made.missing;
    }
    made.values.data = made.data;
    return made;
}

static void column_free(column *made)
{
    free(made->data);
    free(made->text);
    free(made->missing);
    free(made->starts);
}

#endif
