/* listing.c: see listing.h. */
#include "query/out/listing.h"

lots_listing lots_listing_begin(const lots_listing_column *columns, uint32_t column_count)
{
    return (lots_listing){.columns = columns, .column_count = column_count, .cells = LOTS_VEC(lots_listing_cell)};
}

void lots_listing_free(lots_listing *listing)
{
    lots_vec_free(&listing->cells);
    lots_bytes_free(&listing->texts);
}

lots_status lots_listing_bytes(lots_listing *listing, const char *text, size_t bytes, lots_error *err)
{
    lots_listing_cell cell = {.text = listing->texts.count, .bytes = bytes};
    LOTS_TRY(lots_bytes_append(&listing->texts, text, bytes, err));
    return lots_vec_push(&listing->cells, &cell, err);
}

lots_status lots_listing_text(lots_listing *listing, const char *text, lots_error *err)
{
    return text == NULL ? lots_listing_missing(listing, err) : lots_listing_bytes(listing, text, strlen(text), err);
}

lots_status lots_listing_int(lots_listing *listing, uint64_t value, lots_error *err)
{
    lots_listing_cell cell = {.number = value > INT64_MAX ? INT64_MAX : (int64_t)value};
    return lots_vec_push(&listing->cells, &cell, err);
}

lots_status lots_listing_float(lots_listing *listing, double value, lots_error *err)
{
    lots_listing_cell cell = {.real = value};
    return lots_vec_push(&listing->cells, &cell, err);
}

lots_status lots_listing_date(lots_listing *listing, lots_day day, lots_error *err)
{
    lots_listing_cell cell = {.number = day};
    return lots_vec_push(&listing->cells, &cell, err);
}

lots_status lots_listing_missing(lots_listing *listing, lots_error *err)
{
    lots_listing_cell cell = {.missing = true};
    return lots_vec_push(&listing->cells, &cell, err);
}

lots_status lots_listing_hidden(lots_listing *listing, lots_mark mark, lots_error *err)
{
    lots_listing_cell cell = {.missing = true, .mark = (uint8_t)mark};
    return lots_vec_push(&listing->cells, &cell, err);
}

lots_status lots_listing_count(lots_listing *listing, uint64_t count, uint64_t persons, lots_error *err)
{
    if (persons == 0 || persons >= listing->min_cell)
        return lots_listing_int(listing, count, err);
    return lots_listing_hidden(listing, count < listing->min_cell ? LOTS_MARK_SMALL : LOTS_MARK_WITHHELD, err);
}

static void fill_row(const lots_listing *listing, const lots_listing_cell *cell, lots_vector *values, uint32_t row)
{
    switch (values->type.kind) {
    case LOTS_TYPE_INT: ((int64_t *)values->data)[row] = cell->number; break;
    case LOTS_TYPE_DATE: ((int32_t *)values->data)[row] = (int32_t)cell->number; break;
    case LOTS_TYPE_FLOAT: ((double *)values->data)[row] = cell->real; break;
    default:
        ((lots_text *)values->data)[row] =
            (lots_text){cell->bytes == 0 ? "" : (const char *)listing->texts.data + cell->text, (uint32_t)cell->bytes};
    }
}

static lots_status fill_column(const lots_listing *listing, uint32_t column, lots_result *out, lots_error *err)
{
    lots_vector *values = &out->columns[column].values;
    lots_type type = {.kind = listing->columns[column].kind};
    LOTS_TRY(lots_vector_new(&out->arena, &type, out->rows, values, err));
    LOTS_TRY(lots_vector_want_missing(&out->arena, values, err));
    out->columns[column].name = listing->columns[column].name;
    out->columns[column].type = type;
    void *marks = NULL;
    LOTS_TRY(lots_arena_alloc(&out->arena, &marks, out->rows, 1, err));
    out->columns[column].marks = marks;
    for (uint32_t row = 0; row < out->rows; row++) {
        const lots_listing_cell *cell =
            &LOTS_AT(lots_listing_cell, &listing->cells, (size_t)row * listing->column_count + column);
        fill_row(listing, cell, values, row);
        ((uint8_t *)marks)[row] = cell->mark;
        if (cell->missing)
            lots_bit_set(values->missing, row);
    }
    return LOTS_OK;
}

lots_status lots_listing_result(const lots_listing *listing, lots_result *out, lots_error *err)
{
    void *columns = NULL;
    memset(out, 0, sizeof *out);
    lots_arena_init(&out->arena, 0);
    lots_status status = lots_arena_alloc(&out->arena, &columns, listing->column_count, sizeof(lots_result_column), err);
    out->columns = columns;
    out->column_count = listing->column_count;
    out->min_cell = listing->min_cell;
    out->rows = (uint32_t)(listing->cells.count / listing->column_count);
    for (uint32_t i = 0; i < listing->column_count && status == LOTS_OK; i++)
        status = fill_column(listing, i, out, err);
    if (status != LOTS_OK)
        lots_result_free(out);
    return status;
}

lots_status lots_listing_write(const lots_listing *listing, lots_format format, const lots_output_options *options,
                              lots_sink *sink, lots_error *err)
{
    lots_result result;
    LOTS_TRY(lots_listing_result(listing, &result, err));
    lots_status status = lots_output_write(format, &result, options, sink, err);
    lots_result_free(&result);
    return status;
}
