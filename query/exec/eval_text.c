/* eval_text.c: values as text, bands and cuts, what codes are called. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/day.h"
#include "query/exec/step.h"
#include "query/exec/value.h"

/* ---- printing ---- */

/* The texts of categories are there already. */
static void print_categories(const lots_vector *in, const uint64_t *missing, uint32_t count, lots_text *out)
{
    const uint32_t *ranks = in->data;
    for (uint32_t i = 0; i < count; i++) {
        size_t bytes = 0;
        out[i] = (lots_text){"", 0};
        if (missing != NULL && lots_bit_get(missing, i))
            continue;
        out[i].text = lots_dictionary_key(in->type.dictionary, ranks[i], &bytes);
        out[i].bytes = (uint32_t)bytes;
    }
}

static lots_status print_row(const lots_step *step, uint32_t row, lots_bytes *room, lots_text *out, lots_error *err)
{
    char *copy = NULL;
    room->count = 0;
    LOTS_TRY(lots_value_append(step->worker->schema, &step->in[0], row, ", ", room, err));
    LOTS_TRY(lots_arena_text(step->arena, &copy, (const char *)room->data, room->count, err));
    *out = (lots_text){copy, (uint32_t)room->count};
    return LOTS_OK;
}

/* Whole numbers that lie close together, as hours and years do, come again and again: the text of each is made once. */
static lots_status print_wholes(const lots_step *step, const lots_vector *out, lots_bytes *room, lots_error *err)
{
    enum { PLACES = 256 };
    struct {
        int64_t number;
        lots_text text;
    } made[PLACES];
    const int64_t *numbers = step->in[0].data;
    lots_text *values = out->data;
    memset(made, 0, sizeof made);
    for (uint32_t i = 0; i < step->count; i++) {
        const size_t at = (uint64_t)numbers[i] % PLACES;
        if (lots_vector_is_missing(out, i)) {
            values[i] = (lots_text){"", 0};
            continue;
        }
        if (made[at].text.text == NULL || made[at].number != numbers[i]) {
            LOTS_TRY(print_row(step, i, room, &made[at].text, err));
            made[at].number = numbers[i];
        }
        values[i] = made[at].text;
    }
    return LOTS_OK;
}

static lots_status print_rows(const lots_step *step, const lots_vector *out, lots_bytes *room, lots_error *err)
{
    if (step->in[0].type.kind == LOTS_TYPE_INT)
        return print_wholes(step, out, room, err);
    for (uint32_t i = 0; i < step->count; i++)
        LOTS_TRY(print_row(step, i, room, (lots_text *)out->data + i, err));
    return LOTS_OK;
}

static lots_status eval_print(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_bytes room = {0};
    if (step->in[0].type.kind == LOTS_TYPE_CATEGORY) {
        print_categories(&step->in[0], out->missing, step->count, out->data);
        return LOTS_OK;
    }
    const lots_status status = print_rows(step, out, &room, err);
    lots_bytes_free(&room);
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

/* What is missing is an empty text. */
static void empty_missing(const lots_step *step, const lots_vector *out)
{
    lots_text *values = out->data;
    for (size_t i = out->missing == NULL ? step->count : lots_bits_next(out->missing, 0, step->count); i < step->count;
         i = lots_bits_next(out->missing, i + 1, step->count))
        values[i] = as_text("");
}

/* Room for the labels' texts, each of them to be made when it is first met. */
static lots_status new_labels(const lots_step *step, lots_text **out, lots_error *err)
{
    void *room = NULL;
    LOTS_TRY(lots_arena_alloc(step->arena, &room, step->expr->label_count, sizeof(lots_text), err));
    *out = room;
    return LOTS_OK;
}

static lots_text label_text(const lots_step *step, lots_text *labels, uint32_t at)
{
    if (labels[at].text == NULL)
        labels[at] = as_text(step->expr->labels[at]);
    return labels[at];
}

static lots_status band_row(const lots_step *step, int64_t x, int64_t width, uint32_t row, lots_vector *out,
                            lots_error *err)
{
    const int64_t rest = ((x % width) + width) % width;
    ((lots_text *)out->data)[row] = as_text("");
    if (lots_vector_is_missing(out, row))
        return LOTS_OK;
    if (x < INT64_MIN + rest)
        return lots_step_fail_row(step, out, row, err);
    return band_text(step, x - rest, width, (lots_text *)out->data + row, err);
}

/* The bands foreseen have their texts at hand. */
static lots_status eval_band(const lots_step *step, lots_vector *out, lots_error *err)
{
    const lots_expr *expr = step->expr;
    const int64_t *x = step->in[0].data;
    const int64_t width = step->count == 0 ? 1 : *(const int64_t *)step->in[1].data;
    const bool foreseen = expr->labels != NULL && width <= UINT16_MAX && expr->label_count <= UINT16_MAX;
    const uint32_t span = foreseen ? expr->label_count * (uint32_t)width : 0;
    lots_text *values = out->data, *labels = NULL;
    if (width <= 0)
        return lots_fail(err, LOTS_INTERNAL, "bands of width %" PRId64, width);
    if (foreseen)
        LOTS_TRY(new_labels(step, &labels, err));
    for (uint32_t i = 0; i < step->count; i++) {
        const uint64_t above = (uint64_t)x[i] - (uint64_t)expr->label_first;
        if (above < span)
            values[i] = label_text(step, labels, (uint32_t)above / (uint32_t)width);
        else
            LOTS_TRY(band_row(step, x[i], width, i, out, err));
    }
    empty_missing(step, out);
    return LOTS_OK;
}

/* Are all bounds there, and of the numbers' own type? */
static bool has_plain_bounds(const lots_step *step)
{
    const lots_type_kind kind = step->in[0].type.kind;
    bool plain = kind == LOTS_TYPE_INT || kind == LOTS_TYPE_FLOAT;
    for (uint32_t i = 1; i < step->expr->operand_count; i++)
        plain = plain && step->in[i].constant && step->in[i].type.kind == kind && !lots_vector_is_missing(&step->in[i], 0);
    return plain;
}

static uint32_t piece_of(const lots_step *step, uint32_t bounds, uint32_t row)
{
    uint32_t piece = 0;
    while (piece < bounds && lots_vector_compare(&step->in[piece + 1], row, &step->in[0], row) <= 0)
        piece++;
    return piece;
}

/* Bounds rise: as many pieces lie before a number as there are bounds that it reaches. */
static uint32_t plain_piece_of(const lots_step *step, uint32_t bounds, uint32_t row)
{
    uint32_t piece = 0;
    if (step->in[0].type.kind == LOTS_TYPE_FLOAT)
        for (uint32_t i = 1; i <= bounds; i++)
            piece += *(const double *)step->in[i].data <= ((const double *)step->in[0].data)[row];
    else
        for (uint32_t i = 1; i <= bounds; i++)
            piece += *(const int64_t *)step->in[i].data <= ((const int64_t *)step->in[0].data)[row];
    return piece;
}

static lots_status eval_cut(const lots_step *step, lots_vector *out, lots_error *err)
{
    lots_text *values = out->data, *labels = NULL;
    const uint32_t bounds = step->expr->operand_count - 1;
    const bool plain = has_plain_bounds(step);
    if (step->expr->label_count != bounds + 1)
        return lots_fail(err, LOTS_INTERNAL, "%u bounds cut into %u labels", bounds, step->expr->label_count);
    LOTS_TRY(new_labels(step, &labels, err));
    for (uint32_t i = 0; i < step->count; i++)
        values[i] = label_text(step, labels, plain ? plain_piece_of(step, bounds, i) : piece_of(step, bounds, i));
    empty_missing(step, out);
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
bool lots_code_prefix(const lots_dictionary *dictionary, lots_id rank, int64_t wanted, lots_text *out)
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

/* The prefix of a code of the row; `known` is NULL where lengths differ. */
static bool prefix_of(const lots_step *step, lots_prefixes *known, lots_id rank, uint32_t row, lots_text *out)
{
    if (known != NULL)
        return lots_prefixes_text(known, rank, out);
    return lots_code_prefix(step->in[0].type.dictionary, rank, ((const int64_t *)step->in[1].data)[row], out);
}

static lots_status eval_prefix(const lots_step *step, lots_prefixes *known, lots_vector *out, lots_error *err)
{
    const uint32_t *ranks = step->in[0].data;
    lots_text *values = out->data;
    for (uint32_t i = 0; i < step->count; i++) {
        if (!lots_vector_is_missing(out, i) && prefix_of(step, known, ranks[i], i, &values[i]))
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
        if (texts[i].bytes == text->bytes &&
            (texts[i].text == text->text || memcmp(texts[i].text, text->text, text->bytes) == 0))
            return true;
    return false;
}

/* Of a list of codes: the distinct prefixes, in the list's order. */
static lots_status eval_prefixes(const lots_step *step, lots_prefixes *known, lots_vector *out, lots_error *err)
{
    const lots_vector *in = &step->in[0];
    LOTS_TRY(lots_arena_vector(step->arena, &out->data, in->offsets[in->count], sizeof(lots_text), err));
    lots_text *values = out->data;
    uint32_t made = 0;
    for (uint32_t i = 0; i < step->count; i++) {
        const uint32_t first = made;
        for (uint32_t k = in->offsets[i]; k < in->offsets[i + 1]; k++) {
            lots_text text;
            if (prefix_of(step, known, ((const uint32_t *)in->data)[k], i, &text) && !seen_before(values, first, made, &text))
                values[made++] = text;
        }
        out->offsets[i + 1] = made;
    }
    return LOTS_OK;
}

lots_status lots_eval_text(lots_step *step, lots_vector *out, lots_error *err)
{
    lots_prefixes *known = NULL;
    if (step->expr->op == LOTS_OP_CODE_PREFIX)
        LOTS_TRY(lots_prefixes_open(step->worker, step->expr, &known, err));
    if (step->expr->op == LOTS_OP_BAND || step->expr->op == LOTS_OP_CUT || known != NULL)
        LOTS_TRY(lots_step_flatten(step, 0, err)); /* widths, bounds and lengths are mostly constants */
    else
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
        return out->type.kind == LOTS_TYPE_SET ? eval_prefixes(step, known, out, err) : eval_prefix(step, known, out, err);
    }
}
