/* convert.c: a record as a whole: what may keep it out, its patient and keys, its columns, its span. See convert.h. */
#include "core/base/day.h"
#include "core/base/memory.h"
#include "ingest/convert_inner.h"

/* ---- converters ---- */

static lots_status compile_usual(lots_converter *converter, lots_error *err)
{
    static const char *const yes[] = {"1", "true", "t", "yes", "y", "ja", "j", "sant"};
    static const char *const no[] = {"0", "false", "f", "no", "n", "nej", "falskt"};
    LOTS_TRY(lots_words_compile(&converter->yes, yes, sizeof yes / sizeof yes[0], true, err));
    return lots_words_compile(&converter->no, no, sizeof no / sizeof no[0], true, err);
}

static lots_status open_converter(lots_converter *converter, uint32_t domains, lots_error *err)
{
    void *room;
    LOTS_TRY(compile_usual(converter, err));
    LOTS_TRY(lots_interner_open(&converter->interner, domains, err));
    LOTS_TRY(lots_alloc(&room, converter->target_count, sizeof *converter->pieces, err));
    converter->pieces = room;
    LOTS_TRY(lots_alloc(&room, converter->target_count, sizeof *converter->open, err));
    converter->open = room;
    LOTS_TRY(lots_alloc(&room, converter->target_count, sizeof *converter->counts, err));
    converter->counts = room;
    LOTS_TRY(lots_alloc(&room, converter->mapping->memo_count, sizeof *converter->memos, err));
    converter->memos = room;
    return LOTS_OK;
}

lots_status lots_converter_open(lots_converter *out, const lots_mapping *mapping, uint32_t number,
                                const lots_load_target *targets, uint32_t target_count, uint32_t domains,
                                lots_error *err)
{
    *out = (lots_converter){.mapping = mapping, .number = number, .targets = targets, .target_count = target_count,
                            .items = LOTS_VEC(lots_id)};
    lots_rejects_init(&out->rejects);
    lots_status status = open_converter(out, domains, err);
    if (status != LOTS_OK)
        lots_converter_close(out);
    return status;
}

void lots_converter_close(lots_converter *converter)
{
    for (uint32_t i = 0; converter->open != NULL && i < converter->target_count; i++)
        if (converter->open[i])
            lots_piece_close(&converter->pieces[i]);
    lots_free(converter->pieces);
    lots_free(converter->open);
    lots_free(converter->counts);
    for (uint32_t i = 0; converter->memos != NULL && i < converter->mapping->memo_count; i++)
        lots_memo_free(&converter->memos[i]);
    lots_free(converter->memos);
    lots_interner_close(&converter->interner);
    lots_rejects_free(&converter->rejects);
    lots_words_free(&converter->yes);
    lots_words_free(&converter->no);
    lots_bytes_free(&converter->scratch);
    lots_bytes_free(&converter->key);
    lots_vec_free(&converter->items);
    *converter = (lots_converter){0};
}

/* ---- a row's texts ---- */

lots_cell lots_row_cell(const lots_convert_row *row, uint32_t field)
{
    lots_cell cell;
    if (field == LOTS_ROWS_FILE_NAME)
        return (lots_cell){row->reading->file_name, strlen(row->reading->file_name)};
    cell = (lots_cell){row->fields[field].text, row->fields[field].bytes};
    lots_clean_trim(&cell.text, &cell.bytes);
    return cell;
}

lots_status lots_row_reject(lots_convert_row *row, const char *column, lots_cell value, const char *reason,
                            lots_error *err)
{
    if (row->rejected)
        return LOTS_OK;
    row->rejected = true;
    row->counts->rejected++;
    return lots_rejects_add(&row->converter->rejects, row->reading->file, row->record->line, column, value.text,
                            value.bytes, reason, err);
}

static lots_status match_cell(lots_convert_row *row, const lots_map_pattern *pattern, lots_cell cell, bool *matched,
                              lots_error *err)
{
    lots_bytes *copy = &row->converter->scratch;
    copy->count = 0;
    LOTS_TRY(lots_bytes_append(copy, cell.text, cell.bytes, err));
    LOTS_TRY(lots_bytes_put8(copy, 0, err));
    *matched = regexec(&pattern->compiled, (const char *)copy->data, 0, NULL, 0) == 0;
    return LOTS_OK;
}

/* Patterns are slow, so what a text came to is remembered. */
static lots_status test_pattern(lots_convert_row *row, const lots_bound_condition *condition, lots_cell cell,
                                bool *matched, lots_error *err)
{
    lots_memo *memo = condition->memo == UINT32_MAX ? NULL : &row->converter->memos[condition->memo];
    uint64_t value;
    if (memo != NULL && lots_memo_find(memo, cell.text, cell.bytes, 0, &value)) {
        *matched = value != 0;
        return LOTS_OK;
    }
    LOTS_TRY(match_cell(row, condition->map->pattern, cell, matched, err));
    return memo == NULL ? LOTS_OK : lots_memo_keep(memo, cell.text, cell.bytes, 0, *matched, err);
}

static lots_status test_condition(lots_convert_row *row, const lots_bound_condition *condition, bool *holds,
                                  lots_error *err)
{
    lots_cell cell = lots_row_cell(row, condition->fields.items[0]);
    bool negated = condition->map->test == LOTS_MAP_NOT_IN || condition->map->test == LOTS_MAP_NOT_EMPTY ||
                   condition->map->test == LOTS_MAP_NOT_MATCHES;
    switch (condition->map->test) {
    case LOTS_MAP_IN:
    case LOTS_MAP_NOT_IN:
        *holds = lots_words_find(&condition->map->words, cell.text, cell.bytes) >= 0;
        break;
    case LOTS_MAP_EMPTY:
    case LOTS_MAP_NOT_EMPTY:
        *holds = cell.bytes == 0;
        break;
    case LOTS_MAP_MATCHES:
    case LOTS_MAP_NOT_MATCHES:
        LOTS_TRY(test_pattern(row, condition, cell, holds, err));
        break;
    }
    *holds = *holds != negated;
    return LOTS_OK;
}

lots_status lots_row_holds(lots_convert_row *row, const lots_bound_conditions *conditions, bool *holds,
                           lots_error *err)
{
    *holds = true;
    for (uint32_t i = 0; i < conditions->count && *holds; i++)
        LOTS_TRY(test_condition(row, &conditions->items[i], holds, err));
    return LOTS_OK;
}

/* ---- patient and keys ---- */

static lots_status clean_person(lots_convert_row *row, lots_cell *id, char digits[12], lots_error *err)
{
    lots_person_id person;
    lots_clean outcome = lots_clean_person(id->text, id->bytes, row->reading->reference, digits, &person);
    if (outcome == LOTS_CLEAN_CHECK_DIGIT) {
        if (row->converter->mapping->check_digit_rejects)
            return lots_row_reject(row, "patient", *id, lots_clean_reason(outcome), err);
        row->counts->wrong_check_digit++;
    } else if (outcome != LOTS_CLEAN_OK) {
        return lots_row_reject(row, "patient", *id, lots_clean_reason(outcome), err);
    }
    *id = (lots_cell){person.text, person.bytes};
    return LOTS_OK;
}

/* The patient's id, normalised; `digits` is room that it may point into. */
static lots_status find_patient(lots_convert_row *row, char digits[12], lots_cell *out, lots_error *err)
{
    *out = lots_row_cell(row, row->reading->patient.items[0]);
    if (out->bytes == 0 || lots_words_find(&row->reading->source->missing, out->text, out->bytes) >= 0)
        return lots_row_reject(row, "patient", *out, "the row names no patient", err);
    if (out->bytes > 255)
        return lots_row_reject(row, "patient", *out, "an id has at most 255 bytes", err);
    return row->reading->personnummer ? clean_person(row, out, digits, err) : LOTS_OK;
}

/* The parts of a key, joined with /. Empty when every part is. */
static lots_status join_key(lots_convert_row *row, const lots_bound_fields *parts, uint32_t count, lots_cell *out,
                            lots_error *err)
{
    lots_bytes *key = &row->converter->key;
    bool any = false;
    key->count = 0;
    if (count == 1) {
        *out = lots_row_cell(row, parts[0].items[0]);
        return LOTS_OK;
    }
    for (uint32_t i = 0; i < count; i++) {
        lots_cell cell = lots_row_cell(row, parts[i].items[0]);
        any = any || cell.bytes > 0;
        if (i > 0)
            LOTS_TRY(lots_bytes_put8(key, '/', err));
        LOTS_TRY(lots_bytes_append(key, cell.text, cell.bytes, err));
    }
    *out = (lots_cell){(const char *)key->data, any ? key->count : 0};
    return LOTS_OK;
}

static lots_status put_keys(lots_convert_row *row, lots_error *err)
{
    const lots_reading *reading = row->reading;
    lots_cell key;
    LOTS_TRY(join_key(row, reading->key, reading->source->key.count, &key, err));
    if (key.bytes > 0 && reading->key_column != UINT32_MAX)
        LOTS_TRY(lots_batch_put_text(row->batch, reading->key_column, key.text, key.bytes, err));
    if (reading->parent_column == UINT32_MAX)
        return LOTS_OK;
    LOTS_TRY(join_key(row, reading->parent, reading->source->parent.count, &key, err));
    if (key.bytes == 0)
        return lots_row_reject(row, "parent", key, "the row names no parent record", err);
    return lots_batch_put_text(row->batch, reading->parent_column, key.text, key.bytes, err);
}

/* ---- the span ---- */

static lots_span span_of(const lots_convert_row *row)
{
    const lots_stream *stream = row->reading->target->stream;
    if (row->level != UINT32_MAX && stream->levels[row->level].has_span)
        return stream->levels[row->level].span;
    return stream->span;
}

/* A point ends the day it starts, so that no reader needs to know what a missing end means there. */
static lots_status put_span(lots_convert_row *row, lots_error *err)
{
    const lots_reading *reading = row->reading;
    if (!row->has_start && !reading->may_lack_start)
        return lots_row_reject(row, "start", (lots_cell){"", 0}, "a value is required", err);
    if (reading->end_column == UINT32_MAX)
        return LOTS_OK;
    if (!row->has_end && row->has_start && span_of(row) == LOTS_SPAN_POINT) {
        row->end = row->start;
        row->has_end = true;
    }
    if (!row->has_end || !row->has_start)
        return LOTS_OK;
    if (row->end < row->start) {
        char end[11];
        lots_day_format(row->end, end);
        return lots_row_reject(row, "end", (lots_cell){end, 10}, "it ends before it starts", err);
    }
    return lots_batch_put_int(row->batch, reading->end_column, row->end, err);
}

/* ---- rows ---- */

static lots_status fill_row(lots_convert_row *row, lots_error *err)
{
    const lots_reading *reading = row->reading;
    LOTS_TRY(put_keys(row, err));
    for (uint32_t i = 0; i < reading->column_count && !row->rejected; i++) {
        const lots_bound_column *column = &reading->columns[i];
        if (!column->skipped || row->fields[column->field].bytes > 0)
            LOTS_TRY(lots_row_put(row, column, err));
    }
    if (reading->target->kind == LOTS_MAP_STREAM && reading->target->index > 0 && !row->rejected)
        LOTS_TRY(put_span(row, err));
    return LOTS_OK;
}

/* Only a row that is taken makes its patient one. */
static lots_status take_person(lots_convert_row *row, lots_cell id, lots_error *err)
{
    lots_interner *interner = &row->converter->interner;
    const lots_load_target *target = row->reading->target;
    uint32_t local;
    LOTS_TRY(lots_interner_patient(interner, id.text, id.bytes, &local, err));
    LOTS_AT(lots_patient, &row->batch->patient, row->batch->rows) = local;
    if (target->kind != LOTS_MAP_STREAM)
        return LOTS_OK;
    LOTS_AT(uint8_t, &interner->marks, local) |= target->index == 0 ? LOTS_PERSON_KNOWN : LOTS_PERSON_PRESENT;
    uint32_t *rows = &LOTS_AT(uint32_t, &interner->rows, local);
    *rows += *rows < UINT32_MAX;
    return LOTS_OK;
}

static lots_status finish_row(lots_convert_row *row, lots_piece *piece, bool has_patient, lots_cell id, lots_error *err)
{
    if (row->rejected) {
        lots_batch_row_abandon(row->batch);
        return LOTS_OK;
    }
    uint64_t origin = lots_origin(row->reading->file, row->record->line);
    if (has_patient)
        LOTS_TRY(take_person(row, id, err));
    LOTS_TRY(lots_batch_row_end(row->batch, err));
    row->converter->full |= row->batch->rows >= LOTS_PIECE_ROWS;
    if (piece->origins.count == piece->origins.capacity)
        return lots_vec_push(&piece->origins, &origin, err);
    LOTS_AT(uint64_t, &piece->origins, piece->origins.count++) = origin;
    return LOTS_OK;
}

static lots_status open_piece(lots_converter *converter, uint32_t number, lots_piece **out, lots_error *err)
{
    *out = &converter->pieces[number];
    if (converter->open[number])
        return LOTS_OK;
    const lots_load_target *target = &converter->targets[number];
    LOTS_TRY(lots_piece_open(*out, number, converter->number, target->columns, target->column_count, err));
    converter->open[number] = true;
    return LOTS_OK;
}

static lots_status convert_row(lots_convert_row *row, lots_error *err)
{
    bool has_patient = row->reading->patient.count > 0;
    lots_piece *piece;
    lots_cell id = {"", 0};
    char digits[12];
    if (has_patient)
        LOTS_TRY(find_patient(row, digits, &id, err));
    if (row->rejected)
        return LOTS_OK;
    LOTS_TRY(open_piece(row->converter, row->reading->target_number, &piece, err));
    row->batch = &piece->batch;
    LOTS_TRY(lots_batch_row_begin(row->batch, has_patient ? 0 : LOTS_NO_PATIENT, err));
    LOTS_TRY(fill_row(row, err));
    return finish_row(row, piece, has_patient, id, err);
}

/* ---- labels and hierarchies ---- */

static lots_status intern_field(lots_convert_row *row, const lots_bound_column *column, lots_id *out, lots_error *err)
{
    char code[LOTS_CODE_BYTES_MAX + 1], key[LOTS_NAME_MAX + LOTS_CODE_BYTES_MAX + 3];
    const lots_code_system *system = &row->converter->mapping->systems[row->reading->target->index];
    lots_cell cell = lots_row_cell(row, column->from.items[0]);
    size_t bytes = 0;
    if (!lots_code_normalise(system->form, cell.text, cell.bytes, code, &bytes) || bytes == 0)
        return lots_row_reject(row, column->map->name, cell, "no code", err);
    row->counts->off_form += !lots_code_well_formed(system->form, code, bytes);
    size_t key_bytes = lots_code_key(system->name, code, bytes, key, sizeof key);
    return lots_dictionary_intern(row->converter->interner.codes, key, key_bytes, out, err);
}

static const lots_bound_column *column_named(const lots_reading *reading, const char *name)
{
    for (uint32_t i = 0; i < reading->column_count; i++)
        if (strcmp(reading->columns[i].map->name, name) == 0)
            return &reading->columns[i];
    return &reading->columns[0];
}

static lots_status convert_codes(lots_convert_row *row, lots_error *err)
{
    lots_dictionary_builder *codes = row->converter->interner.codes;
    lots_id first, second;
    bool labels = row->reading->target->kind == LOTS_MAP_LABELS;
    LOTS_TRY(intern_field(row, column_named(row->reading, labels ? "code" : "above"), &first, err));
    if (row->rejected)
        return LOTS_OK;
    if (labels) {
        lots_cell label = lots_row_cell(row, column_named(row->reading, "label")->from.items[0]);
        row->counts->taken++;
        return lots_dictionary_label(codes, first, label.text, label.bytes, err);
    }
    LOTS_TRY(intern_field(row, column_named(row->reading, "below"), &second, err));
    if (row->rejected)
        return LOTS_OK;
    row->counts->taken++;
    return lots_dictionary_relate(codes, first, second, err);
}

lots_status lots_convert_record(lots_converter *converter, const lots_reading *reading, const lots_csv_field *fields,
                                const lots_csv_record *record, lots_error *err)
{
    lots_convert_row row = {.converter = converter, .reading = reading, .fields = fields, .record = record,
                            .counts = &converter->counts[reading->target_number], .level = UINT32_MAX};
    row.counts->rows++;
    if (record->fault != LOTS_CSV_FINE)
        return lots_row_reject(&row, "", (lots_cell){"", 0}, lots_csv_fault_name(record->fault), err);
    bool kept;
    LOTS_TRY(lots_row_holds(&row, &reading->keep, &kept, err));
    if (!kept) {
        row.counts->filtered++;
        return LOTS_OK;
    }
    bool codes = reading->target->kind == LOTS_MAP_LABELS || reading->target->kind == LOTS_MAP_HIERARCHY;
    return codes ? convert_codes(&row, err) : convert_row(&row, err);
}
