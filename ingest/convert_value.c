/* convert_value.c: one field → one value of a row. See convert.h.
 * The order of what is done to a text: blanks off; a declared text for missing → missing, counted; `match` takes its
 * group; `map` replaces it; then the kind reads it. */
#include "core/base/day.h"
#include "ingest/convert_inner.h"

/* ---- texts ---- */

/* regexec wants a terminated text. *out is lent until the next call. */
static lots_status match_text(lots_convert_row *row, const lots_map_pattern *pattern, lots_cell *cell, bool *matched,
                              lots_error *err)
{
    regmatch_t groups[2];
    lots_bytes *copy = &row->converter->scratch;
    copy->count = 0;
    LOTS_TRY(lots_bytes_append(copy, cell->text, cell->bytes, err));
    LOTS_TRY(lots_bytes_put8(copy, 0, err));
    const char *text = (const char *)copy->data;
    *matched = regexec(&pattern->compiled, text, 2, groups, 0) == 0;
    if (!*matched)
        return LOTS_OK;
    const regmatch_t *group = pattern->compiled.re_nsub > 0 && groups[1].rm_so >= 0 ? &groups[1] : &groups[0];
    *cell = (lots_cell){text + group->rm_so, (size_t)(group->rm_eo - group->rm_so)};
    lots_clean_trim(&cell->text, &cell->bytes);
    return LOTS_OK;
}

/* One field as the column sees it: empty when missing. */
static lots_status read_cell(lots_convert_row *row, const lots_bound_column *column, uint32_t field, lots_cell *out,
                             lots_error *err)
{
    bool matched = true;
    *out = lots_row_cell(row, field);
    if (out->bytes == 0)
        return LOTS_OK;
    if (lots_words_find(column->missing, out->text, out->bytes) >= 0) {
        row->counts->sentinels++;
        out->bytes = 0;
        return LOTS_OK;
    }
    if (column->map->match != NULL)
        LOTS_TRY(match_text(row, column->map->match, out, &matched, err));
    if (!matched)
        out->bytes = 0;
    return LOTS_OK;
}

/* Replace a text by what the map says; *known false: by nothing. */
static lots_status map_text(lots_convert_row *row, const lots_map_column *map, lots_cell *cell, lots_error *err)
{
    int at = lots_words_find(&map->map.keys, cell->text, cell->bytes);
    if (at >= 0) {
        *cell = (lots_cell){map->map.values[at], strlen(map->map.values[at])};
        return LOTS_OK;
    }
    for (uint32_t i = 0; i < map->map.count; i++)
        if (strlen(map->map.values[i]) == cell->bytes && memcmp(map->map.values[i], cell->text, cell->bytes) == 0)
            return LOTS_OK;
    row->counts->unmapped++;
    if (map->otherwise == LOTS_MAP_REJECT || (map->otherwise == LOTS_MAP_KEEP && map->closed))
        return lots_row_reject(row, map->name, *cell, "not a value of the mapping's list", err);
    if (map->otherwise == LOTS_MAP_MISSING)
        cell->bytes = 0;
    if (map->otherwise == LOTS_MAP_OTHER)
        *cell = (lots_cell){map->other, strlen(map->other)};
    return LOTS_OK;
}

/* The column's text of this row, from the first field that isn't empty. */
static lots_status find_text(lots_convert_row *row, const lots_bound_column *column, lots_cell *out, lots_error *err)
{
    const lots_map_column *map = column->map;
    *out = (lots_cell){"", 0};
    if (map->constant != NULL)
        *out = (lots_cell){map->constant, strlen(map->constant)};
    for (uint32_t i = 0; i < column->from.count && out->bytes == 0; i++)
        LOTS_TRY(read_cell(row, column, column->from.items[i], out, err));
    if (out->bytes > 0 && map->has_map)
        LOTS_TRY(map_text(row, map, out, err));
    if (out->bytes == 0 && map->required && !row->rejected)
        return lots_row_reject(row, map->name, *out, "a value is required", err);
    return LOTS_OK;
}

static lots_status reject_clean(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                                lots_clean outcome, lots_error *err)
{
    return lots_row_reject(row, column->map->name, cell, lots_clean_reason(outcome), err);
}

/* ---- kinds ---- */

static lots_status put_bool(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    const lots_words *yes = column->map->yes.count > 0 ? &column->map->yes : &row->converter->yes;
    const lots_words *no = column->map->no.count > 0 ? &column->map->no : &row->converter->no;
    bool value;
    lots_clean outcome = lots_clean_bool(cell.text, cell.bytes, yes, no, &value);
    if (outcome != LOTS_CLEAN_OK)
        return reject_clean(row, column, cell, outcome, err);
    return lots_batch_put_int(row->batch, column->column, value, err);
}

static lots_status put_number(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    int64_t value;
    lots_clean outcome = lots_clean_decimal(cell.text, cell.bytes, &column->number, &value);
    if (outcome != LOTS_CLEAN_OK)
        return reject_clean(row, column, cell, outcome, err);
    return lots_batch_put_int(row->batch, column->column, value, err);
}

static lots_status put_float(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    double value;
    lots_clean outcome = lots_clean_float(cell.text, cell.bytes, &column->number, &value);
    if (outcome != LOTS_CLEAN_OK)
        return reject_clean(row, column, cell, outcome, err);
    return lots_batch_put_float(row->batch, column->column, value, err);
}

/* A date; the start and the end wait for the row's end, when it is known what a missing end means. */
static lots_status put_date(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    lots_clean_day value;
    lots_clean outcome = lots_clean_date(cell.text, cell.bytes, &column->dates, &value);
    if (outcome == LOTS_CLEAN_EMPTY) {
        row->counts->imprecise++;
        return LOTS_OK;
    }
    if (outcome != LOTS_CLEAN_OK)
        return reject_clean(row, column, cell, outcome, err);
    row->counts->imprecise += value.precision != LOTS_DATE_DAY;
    if (column->role == LOTS_ROLE_START) {
        row->has_start = true;
        row->start = value.day;
    } else if (column->role == LOTS_ROLE_END) {
        row->has_end = true;
        row->end = value.day;
        return LOTS_OK;
    }
    return lots_batch_put_int(row->batch, column->column, value.day, err);
}

static lots_status put_minute(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    lots_clean_day value = {.minute = -1};
    lots_clean outcome = LOTS_CLEAN_OK;
    if (!lots_clean_clock(cell.text, cell.bytes, &value.minute))
        outcome = lots_clean_date(cell.text, cell.bytes, &column->dates, &value);
    if (lots_clean_is_bad(outcome))
        return reject_clean(row, column, cell, outcome, err);
    return value.minute < 0 ? LOTS_OK : lots_batch_put_int(row->batch, column->column, value.minute, err);
}

static lots_status put_category_text(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                                     lots_error *err)
{
    lots_id id;
    lots_dictionary_builder *domain = row->converter->interner.domains[column->domain];
    LOTS_TRY(lots_dictionary_intern(domain, cell.text, cell.bytes, &id, err));
    if (column->label.count > 0) {
        lots_cell label = lots_row_cell(row, column->label.items[0]);
        LOTS_TRY(lots_dictionary_label(domain, id, label.text, label.bytes, err));
    }
    row->category = id;
    return lots_batch_put_int(row->batch, column->column, id, err);
}

static lots_status put_precision(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                                 lots_error *err)
{
    static const char *const names[] = {"day", "month", "year"};
    lots_clean_day value = {.precision = LOTS_DATE_DAY};
    lots_clean outcome = lots_clean_date(cell.text, cell.bytes, &column->dates, &value);
    if (lots_clean_is_bad(outcome))
        return reject_clean(row, column, cell, outcome, err);
    const char *name = names[value.precision];
    return put_category_text(row, column, (lots_cell){name, strlen(name)}, err);
}

static lots_status put_category(lots_convert_row *row, const lots_bound_column *column, lots_cell cell,
                                lots_error *err)
{
    if (column->role == LOTS_ROLE_LEVEL) {
        const lots_stream *stream = row->reading->target->stream;
        for (uint32_t i = 0; i < stream->level_count; i++)
            if (strlen(stream->levels[i].value) == cell.bytes &&
                memcmp(stream->levels[i].value, cell.text, cell.bytes) == 0)
                row->level = i;
    }
    return put_category_text(row, column, cell, err);
}

/* ---- codes ---- */

/* The system of the row's code; UINT32_MAX and a reject when nothing tells it. */
static lots_status find_system(lots_convert_row *row, const lots_bound_column *column, lots_cell code, uint32_t *out,
                               lots_error *err)
{
    const lots_map_column *map = column->map;
    *out = map->system;
    if (column->system_from.count > 0) {
        lots_cell name = lots_row_cell(row, column->system_from.items[0]);
        int at = lots_words_find(&map->system_pairs.keys, name.text, name.bytes);
        *out = at >= 0 ? map->system_of_pair[at] : UINT32_MAX;
        return at >= 0 ? LOTS_OK : lots_row_reject(row, map->name, name, "names no code system of the mapping", err);
    }
    if (map->period_count == 0)
        return LOTS_OK;
    *out = UINT32_MAX;
    for (uint32_t i = 0; i < map->period_count && row->has_start; i++)
        if (row->start >= map->periods[i].from && row->start <= map->periods[i].until)
            *out = map->periods[i].system;
    return *out != UINT32_MAX
               ? LOTS_OK
               : lots_row_reject(row, map->name, code, "the row's start is in no code system's period", err);
}

/* A code's id; *found false when nothing is left of the text. */
static lots_status intern_code(lots_convert_row *row, const lots_bound_column *column, uint32_t system, lots_cell cell,
                               lots_id *out, bool *found, lots_error *err)
{
    char code[LOTS_CODE_BYTES_MAX + 1], key[LOTS_NAME_MAX + LOTS_CODE_BYTES_MAX + 3];
    const lots_code_system *declared = &row->converter->mapping->systems[system];
    lots_memo *memo = &row->converter->memos[column->memo];
    uint64_t known;
    size_t bytes;
    *found = lots_memo_find(memo, cell.text, cell.bytes, system, &known);
    if (*found) {
        *out = (lots_id)known;
        row->counts->off_form += known >> 32;
        return LOTS_OK;
    }
    if (!lots_code_normalise(declared->form, cell.text, cell.bytes, code, &bytes))
        return lots_row_reject(row, column->map->name, cell, "a code has at most 255 bytes", err);
    if (bytes == 0)
        return LOTS_OK;
    uint64_t off_form = !lots_code_well_formed(declared->form, code, bytes);
    row->counts->off_form += off_form;
    size_t key_bytes = lots_code_key(declared->name, code, bytes, key, sizeof key);
    *found = true;
    LOTS_TRY(lots_dictionary_intern(row->converter->interner.codes, key, key_bytes, out, err));
    return lots_memo_keep(memo, cell.text, cell.bytes, system, off_form << 32 | *out, err);
}

static lots_status label_code(lots_convert_row *row, const lots_bound_column *column, lots_id id, lots_error *err)
{
    if (column->label.count == 0)
        return LOTS_OK;
    lots_cell label = lots_row_cell(row, column->label.items[0]);
    return lots_dictionary_label(row->converter->interner.codes, id, label.text, label.bytes, err);
}

static lots_status put_code(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    lots_id id;
    uint32_t system;
    bool found;
    LOTS_TRY(find_system(row, column, cell, &system, err));
    if (row->rejected)
        return LOTS_OK;
    LOTS_TRY(intern_code(row, column, system, cell, &id, &found, err));
    if (!found)
        return LOTS_OK;
    LOTS_TRY(label_code(row, column, id, err));
    return lots_batch_put_int(row->batch, column->column, id, err);
}

static bool has_item(const lots_vec *items, lots_id id)
{
    for (size_t i = 0; i < items->count; i++)
        if (LOTS_AT(lots_id, items, i) == id)
            return true;
    return false;
}

static lots_status add_item(lots_convert_row *row, const lots_bound_column *column, uint32_t system, lots_cell cell,
                            lots_error *err)
{
    lots_vec *items = &row->converter->items;
    lots_id id;
    bool found;
    lots_clean_trim(&cell.text, &cell.bytes);
    if (cell.bytes == 0)
        return LOTS_OK;
    if (lots_words_find(column->missing, cell.text, cell.bytes) >= 0) {
        row->counts->sentinels++;
        return LOTS_OK;
    }
    LOTS_TRY(intern_code(row, column, system, cell, &id, &found, err));
    if (!found || row->rejected || (column->map->distinct && has_item(items, id)))
        return LOTS_OK;
    LOTS_TRY(label_code(row, column, id, err));
    return lots_vec_push(items, &id, err);
}

/* The codes of one field, which may hold several. */
static lots_status add_items(lots_convert_row *row, const lots_bound_column *column, uint32_t system, lots_cell cell,
                             lots_error *err)
{
    char mark = column->map->split;
    while (mark != 0 && !row->rejected) {
        const char *end = memchr(cell.text, mark, cell.bytes);
        if (end == NULL)
            break;
        size_t bytes = (size_t)(end - cell.text);
        LOTS_TRY(add_item(row, column, system, (lots_cell){cell.text, bytes}, err));
        cell = (lots_cell){end + 1, cell.bytes - bytes - 1};
    }
    return add_item(row, column, system, cell, err);
}

static lots_status put_codes(lots_convert_row *row, const lots_bound_column *column, lots_error *err)
{
    lots_vec *items = &row->converter->items;
    uint32_t system = UINT32_MAX;
    lots_cell cell = {column->map->constant, column->map->constant == NULL ? 0 : strlen(column->map->constant)};
    items->count = 0;
    for (uint32_t i = 0; i < column->from.count + (cell.text != NULL) && !row->rejected; i++) {
        if (cell.text == NULL || i > 0)
            LOTS_TRY(read_cell(row, column, column->from.items[i], &cell, err));
        if (cell.bytes > 0 && system == UINT32_MAX)
            LOTS_TRY(find_system(row, column, cell, &system, err));
        if (cell.bytes > 0 && !row->rejected)
            LOTS_TRY(add_items(row, column, system, cell, err));
        cell = (lots_cell){NULL, 0};
    }
    if (items->count == 0 && column->map->required && !row->rejected)
        return lots_row_reject(row, column->map->name, (lots_cell){"", 0}, "a value is required", err);
    for (size_t i = 0; i < items->count && !row->rejected; i++)
        LOTS_TRY(lots_batch_put_item(row->batch, column->column, LOTS_AT(lots_id, items, i), err));
    return LOTS_OK;
}

/* ---- by kind ---- */

static lots_status put_text(lots_convert_row *row, const lots_bound_column *column, lots_cell cell, lots_error *err)
{
    if (column->map->part == LOTS_MAP_MINUTE)
        return put_minute(row, column, cell, err);
    if (column->map->part == LOTS_MAP_PRECISION)
        return put_precision(row, column, cell, err);
    switch (column->kind) {
    case LOTS_KIND_BOOL:
        return put_bool(row, column, cell, err);
    case LOTS_KIND_INT:
    case LOTS_KIND_DECIMAL:
        return put_number(row, column, cell, err);
    case LOTS_KIND_FLOAT:
        return put_float(row, column, cell, err);
    case LOTS_KIND_DATE:
        return put_date(row, column, cell, err);
    case LOTS_KIND_CATEGORY:
        return put_category(row, column, cell, err);
    case LOTS_KIND_TEXT:
        return lots_batch_put_text(row->batch, column->column, cell.text, cell.bytes, err);
    case LOTS_KIND_CODE:
        return put_code(row, column, cell, err);
    case LOTS_KIND_CODES:
    case LOTS_KIND_COUNT:
        break;
    }
    return LOTS_OK;
}

static lots_status put_slowly(lots_convert_row *row, const lots_bound_column *column, lots_error *err)
{
    lots_cell cell;
    LOTS_TRY(find_text(row, column, &cell, err));
    return cell.bytes == 0 || row->rejected ? LOTS_OK : put_text(row, column, cell, err);
}

/* A category of one field that wasn't remembered. Texts that come to nothing (missing, rejected, a sentinel) take the slow
 * way each time. */
static lots_status put_remembered(lots_convert_row *row, const lots_bound_column *column, lots_error *err)
{
    lots_memo *memo = &row->converter->memos[column->memo];
    lots_cell cell = lots_row_cell(row, column->from.items[0]);
    uint64_t unmapped = row->counts->unmapped;
    row->category = LOTS_NO_ID;
    LOTS_TRY(put_slowly(row, column, err));
    if (row->category == LOTS_NO_ID || row->rejected)
        return LOTS_OK;
    uint64_t level = column->role == LOTS_ROLE_LEVEL && row->level != UINT32_MAX ? (uint64_t)row->level + 1 : 0;
    return lots_memo_keep(memo, cell.text, cell.bytes, 0,
                          level << LOTS_MEMO_LEVEL |
                              (row->counts->unmapped > unmapped ? LOTS_MEMO_UNMAPPED : 0) | row->category,
                          err);
}

lots_status lots_row_put_any(lots_convert_row *row, const lots_bound_column *column, lots_error *err)
{
    if (column->kind == LOTS_KIND_CODES)
        return put_codes(row, column, err);
    return column->plain == LOTS_PLAIN_CATEGORY ? put_remembered(row, column, err) : put_slowly(row, column, err);
}
