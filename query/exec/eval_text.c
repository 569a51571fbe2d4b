/* eval_text.c: values as text, bands and cuts, what codes are called. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"
#include "query/exec/step.h"

/* ---- printing ---- */

static lots_status print_decimal(int64_t value, uint32_t scale, lots_bytes *out, lots_error *err)
{
    uint64_t unit = 1;
    for (uint32_t i = 0; i < scale; i++)
        unit *= 10;
    const uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const char *sign = value < 0 ? "-" : "";
    if (scale == 0)
        return lots_bytes_printf(out, err, "%s%" PRIu64, sign, size);
    return lots_bytes_printf(out, err, "%s%" PRIu64 ".%0*" PRIu64, sign, size / unit, (int)scale, size % unit);
}

/* The shortest of 15, 16, 17 digits that reads back as the same number. */
static lots_status print_float(double value, lots_bytes *out, lots_error *err)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value == 0 ? 0 : value);
        if (strtod(text, NULL) == value)
            break;
    }
    return lots_bytes_append(out, text, strlen(text), err);
}

static lots_status print_code(const lots_worker *worker, const lots_dictionary *dictionary, lots_id rank, bool is_code,
                              lots_bytes *out, lots_error *err)
{
    size_t key_bytes = 0, system_bytes = 0, code_bytes = 0;
    const char *key = lots_dictionary_key(dictionary, rank, &key_bytes), *code = NULL;
    char shown[LOTS_CODE_BYTES_MAX + 2];
    if (!is_code || !lots_code_split(key, key_bytes, &system_bytes, &code, &code_bytes) ||
        code_bytes > LOTS_CODE_BYTES_MAX)
        return lots_bytes_append(out, key, key_bytes, err);
    const int32_t system = lots_schema_find_system(worker->schema, key, system_bytes);
    lots_code_display(system < 0 ? LOTS_CODE_PLAIN : worker->schema->systems[system].form, code, code_bytes, shown);
    return lots_bytes_append(out, shown, strlen(shown), err);
}

static lots_status print_item(lots_worker *worker, const lots_type *type, lots_type_kind kind, const void *data,
                              uint32_t at, lots_bytes *out, lots_error *err)
{
    char day[11];
    switch (kind) {
    case LOTS_TYPE_BOOL:
        return lots_bytes_printf(out, err, "%s", lots_bit_get(data, at) ? "true" : "false");
    case LOTS_TYPE_DECIMAL:
        return print_decimal(((const int64_t *)data)[at], type->scale, out, err);
    case LOTS_TYPE_FLOAT:
        return print_float(((const double *)data)[at], out, err);
    case LOTS_TYPE_DATE:
        lots_day_format(((const int32_t *)data)[at], day);
        return lots_bytes_append(out, day, 10, err);
    case LOTS_TYPE_CATEGORY:
    case LOTS_TYPE_CODE:
        return print_code(worker, type->dictionary, ((const uint32_t *)data)[at], kind == LOTS_TYPE_CODE, out, err);
    case LOTS_TYPE_TEXT:
        return lots_bytes_append(out, ((const lots_text *)data)[at].text, ((const lots_text *)data)[at].bytes, err);
    default:
        return lots_bytes_printf(out, err, "%" PRId64, ((const int64_t *)data)[at]);
    }
}

static lots_status print_interval(const lots_vector *vector, uint32_t row, lots_bytes *out, lots_error *err)
{
    char start[11] = "", end[11] = "";
    const int32_t from = ((const int32_t *)vector->data)[row], to = vector->data2[row];
    if (from != LOTS_DAY_MIN)
        lots_day_format(from, start);
    if (to != LOTS_DAY_MAX)
        lots_day_format(to, end);
    return lots_bytes_printf(out, err, "%s..%s", start, end);
}

lots_status lots_vector_print(lots_worker *worker, const lots_vector *vector, uint32_t row, lots_bytes *out,
                             lots_error *err)
{
    if (lots_vector_is_missing(vector, row))
        return LOTS_OK;
    const uint32_t at = vector->constant ? 0 : row;
    if (vector->type.kind == LOTS_TYPE_INTERVAL)
        return print_interval(vector, at, out, err);
    if (vector->type.kind != LOTS_TYPE_SET)
        return print_item(worker, &vector->type, vector->type.kind, vector->data, at, out, err);
    for (uint32_t i = vector->offsets[at]; i < vector->offsets[at + 1]; i++) {
        if (i > vector->offsets[at])
            LOTS_TRY(lots_bytes_append(out, ", ", 2, err));
        LOTS_TRY(print_item(worker, &vector->type, vector->type.element, vector->data, i, out, err));
    }
    return LOTS_OK;
}

static lots_status eval_print(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_bytes text = {0};
    lots_text *values = out->data;
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < step->count && status == LOTS_OK; i++) {
        char *copy = NULL;
        text.count = 0;
        status = lots_vector_print(step->worker, &step->in[0], i, &text, err);
        if (status == LOTS_OK)
            status = lots_arena_text(step->arena, &copy, (const char *)text.data, text.count, err);
        values[i] = (lots_text){copy, (uint32_t)text.count};
    }
    lots_bytes_free(&text);
    return status;
}

/* ---- bands and cuts ---- */

static lots_text as_text(const char *text) { return (lots_text){text, (uint32_t)strlen(text)}; }

/* The bands beyond those foreseen are written as they come. */
static lots_status band_text(const lots_step *step, int64_t low, int64_t width, lots_text *out, lots_error *err)
{
    const lots_expr *expr = step->expr;
    const int64_t at = low >= expr->label_first ? (low - expr->label_first) / width : -1;
    if (expr->labels != NULL && at >= 0 && at < expr->label_count) {
        *out = as_text(expr->labels[at]);
        return LOTS_OK;
    }
    char *text = NULL;
    if (width == 1)
        LOTS_TRY(lots_arena_printf(step->arena, &text, err, "%" PRId64, low));
    else
        LOTS_TRY(lots_arena_printf(step->arena, &text, err, "%" PRId64 "-%" PRId64, low,
                                   low > INT64_MAX - width ? INT64_MAX : low + width - 1));
    *out = as_text(text);
    return LOTS_OK;
}

static lots_status eval_band(const lots_step *step, lots_vector *out, lots_error *err)
{
    const int64_t *x = step->in[0].data;
    const int64_t width = step->count == 0 ? 1 : *(const int64_t *)step->in[1].data;
    lots_text *values = out->data;
    if (width <= 0)
        return lots_fail(err, LOTS_INTERNAL, "bands of width %" PRId64, width);
    for (uint32_t i = 0; i < step->count; i++) {
        const int64_t rest = ((x[i] % width) + width) % width;
        values[i] = as_text("");
        if (lots_vector_is_missing(out, i))
            continue;
        if (x[i] < INT64_MIN + rest)
            LOTS_TRY(lots_step_fail_row(step, out, i, err));
        else
            LOTS_TRY(band_text(step, x[i] - rest, width, &values[i], err));
    }
    return LOTS_OK;
}

static lots_status eval_cut(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_text *values = out->data;
    const uint32_t bounds = step->expr->operand_count - 1;
    if (step->expr->label_count != bounds + 1)
        return lots_fail(err, LOTS_INTERNAL, "%u bounds cut into %u labels", bounds, step->expr->label_count);
    for (uint32_t i = 0; i < step->count; i++) {
        uint32_t piece = 0;
        while (piece < bounds && lots_vector_compare(&step->in[piece + 1], i, &step->in[0], i) <= 0)
            piece++;
        values[i] = as_text(lots_vector_is_missing(out, i) ? "" : step->expr->labels[piece]);
    }
    return LOTS_OK;
}

/* ---- codes ---- */

static lots_status eval_label(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    lots_text *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        size_t bytes = 0;
        const char *label = NULL;
        if (!lots_vector_is_missing(out, i))
            label = lots_dictionary_label_of(in->type.dictionary, ((const uint32_t *)in->data)[i], &bytes);
        values[i] = label == NULL ? as_text("") : (lots_text){label, (uint32_t)bytes};
        if (label != NULL || lots_vector_is_missing(out, i))
            continue;
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}

/* The first `wanted` characters of a code as it is kept (no dots). False when it is shorter. */
static bool prefix_of(const lots_dictionary *dictionary, lots_id rank, int64_t wanted, lots_text *out)
{
    size_t bytes = 0, system_bytes = 0, code_bytes = 0;
    const char *key = lots_dictionary_key(dictionary, rank, &bytes), *code = key;
    if (!lots_code_split(key, bytes, &system_bytes, &code, &code_bytes)) {
        code = key;
        code_bytes = bytes;
    }
    int64_t characters = 0;
    size_t at = 0;
    while (at < code_bytes && characters < wanted) {
        at++;
        while (at < code_bytes && ((unsigned char)code[at] & 0xC0u) == 0x80u)
            at++;
        characters++;
    }
    *out = (lots_text){code, (uint32_t)at};
    return characters == wanted;
}

static lots_status eval_prefix(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    lots_text *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        values[i] = as_text("");
        if (lots_vector_is_missing(out, i) ||
            prefix_of(in->type.dictionary, ((const uint32_t *)in->data)[i], ((const int64_t *)step->in[1].data)[i],
                      &values[i]))
            continue;
        values[i] = as_text("");
        LOTS_TRY(lots_vector_want_missing(step->arena, out, err));
        lots_bit_set(out->missing, i);
    }
    return LOTS_OK;
}

static bool seen_before(const lots_text *texts, uint32_t first, uint32_t end, const lots_text *text)
{
    for (uint32_t i = first; i < end; i++)
        if (texts[i].bytes == text->bytes && memcmp(texts[i].text, text->text, text->bytes) == 0)
            return true;
    return false;
}

/* Of a list of codes: the distinct prefixes, in the list's order. */
static lots_status eval_prefixes(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, in->offsets[in->count], sizeof(lots_text), err));
    lots_text *values = out->data;
    uint32_t made = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        const uint32_t first = made;
        for (uint32_t k = in->offsets[i]; k < in->offsets[i + 1]; k++) {
            lots_text text;
            if (prefix_of(in->type.dictionary, ((const uint32_t *)in->data)[k], ((const int64_t *)step->in[1].data)[i],
                          &text) &&
                !seen_before(values, first, made, &text))
                values[made++] = text;
        }
        out->offsets[i + 1] = made;
    }
    return LOTS_OK;
}

lots_status lots_eval_text(lots_step *step, lots_vector *out, lots_error *err)
{
    LOTS_TRY(lots_step_flatten_all(step, err));
    LOTS_TRY(lots_step_strict(step, 0, out, err));
    switch (step->expr->op) {
    case LOTS_OP_TO_TEXT:
        return eval_print(step, out, err);
    case LOTS_OP_BAND:
        return eval_band(step, out, err);
    case LOTS_OP_CUT:
        return eval_cut(step, out, err);
    case LOTS_OP_CODE_LABEL:
        return eval_label(step, out, err);
    default:
        return out->type.kind == LOTS_TYPE_SET ? eval_prefixes(step, out, err) : eval_prefix(step, out, err);
    }
}
