/* convert_plain.c: the plain way of a field: one field of the file, nothing declared but its kind, and a text as nearly
 * all are. What isn't so in any respect goes the slow way (convert_value.c), which is the meaning; here is only what
 * gives the same in fewer steps. Half of loading is here, so a field calls as little as can be.
 * Invariant: when the plain way gives up, nothing was changed. Callers: convert.c, convert_bind.c. */
#include "core/base/day.h"
#include "ingest/convert_inner.h"

enum { PLAIN_CODES_MAX = 16 }; /* of one field */

/* ---- which columns ---- */

/* Nothing that looks at the text before its kind does. */
static bool is_bare(const lots_bound_column *column)
{
    const lots_map_column *map = column->map;
    return column->missing->count == 0 && map->match == NULL && !map->has_map && map->part != LOTS_MAP_PRECISION;
}

static lots_plain plain_of_bare(const lots_bound_column *column)
{
    const lots_map_column *map = column->map;
    if (map->part == LOTS_MAP_MINUTE)
        return lots_kind_phys(column->kind) == LOTS_PHYS_I64 ? LOTS_PLAIN_MINUTE : LOTS_PLAIN_NONE;
    switch (column->kind) {
    case LOTS_KIND_BOOL:
        return LOTS_PLAIN_BOOL;
    case LOTS_KIND_INT:
    case LOTS_KIND_DECIMAL:
        return LOTS_PLAIN_NUMBER;
    case LOTS_KIND_DATE:
        return column->dates.form_count > 0 && column->dates.forms[0] == LOTS_DATE_ISO ? LOTS_PLAIN_DATE
                                                                                     : LOTS_PLAIN_EMPTY;
    case LOTS_KIND_TEXT:
        return LOTS_PLAIN_TEXT;
    case LOTS_KIND_CODE:
        return column->system_from.count == 0 && map->period_count == 0 ? LOTS_PLAIN_CODE : LOTS_PLAIN_EMPTY;
    case LOTS_KIND_CODES:
        return column->system_from.count == 0 && map->period_count == 0 && !map->distinct ? LOTS_PLAIN_CODES
                                                                                          : LOTS_PLAIN_EMPTY;
    case LOTS_KIND_FLOAT:
    case LOTS_KIND_CATEGORY:
    case LOTS_KIND_COUNT:
        break;
    }
    return LOTS_PLAIN_EMPTY;
}

lots_plain lots_plain_of(const lots_bound_column *column)
{
    const lots_map_column *map = column->map;
    if (column->absent || column->from.count != 1 || column->from.items[0] == LOTS_ROWS_FILE_NAME ||
        map->constant != NULL || column->label.count > 0)
        return LOTS_PLAIN_NONE;
    if (column->kind == LOTS_KIND_CATEGORY)
        return LOTS_PLAIN_CATEGORY;
    return is_bare(column) ? plain_of_bare(column) : LOTS_PLAIN_EMPTY;
}

/* ---- putting ---- */

/* Where the row's value of a column of fixed size goes; NULL where lots_batch_put_int knows more. */
static inline void *next_slot(lots_convert_row *row, const lots_bound_column *column, size_t size)
{
    lots_batch_column *to = &row->batch->columns[column->column];
    size_t at = row->batch->rows;
    if (to->missing.count != at || at >= to->missing.capacity || at >= to->values.capacity)
        return NULL;
    LOTS_AT(uint8_t, &to->missing, at) = 0;
    to->values.count = to->missing.count = at + 1;
    return (char *)to->values.data + at * size;
}

static inline lots_status put_id(lots_convert_row *row, const lots_bound_column *column, lots_id id, lots_error *err)
{
    lots_id *slot = next_slot(row, column, sizeof *slot);
    if (slot == NULL)
        return lots_batch_put_int(row->batch, column->column, id, err);
    *slot = id;
    return LOTS_OK;
}

static inline lots_status put_day(lots_convert_row *row, const lots_bound_column *column, lots_day day, lots_error *err)
{
    lots_day *slot = next_slot(row, column, sizeof *slot);
    if (slot == NULL)
        return lots_batch_put_int(row->batch, column->column, day, err);
    *slot = day;
    return LOTS_OK;
}

static inline lots_status put_wide(lots_convert_row *row, const lots_bound_column *column, int64_t value, lots_error *err)
{
    int64_t *slot = next_slot(row, column, sizeof *slot);
    if (slot == NULL)
        return lots_batch_put_int(row->batch, column->column, value, err);
    *slot = value;
    return LOTS_OK;
}

static inline lots_status put_flag(lots_convert_row *row, const lots_bound_column *column, bool value, lots_error *err)
{
    uint8_t *slot = next_slot(row, column, sizeof *slot);
    if (slot == NULL)
        return lots_batch_put_int(row->batch, column->column, value, err);
    *slot = value;
    return LOTS_OK;
}

/* ---- by kind ---- */

/* Something, and neither a blank nor a part of one at either end. */
static inline bool is_trimmed(lots_cell cell)
{
    return cell.bytes > 0 && (signed char)cell.text[0] > ' ' && (signed char)cell.text[cell.bytes - 1] > ' ';
}

static inline bool put_date(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_status *status,
                            lots_error *err)
{
    lots_day day;
    if (!lots_day_parse(cell.text, cell.bytes, &day))
        return false;
    if (column->role == LOTS_ROLE_START) {
        row->has_start = true;
        row->start = day;
    } else if (column->role == LOTS_ROLE_END) {
        row->has_end = true;
        row->end = day;
        return true;
    }
    *status = put_day(row, column, day, err);
    return true;
}

static inline bool put_minute(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                              lots_status *status, lots_error *err)
{
    int32_t minute;
    if (!lots_clean_clock(cell.text, cell.bytes, &minute))
        return false;
    *status = put_wide(row, column, minute, err);
    return true;
}

static inline bool put_number(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                              lots_status *status, lots_error *err)
{
    int64_t value;
    if (lots_clean_decimal(cell.text, cell.bytes, &column->number, &value) != LOTS_CLEAN_OK)
        return false;
    *status = put_wide(row, column, value, err);
    return true;
}

static bool learn_bool(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_status *status,
                       lots_error *err)
{
    const lots_words *yes = column->map->yes.count > 0 ? &column->map->yes : &row->converter->yes;
    const lots_words *no = column->map->no.count > 0 ? &column->map->no : &row->converter->no;
    bool value;
    if (lots_clean_bool(cell.text, cell.bytes, yes, no, &value) != LOTS_CLEAN_OK)
        return false;
    *status = lots_memo_keep(&row->converter->memos[column->memo], cell.text, cell.bytes, 0, value, err);
    if (*status == LOTS_OK)
        *status = put_flag(row, column, value, err);
    return true;
}

static inline bool put_bool(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_status *status,
                            lots_error *err)
{
    uint64_t known;
    if (!lots_memo_find(&row->converter->memos[column->memo], cell.text, cell.bytes, 0, &known))
        return learn_bool(row, column, cell, status, err);
    *status = put_flag(row, column, known != 0, err);
    return true;
}

static inline bool put_category(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                                lots_status *status, lots_error *err)
{
    uint64_t known;
    if (!lots_memo_find(&row->converter->memos[column->memo], cell.text, cell.bytes, 0, &known))
        return false;
    row->counts->unmapped += (known & LOTS_MEMO_UNMAPPED) != 0;
    if (known >> LOTS_MEMO_LEVEL != 0)
        row->level = (uint32_t)(known >> LOTS_MEMO_LEVEL) - 1;
    *status = put_id(row, column, (lots_id)known, err);
    return true;
}

static inline bool put_code(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_status *status,
                            lots_error *err)
{
    uint64_t known;
    if (!lots_memo_find(&row->converter->memos[column->memo], cell.text, cell.bytes, column->map->system, &known))
        return false;
    row->counts->off_form += known >> 32;
    *status = put_id(row, column, (lots_id)known, err);
    return true;
}

/* The ids of the codes that the cell lists, when all are remembered; *off_form counts those that are. */
static bool find_codes(const lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                       lots_id ids[PLAIN_CODES_MAX], uint32_t *count, uint64_t *off_form)
{
    const lots_memo *memo = &row->converter->memos[column->memo];
    const char mark = column->map->split;
    uint64_t known;
    *count = 0;
    *off_form = 0;
    for (size_t from = 0, end; from <= cell.bytes; from = end + 1) {
        for (end = from; end < cell.bytes && (mark == 0 || cell.text[end] != mark); end++) {
        }
        const lots_cell code = {cell.text + from, end - from};
        if (code.bytes == 0)
            continue;
        if (*count == PLAIN_CODES_MAX || !is_trimmed(code) ||
            !lots_memo_find(memo, code.text, code.bytes, column->map->system, &known))
            return false;
        ids[(*count)++] = (lots_id)known;
        *off_form += known >> 32;
    }
    return true;
}

static bool put_codes(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_status *status,
                      lots_error *err)
{
    lots_id ids[PLAIN_CODES_MAX];
    uint32_t count;
    uint64_t off_form;
    if (!find_codes(row, column, cell, ids, &count, &off_form))
        return false;
    row->counts->off_form += off_form;
    for (uint32_t i = 0; i < count && *status == LOTS_OK; i++)
        *status = lots_batch_put_item(row->batch, column->column, ids[i], err);
    return true;
}

/* False, and nothing changed: it takes the slow way. `status` is set only on failure. */
static inline bool put_plain(lots_convert_row *row, const lots_bound_column *column, lots_status *status, lots_error *err)
{
    const lots_csv_field *field = &row->fields[column->field];
    const lots_cell cell = {field->text, field->bytes};
    if (!is_trimmed(cell))
        return false;
    switch (column->plain) {
    case LOTS_PLAIN_DATE:
        return put_date(row, column, cell, status, err);
    case LOTS_PLAIN_MINUTE:
        return put_minute(row, column, cell, status, err);
    case LOTS_PLAIN_NUMBER:
        return put_number(row, column, cell, status, err);
    case LOTS_PLAIN_BOOL:
        return put_bool(row, column, cell, status, err);
    case LOTS_PLAIN_CATEGORY:
        return put_category(row, column, cell, status, err);
    case LOTS_PLAIN_CODE:
        return put_code(row, column, cell, status, err);
    case LOTS_PLAIN_CODES:
        return put_codes(row, column, cell, status, err);
    case LOTS_PLAIN_TEXT:
        *status = lots_batch_put_text(row->batch, column->column, cell.text, cell.bytes, err);
        return true;
    case LOTS_PLAIN_NONE:
    case LOTS_PLAIN_EMPTY:
        break;
    }
    return false;
}

lots_status lots_row_put(lots_convert_row *row, const lots_bound_column *column, lots_error *err)
{
    bool holds = true;
    lots_status status = LOTS_OK;
    if (column->absent)
        return LOTS_OK;
    if (column->when.count > 0)
        LOTS_TRY(lots_row_holds(row, &column->when, &holds, err));
    if (!holds || (column->field != UINT32_MAX && put_plain(row, column, &status, err)))
        return status;
    return lots_row_put_any(row, column, err);
}
