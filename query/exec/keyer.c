/* keyer.c: see keyer.h. */
#include "query/exec/keyer.h"

#include <string.h>

#include "core/base/memory.h"
#include "query/exec/path.h"

lots_status lots_keyer_open(lots_keyer *keyer, const lots_type *types, uint32_t count, lots_error *err)
{
    void *made = NULL;
    memset(keyer, 0, sizeof *keyer);
    LOTS_TRY(lots_alloc(&made, count, sizeof(lots_collected), err));
    keyer->columns = made;
    LOTS_TRY(lots_alloc(&made, count, sizeof(lots_key_coder), err));
    keyer->coders = made;
    LOTS_TRY(lots_alloc(&made, count, sizeof(lots_key_fold), err));
    keyer->folds = made;
    keyer->column_count = count;
    for (uint32_t i = 0; i < count; i++) {
        lots_collected_open(&keyer->columns[i], &types[i]);
        lots_key_coder_open(&keyer->coders[i], &types[i]);
    }
    return LOTS_OK;
}

void lots_keyer_close(lots_keyer *keyer)
{
    for (uint32_t i = 0; i < keyer->column_count; i++) {
        lots_collected_close(&keyer->columns[i]);
        lots_key_coder_close(&keyer->coders[i]);
        lots_key_fold_close(&keyer->folds[i]);
    }
    lots_free(keyer->columns);
    lots_free(keyer->coders);
    lots_free(keyer->folds);
    memset(keyer, 0, sizeof *keyer);
}

void lots_keyer_of_day(lots_keyer *keyer, uint32_t column, lots_op unit)
{
    lots_key_coder_of_day(&keyer->coders[column], unit);
}

void lots_keyer_of_band(lots_keyer *keyer, uint32_t column, const lots_key_band *band)
{
    lots_key_coder_of_band(&keyer->coders[column], band);
}

void lots_keyer_of_path(lots_keyer *keyer, uint32_t column, const lots_expr *names)
{
    lots_key_coder_of_path(&keyer->coders[column], names);
}

/* A number's path. */
static lots_status keep_path(lots_keyer *keyer, uint32_t column, const lots_vector *key, uint32_t row, lots_error *err)
{
    const lots_key_coder *coder = &keyer->coders[column];
    uint64_t gone = lots_vector_is_missing(key, row) ? 1 : 0;
    lots_bytes written = {0};
    lots_status status = LOTS_OK;
    if (gone == 0)
        status = lots_path_write(coder->path, ((const int64_t *)key->data)[key->constant ? 0 : row], &written, err);
    lots_text text = {gone == 0 ? (const char *)written.data : "", (uint32_t)written.count};
    const lots_vector one = {.type = coder->type, .count = 1, .data = &text, .missing = gone != 0 ? &gone : NULL};
    if (status == LOTS_OK)
        status = lots_collected_append_row(&keyer->columns[column], &one, 0, err);
    lots_bytes_free(&written);
    return status;
}

/* A number's band. */
static lots_status keep_band(lots_keyer *keyer, uint32_t column, const lots_vector *key, uint32_t row, lots_error *err)
{
    const lots_key_coder *coder = &keyer->coders[column];
    uint64_t gone = lots_vector_is_missing(key, row) ? 1 : 0;
    lots_text text = {"", 0};
    if (gone == 0)
        text = lots_key_band_text(&coder->band,
                                  lots_key_band_place(&coder->band, ((const int64_t *)key->data)[key->constant ? 0 : row]));
    const lots_vector one = {.type = coder->type, .count = 1, .data = &text, .missing = gone != 0 ? &gone : NULL};
    return lots_collected_append_row(&keyer->columns[column], &one, 0, err);
}

/* One key of a row, which may be the unit of a day or the band of a number. */
static lots_status keep_key(lots_keyer *keyer, uint32_t column, const lots_vector *key, uint32_t row, lots_error *err)
{
    const lots_key_coder *coder = &keyer->coders[column];
    if (coder->path != NULL && key->type.kind == LOTS_TYPE_INT)
        return keep_path(keyer, column, key, row, err);
    if (coder->band.expr != NULL && key->type.kind == LOTS_TYPE_INT)
        return keep_band(keyer, column, key, row, err);
    if (!coder->of_day || key->type.kind != LOTS_TYPE_DATE)
        return lots_collected_append_row(&keyer->columns[column], key, row, err);
    uint64_t gone = lots_vector_is_missing(key, row) ? 1 : 0;
    int32_t last = 0, start = 0;
    int64_t value = gone != 0 ? 0 : lots_key_day_value(coder->unit, ((const int32_t *)key->data)[key->constant ? 0 : row], &last);
    lots_vector one = {.type = coder->type, .count = 1, .data = &value, .missing = gone != 0 ? &gone : NULL};
    if (coder->type.kind == LOTS_TYPE_INTERVAL) {
        start = (int32_t)value;
        one.data = &start;
        one.data2 = &last;
    }
    return lots_collected_append_row(&keyer->columns[column], &one, 0, err);
}

/* Tuples seen for the first time are kept, in the order of their numbers. */
static lots_status keep_new(lots_keyer *keyer, const lots_vector *keys, uint32_t first, const uint64_t *keep,
                            const uint32_t *numbers, uint32_t count, lots_error *err)
{
    const uint32_t known = keyer->folds[keyer->column_count - 1].count;
    for (uint32_t i = 0; keyer->count < known && i < count; i++) {
        if (numbers[i] != keyer->count || (keep != NULL && !lots_bit_get(keep, i)))
            continue;
        for (uint32_t c = 0; c < keyer->column_count; c++)
            LOTS_TRY(keep_key(keyer, c, &keys[c], first + i, err));
        keyer->count++;
    }
    return LOTS_OK;
}

static lots_status number_block(lots_keyer *keyer, const lots_vector *keys, uint32_t first, uint32_t count,
                                const uint64_t *keep, uint32_t *out, lots_error *err)
{
    static const uint32_t none[LOTS_KEY_BLOCK];
    uint32_t codes[LOTS_KEY_BLOCK], firsts[LOTS_KEY_BLOCK];
    const uint32_t *before = none, *own = NULL;
    uint32_t before_limit = 1;
    for (uint32_t c = 0; c < keyer->column_count; c++) {
        const bool begins = c == 0 && keyer->column_count > 1; /* there is nothing before it to fold it with */
        LOTS_TRY(lots_key_codes(&keyer->coders[c], &keys[c], first, count, begins ? firsts : codes, &own, err));
        if (!begins)
            LOTS_TRY(lots_key_fold_pairs(&keyer->folds[c], before, before_limit, own, keyer->coders[c].count, keep, count,
                                         out, err));
        before = begins ? own : out;
        before_limit = begins ? keyer->coders[c].count : keyer->folds[c].count;
    }
    return keep_new(keyer, keys, first, keep, out, count, err);
}

lots_status lots_keyer_number(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out, lots_error *err)
{
    return lots_keyer_number_some(keyer, keys, rows, NULL, out, err);
}

lots_status lots_keyer_number_some(lots_keyer *keyer, const lots_vector *keys, uint32_t rows, const uint64_t *keep,
                                   uint32_t *out, lots_error *err)
{
    if (keyer->column_count == 0) {
        if (keyer->count == 0 && rows > 0)
            keyer->count = 1;
        memset(out, 0, rows * sizeof *out);
        return LOTS_OK;
    }
    for (uint32_t first = 0; first < rows; first += LOTS_KEY_BLOCK) {
        const uint32_t count = rows - first < LOTS_KEY_BLOCK ? rows - first : LOTS_KEY_BLOCK;
        LOTS_TRY(number_block(keyer, keys, first, count, keep == NULL ? NULL : keep + first / 64, out + first, err));
    }
    return LOTS_OK;
}

void lots_keyer_find(const lots_keyer *keyer, const lots_vector *keys, uint32_t rows, uint32_t *out)
{
    static const uint32_t none[LOTS_KEY_BLOCK];
    uint32_t codes[LOTS_KEY_BLOCK];
    for (uint32_t row = 0; keyer->column_count == 0 && row < rows; row++)
        out[row] = keyer->count == 0 ? LOTS_NO_ID : keyer->count - 1;
    for (uint32_t first = 0; keyer->column_count > 0 && first < rows; first += LOTS_KEY_BLOCK) {
        const uint32_t count = rows - first < LOTS_KEY_BLOCK ? rows - first : LOTS_KEY_BLOCK;
        const uint32_t *before = none;
        for (uint32_t c = 0; c < keyer->column_count; c++) {
            uint32_t *own = c == 0 && keyer->column_count > 1 ? out + first : codes;
            lots_key_codes_find(&keyer->coders[c], &keys[c], first, count, own);
            if (own == codes)
                lots_key_fold_find(&keyer->folds[c], before, codes, count, out + first);
            before = out + first;
        }
    }
}
