/* value.c: see value.h. */
#include "query/exec/value.h"

#include <inttypes.h>

#include "core/base/day.h"
#include "query/exec/float_text.h"

bool lots_value_is_number(lots_type_kind kind)
{
    return kind == LOTS_TYPE_INT || kind == LOTS_TYPE_DECIMAL || kind == LOTS_TYPE_FLOAT || kind == LOTS_TYPE_DAYS;
}

lots_status lots_value_decimal(int64_t value, unsigned scale, lots_bytes *out, lots_error *err)
{
    uint64_t unit = 1, size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char text[2 * 20 + 2];
    size_t count = value < 0 ? 1 : 0;
    for (unsigned i = 0; i < scale; i++)
        unit *= 10;
    text[0] = '-';
    count += lots_whole_text(size / unit, text + count);
    if (scale == 0)
        return lots_bytes_append(out, text, count, err);
    text[count] = '.';
    for (unsigned i = 0; i < scale; i++, size /= 10)
        text[count + scale - i] = (char)('0' + size % 10);
    return lots_bytes_append(out, text, count + 1 + scale, err);
}

static lots_status append_float(double value, lots_bytes *out, lots_error *err)
{
    char text[LOTS_FLOAT_TEXT];
    return lots_bytes_append(out, text, lots_float_text(value, text), err);
}

static lots_status append_name(const lots_schema *schema, const lots_dictionary *dictionary, lots_id rank, bool is_code,
                               lots_bytes *out, lots_error *err)
{
    size_t key_bytes = 0, system_bytes = 0, code_bytes = 0;
    const char *key = lots_dictionary_key(dictionary, rank, &key_bytes), *code = NULL;
    char shown[LOTS_CODE_BYTES_MAX + 2];
    if (!is_code || !lots_code_split(key, key_bytes, &system_bytes, &code, &code_bytes) ||
        code_bytes > LOTS_CODE_BYTES_MAX)
        return lots_bytes_append(out, key, key_bytes, err);
    int32_t system = schema == NULL ? -1 : lots_schema_find_system(schema, key, system_bytes);
    lots_code_display(system < 0 ? LOTS_CODE_PLAIN : schema->systems[system].form, code, code_bytes, shown);
    return lots_bytes_append(out, shown, strlen(shown), err);
}

int lots_value_period_months(lots_day from, lots_day to)
{
    if (from <= LOTS_DAY_MIN || to >= LOTS_DAY_MAX || from >= to)
        return 0;
    lots_civil first = lots_day_to_civil(from);
    lots_day after = 0;
    int64_t months = lots_day_months_between(from, to + 1);
    if (first.day != 1 || !lots_day_add_months(from, months, &after) || after != to + 1)
        return 0;
    const bool whole = (months == 12 && first.month == 1) || (months == 3 && first.month % 3 == 1) || months == 1;
    return whole ? (int)months : 0;
}

/* LOTS_DAY_MIN and LOTS_DAY_MAX stand for an open end. */
static lots_status append_interval(lots_day from, lots_day to, lots_bytes *out, lots_error *err)
{
    enum { YEAR = 4, MONTH = 7, DAY = 10 }; /* bytes of a day, beginning with its year */
    char text[2 * DAY + 3];
    size_t bytes = 0;
    const int months = lots_value_period_months(from, to);
    if (from != LOTS_DAY_MIN)
        lots_day_format(from, text);
    if (months == 3) {
        text[YEAR + 1] = 'Q';
        text[YEAR + 2] = (char)('1' + lots_day_to_civil(from).month / 3);
    }
    if (months > 0)
        return lots_bytes_append(out, text, months == 12 ? YEAR : months == 3 ? YEAR + 3 : MONTH, err);
    bytes = from != LOTS_DAY_MIN ? DAY : 0;
    text[bytes++] = '.';
    text[bytes++] = '.';
    if (to != LOTS_DAY_MAX) {
        lots_day_format(to, text + bytes);
        bytes += DAY;
    }
    return lots_bytes_append(out, text, bytes, err);
}

lots_status lots_value_item(const lots_schema *schema, const lots_vector *vector, lots_type_kind kind, uint32_t at,
                            lots_bytes *out, lots_error *err)
{
    const void *data = vector->data;
    char day[11];
    switch (kind) {
    case LOTS_TYPE_MISSING: return LOTS_OK;
    case LOTS_TYPE_BOOL: return lots_bytes_printf(out, err, "%s", lots_bit_get(data, at) ? "true" : "false");
    case LOTS_TYPE_INT:
    case LOTS_TYPE_DAYS: return lots_value_decimal(((const int64_t *)data)[at], 0, out, err);
    case LOTS_TYPE_MONTHS: return lots_bytes_printf(out, err, "%" PRId64 "mo", ((const int64_t *)data)[at]);
    case LOTS_TYPE_DECIMAL: return lots_value_decimal(((const int64_t *)data)[at], vector->type.scale, out, err);
    case LOTS_TYPE_FLOAT: return append_float(((const double *)data)[at], out, err);
    case LOTS_TYPE_DATE:
        lots_day_format(((const int32_t *)data)[at], day);
        return lots_bytes_append(out, day, strlen(day), err);
    case LOTS_TYPE_INTERVAL: return append_interval(((const int32_t *)data)[at], vector->data2[at], out, err);
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
        return append_name(schema, vector->type.dictionary, ((const uint32_t *)data)[at], kind == LOTS_TYPE_CODE, out,
                           err);
    case LOTS_TYPE_TEXT:
        return lots_bytes_append(out, ((const lots_text *)data)[at].text, ((const lots_text *)data)[at].bytes, err);
    default: return lots_fail(err, LOTS_INTERNAL, "a result holds a value of a type that can't be printed");
    }
}

lots_status lots_value_append(const lots_schema *schema, const lots_vector *vector, uint32_t row, const char *separator,
                              lots_bytes *out, lots_error *err)
{
    uint32_t at = vector->constant ? 0 : row;
    if (lots_vector_is_missing(vector, row))
        return LOTS_OK;
    if (vector->type.kind != LOTS_TYPE_SET)
        return lots_value_item(schema, vector, vector->type.kind, at, out, err);
    for (uint32_t i = vector->offsets[at]; i < vector->offsets[at + 1]; i++) {
        if (i > vector->offsets[at])
            LOTS_TRY(lots_bytes_append(out, separator, strlen(separator), err));
        LOTS_TRY(lots_value_item(schema, vector, vector->type.element, i, out, err));
    }
    return LOTS_OK;
}

void lots_value_comma(const lots_type *type, lots_bytes *out, size_t from)
{
    lots_type_kind kind = type->kind == LOTS_TYPE_SET ? type->element : type->kind;
    if (kind != LOTS_TYPE_DECIMAL && kind != LOTS_TYPE_FLOAT)
        return;
    for (size_t i = from; i < out->count; i++)
        if (out->data[i] == '.')
            out->data[i] = ',';
}
