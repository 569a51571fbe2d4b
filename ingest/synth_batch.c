/* synth_batch.c: see synth_batch.h. A patient's rows of one stream are appended column after column: room for all is made
 * at once. This relies on batch.h's invariants: every column has a value and a mark a row, a list or text one offset more. */
#include "ingest/synth_batch.h"

#include "core/base/day.h"
#include "ingest/synth_text.h"
#include "ingest/synth_words.h"

/* ---- names ---- */

/* The columns in the order of the files' headings. A name that is in several streams has one meaning. */
static const char *const stream_names[LOTS_SYNTH_STREAMS] = {"patients", "contacts", "drugs", "services", "waits",
                                                             "wait_status", "residence", "listing", "labs", "programmes"};
static const char *const column_names[LOTS_SYNTH_STREAMS][LOTS_SYNTH_COLUMNS] = {
    {"birth", "sex", "death", "protected"},
    {"id", "start", "minute", "end", "level", "unit", "provider", "profession", "form", "status", "visit", "acute",
     "admitted_from", "discharged_to", "ready", "cost", "payer", "dx", "px", "drg"},
    {"start", "atc", "packs", "ddd", "cost", "end"},
    {"start", "end", "service", "hours", "id"},
    {"id", "start", "end", "kind", "area", "px", "unit", "priority", "booked", "target", "outcome"},
    {"wait", "start", "end", "reason", "id"},
    {"start", "end", "municipality", "region", "id"},
    {"start", "end", "clinic", "id"},
    {"start", "test", "value", "measure", "source"},
    {"start", "end", "programme", "arm", "id"}};
static const char *const domain_names[LOTS_SYNTH_KINDS] = {
    [LOTS_SYNTH_LEVEL] = "level", [LOTS_SYNTH_PROFESSION] = "profession", [LOTS_SYNTH_FORM] = "form",
    [LOTS_SYNTH_STATUS] = "status", [LOTS_SYNTH_VISIT] = "visit", [LOTS_SYNTH_PLACE] = "place",
    [LOTS_SYNTH_PAYER] = "payer", [LOTS_SYNTH_SERVICE] = "service", [LOTS_SYNTH_WAIT_KIND] = "wait_kind",
    [LOTS_SYNTH_AREA] = "area", [LOTS_SYNTH_OUTCOME] = "outcome", [LOTS_SYNTH_REASON] = "reason",
    [LOTS_SYNTH_TEST] = "test", [LOTS_SYNTH_MEASURE] = "measure", [LOTS_SYNTH_SOURCE] = "source",
    [LOTS_SYNTH_SEX] = "sex", [LOTS_SYNTH_PROGRAMME] = "programme", [LOTS_SYNTH_ARM] = "arm",
    [LOTS_SYNTH_UNIT] = "unit", [LOTS_SYNTH_PROVIDER] = "provider", [LOTS_SYNTH_DRG] = "drg",
    [LOTS_SYNTH_MUNICIPALITY] = "municipality", [LOTS_SYNTH_REGION] = "region"};

static lots_id find_code(const lots_load *load, lots_synth_kind kind, const char *text, size_t bytes)
{
    static const struct { const char *system; lots_code_form form; } systems[] = {
        {"icd10", LOTS_CODE_ICD10}, {"kva", LOTS_CODE_KVA}, {"atc", LOTS_CODE_ATC}};
    char code[LOTS_CODE_BYTES_MAX + 1], key[LOTS_NAME_MAX + LOTS_CODE_BYTES_MAX + 3];
    size_t which = kind - LOTS_SYNTH_ICD, code_bytes;
    if (!lots_code_normalise(systems[which].form, text, bytes, code, &code_bytes))
        return LOTS_NO_ID;
    size_t key_bytes = lots_code_key(systems[which].system, code, code_bytes, key, sizeof key);
    lots_id rank = lots_dictionary_find(load->numbering.codes, key, key_bytes);
    return rank == LOTS_NO_ID ? rank : lots_dictionary_stable_of_rank(load->numbering.codes)[rank];
}

static lots_id find_word(const lots_load *load, lots_synth_kind kind, const char *text, size_t bytes)
{
    if (kind == LOTS_SYNTH_ICD || kind == LOTS_SYNTH_KVA || kind == LOTS_SYNTH_ATC)
        return find_code(load, kind, text, bytes);
    for (uint32_t i = 0; i < load->domain_count; i++)
        if (strcmp(load->domain_names[i], domain_names[kind]) == 0) {
            lots_id rank = lots_dictionary_find(load->numbering.domains[i], text, bytes);
            return rank == LOTS_NO_ID ? rank : lots_dictionary_stable_of_rank(load->numbering.domains[i])[rank];
        }
    return LOTS_NO_ID;
}

static lots_status find_words(const lots_synth_model *model, const lots_load *load, lots_synth_kind kind,
                              lots_arena *arena, lots_id **out, lots_error *err)
{
    uint32_t count = lots_synth_word_count(model, kind);
    void *room;
    LOTS_TRY(lots_arena_alloc(arena, &room, (size_t)count + 1, sizeof **out, err));
    *out = room;
    for (uint32_t i = 1; i <= count; i++) {
        size_t bytes;
        const char *text = lots_synth_word(model, kind, i, &bytes);
        (*out)[i] = find_word(load, kind, text, bytes);
        if ((*out)[i] == LOTS_NO_ID)
            return lots_fail(err, LOTS_INTERNAL, "the registry has no word '%.*s' of the model", (int)bytes, text);
    }
    return LOTS_OK;
}

lots_status lots_synth_names_find(const lots_synth_model *model, const lots_load *load, lots_arena *arena,
                                  lots_synth_names *out, lots_error *err)
{
    for (uint32_t kind = 0; kind < LOTS_SYNTH_KINDS; kind++)
        LOTS_TRY(find_words(model, load, (lots_synth_kind)kind, arena, &out->ids[kind], err));
    for (uint32_t i = 0; i < LOTS_SYNTH_STREAMS; i++) {
        int32_t at = lots_schema_find_stream(&load->schema, stream_names[i], strlen(stream_names[i]));
        if (at < 0)
            return lots_fail(err, LOTS_INTERNAL, "the registry has no stream '%s'", stream_names[i]);
        out->stream[i] = (uint32_t)at;
        for (uint32_t j = 0; j < LOTS_SYNTH_COLUMNS && column_names[i][j] != NULL; j++) {
            const char *name = column_names[i][j];
            int32_t column = lots_stream_find_column(&load->schema.streams[at], name, strlen(name));
            if (column < 0)
                return lots_fail(err, LOTS_INTERNAL, "stream '%s' has no column '%s'", stream_names[i], name);
            out->column[i][j] = (uint32_t)column;
        }
    }
    return LOTS_OK;
}

/* ---- columns ---- */

/* Rows being appended to one stream. */
typedef struct appended {
    const lots_synth_person *person;
    const lots_synth_names *names;
    lots_batch *batch;
    const uint32_t *columns;  /* by field */
    const uint8_t *rows;      /* the row structs, one after the other … */
    size_t stride;            /* … so many bytes apart */
    uint32_t count;
} appended;

#define FIELD(appended, type, member, row) (*(const type *)(const void *)((appended)->rows + (row) * (appended)->stride + (member)))

/* Room for `more` items, which the caller writes. A patient's rows are few, so a call for each column would cost as much. */
static inline lots_status extend(lots_vec *vec, size_t more, void **out, lots_error *err)
{
    if (more > vec->capacity - vec->count)
        LOTS_TRY(lots_vec_reserve(vec, more, err));
    *out = vec->data != NULL ? (char *)vec->data + vec->count * vec->item_size : NULL;
    vec->count += more;
    return LOTS_OK;
}

/* Room for values and marks of the new rows of a column that isn't a list or a text: the caller writes all. */
static inline lots_status open_column(const appended *to, uint32_t field, void **values, uint8_t **missing,
                                      lots_error *err)
{
    lots_batch_column *column = &to->batch->columns[to->columns[field]];
    void *marks;
    LOTS_TRY(extend(&column->values, to->count, values, err));
    LOTS_TRY(extend(&column->missing, to->count, &marks, err));
    *missing = marks;
    return LOTS_OK;
}

/* Nothing is missing in a column. */
static lots_status mark_none(lots_batch_column *column, uint32_t count, lots_error *err)
{
    void *marks;
    LOTS_TRY(extend(&column->missing, count, &marks, err));
    for (uint32_t i = 0; i < count; i++)
        ((uint8_t *)marks)[i] = 0;
    return LOTS_OK;
}

static lots_status put_days(const appended *to, uint32_t field, size_t member, lots_error *err)
{
    void *values;
    uint8_t *missing;
    LOTS_TRY(open_column(to, field, &values, &missing, err));
    const appended from = *to; /* a mark is a byte, which might be any of `to` */
    for (uint32_t i = 0; i < from.count; i++) {
        lots_day day = FIELD(&from, lots_day, member, i);
        missing[i] = day == LOTS_SYNTH_NO_DAY;
        ((int32_t *)values)[i] = day == LOTS_SYNTH_NO_DAY ? 0 : day;
    }
    return LOTS_OK;
}

/* One loop for each width of a word's number; the id of number 0, no word, is 0. */
static inline void fill_words(appended from, size_t member, size_t bytes, const lots_id *ids, uint32_t *values,
                              uint8_t *missing)
{
    for (uint32_t i = 0; i < from.count; i++) {
        uint32_t number = bytes == 1   ? FIELD(&from, uint8_t, member, i)
                          : bytes == 2 ? FIELD(&from, uint16_t, member, i)
                                       : FIELD(&from, uint32_t, member, i);
        missing[i] = number == 0;
        values[i] = ids[number];
    }
}

/* Words held in 1, 2 or 4 bytes. */
static lots_status put_words(const appended *to, uint32_t field, lots_synth_kind kind, size_t member, size_t bytes,
                             lots_error *err)
{
    const lots_id *ids = to->names->ids[kind];
    void *values;
    uint8_t *missing;
    LOTS_TRY(open_column(to, field, &values, &missing, err));
    if (bytes == 1)
        fill_words(*to, member, 1, ids, values, missing);
    else if (bytes == 2)
        fill_words(*to, member, 2, ids, values, missing);
    else
        fill_words(*to, member, 4, ids, values, missing);
    return LOTS_OK;
}

/* A 32-bit number times `scale`. */
static lots_status put_numbers(const appended *to, uint32_t field, size_t member, int64_t scale, lots_error *err)
{
    lots_batch_column *column = &to->batch->columns[to->columns[field]];
    void *values;
    LOTS_TRY(extend(&column->values, to->count, &values, err));
    for (uint32_t i = 0; i < to->count; i++)
        ((int64_t *)values)[i] = FIELD(to, int32_t, member, i) * scale;
    return mark_none(column, to->count, err);
}

static lots_status put_minutes(const appended *to, uint32_t field, size_t member, lots_error *err)
{
    void *values;
    uint8_t *missing;
    LOTS_TRY(open_column(to, field, &values, &missing, err));
    for (uint32_t i = 0; i < to->count; i++) {
        int16_t minute = FIELD(to, int16_t, member, i);
        missing[i] = minute < 0;
        ((int64_t *)values)[i] = minute < 0 ? 0 : minute;
    }
    return LOTS_OK;
}

/* 0, 1, or 2 for missing. */
static lots_status put_bits(const appended *to, uint32_t field, size_t member, lots_error *err)
{
    void *values;
    uint8_t *missing;
    LOTS_TRY(open_column(to, field, &values, &missing, err));
    for (uint32_t i = 0; i < to->count; i++) {
        uint8_t bit = FIELD(to, uint8_t, member, i);
        missing[i] = bit > 1;
        ((uint8_t *)values)[i] = bit == 1;
    }
    return LOTS_OK;
}

static lots_status put_lists(const appended *to, uint32_t field, lots_synth_kind kind, size_t member,
                             size_t count_member, lots_error *err)
{
    const lots_id *ids = to->names->ids[kind];
    lots_batch_column *column = &to->batch->columns[to->columns[field]];
    uint32_t items = 0, at = (uint32_t)column->values.count;
    void *values, *ends;
    for (uint32_t i = 0; i < to->count; i++)
        items += count_member == SIZE_MAX ? FIELD(to, uint16_t, member, i) != 0 : FIELD(to, uint8_t, count_member, i);
    LOTS_TRY(extend(&column->values, items, &values, err));
    LOTS_TRY(extend(&column->offsets, to->count, &ends, err));
    LOTS_TRY(mark_none(column, to->count, err));
    uint32_t *out = values;
    for (uint32_t i = 0; i < to->count; i++) {
        uint32_t count = count_member == SIZE_MAX ? FIELD(to, uint16_t, member, i) != 0 : FIELD(to, uint8_t, count_member, i);
        for (uint32_t j = 0; j < count; j++)
            *out++ = ids[FIELD(to, uint16_t, member + j * sizeof(uint16_t), i)];
        ((uint32_t *)ends)[i] = at += count;
    }
    return LOTS_OK;
}

/* Texts of the rows, one after the other; `write` gives at most 32 bytes. */
typedef size_t (*write_text)(const appended *to, uint32_t row, size_t member, char *out);

static lots_status put_texts(const appended *to, uint32_t field, size_t member, write_text write, lots_error *err)
{
    lots_batch_column *column = &to->batch->columns[to->columns[field]];
    void *ends;
    LOTS_TRY(lots_vec_reserve(&column->values, (size_t)to->count * 32, err));
    LOTS_TRY(extend(&column->offsets, to->count, &ends, err));
    LOTS_TRY(mark_none(column, to->count, err));
    for (uint32_t i = 0; i < to->count; i++) {
        column->values.count += write(to, i, member, (char *)column->values.data + column->values.count);
        ((uint32_t *)ends)[i] = (uint32_t)column->values.count;
    }
    return LOTS_OK;
}

static size_t write_number(uint32_t value, char *out)
{
    char digits[10];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + value % 10);
    while ((value /= 10) > 0);
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

static size_t write_key(const appended *to, uint32_t row, size_t member, char *out)
{
    return write_number(FIELD(to, uint32_t, member, row), out);
}

static size_t write_day(const appended *to, uint32_t row, size_t member, char *out)
{
    char text[11];
    lots_day_format(FIELD(to, lots_day, member, row), text);
    memcpy(out, text, 10);
    return 10;
}

/* "home_care/2020-01-31", as the mapping joins a key of two parts; likewise "12/2020-01-31". */
static size_t write_service_key(const appended *to, uint32_t row, size_t member, char *out)
{
    const lots_synth_span *span = (const void *)(to->rows + row * to->stride);
    size_t bytes;
    const char *text = lots_synth_word(to->person->model, LOTS_SYNTH_SERVICE, span->what, &bytes);
    memcpy(out, text, bytes);
    out[bytes++] = '/';
    return bytes + write_day(to, row, member, out + bytes);
}

static size_t write_delay_key(const appended *to, uint32_t row, size_t member, char *out)
{
    const lots_synth_delay *delay = (const void *)(to->rows + row * to->stride);
    size_t bytes = write_number(delay->wait, out);
    out[bytes++] = '/';
    return bytes + write_day(to, row, member, out + bytes);
}

static size_t write_programme_key(const appended *to, uint32_t row, size_t member, char *out)
{
    const lots_synth_span *span = (const void *)(to->rows + row * to->stride);
    size_t bytes;
    const char *text = lots_synth_word(to->person->model, LOTS_SYNTH_PROGRAMME, span->what, &bytes);
    (void)member;
    memcpy(out, text, bytes);
    return bytes;
}

/* ---- streams ---- */

static lots_status begin(appended *to, const lots_synth_person *person, const lots_synth_names *names, uint32_t file,
                         lots_batch *const *streams, const void *rows, size_t stride, size_t count, lots_error *err)
{
    lots_batch *batch = streams[names->stream[file]];
    void *room;
    *to = (appended){person, names, batch, names->column[file], rows, stride, (uint32_t)count};
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(extend(&batch->patient, count, &room, err));
    for (uint32_t i = 0; i < count; i++)
        ((lots_patient *)room)[i] = person->number;
    return LOTS_OK;
}

/* A column that the files don't have (the ghost mark) is missing until the rows are settled. */
static lots_status finish(const appended *to, lots_error *err)
{
    lots_batch *batch = to->batch;
    batch->rows += to->count;
    for (uint32_t i = 0; i < batch->column_count; i++) {
        lots_batch_column *column = &batch->columns[i];
        size_t before = column->missing.count;
        if (before == batch->rows)
            continue;
        void *marks;
        LOTS_TRY(lots_vec_extend(&column->missing, to->count, &marks, err));
        LOTS_TRY(lots_vec_extend(&column->values, to->count, NULL, err));
        memset(marks, 1, to->count);
    }
    return LOTS_OK;
}

#define AT(type, member) offsetof(type, member)

static lots_status append_patient(const lots_synth_person *person, const lots_synth_names *names,
                                  lots_batch *const *streams, lots_error *err)
{
    appended to;
    LOTS_TRY(begin(&to, person, names, LOTS_SYNTH_FILE_PATIENTS, streams, person, sizeof *person, 1, err));
    LOTS_TRY(put_days(&to, 0, AT(lots_synth_person, birth), err));
    LOTS_TRY(put_words(&to, 1, LOTS_SYNTH_SEX, AT(lots_synth_person, sex), 1, err));
    LOTS_TRY(put_days(&to, 2, AT(lots_synth_person, death), err));
    LOTS_TRY(put_bits(&to, 3, AT(lots_synth_person, is_protected), err));
    return finish(&to, err);
}

static lots_status append_contacts(const lots_synth_person *person, const lots_synth_names *names,
                                   lots_batch *const *streams, lots_error *err)
{
    static const struct { uint8_t field, kind; uint16_t member; uint8_t bytes; } words[] = {
        {4, LOTS_SYNTH_LEVEL, AT(lots_synth_contact, level), 1},       {5, LOTS_SYNTH_UNIT, AT(lots_synth_contact, unit), 2},
        {6, LOTS_SYNTH_PROVIDER, AT(lots_synth_contact, provider), 4}, {7, LOTS_SYNTH_PROFESSION, AT(lots_synth_contact, profession), 1},
        {8, LOTS_SYNTH_FORM, AT(lots_synth_contact, form), 1},         {9, LOTS_SYNTH_STATUS, AT(lots_synth_contact, status), 1},
        {10, LOTS_SYNTH_VISIT, AT(lots_synth_contact, visit), 1},      {12, LOTS_SYNTH_PLACE, AT(lots_synth_contact, from), 1},
        {13, LOTS_SYNTH_PLACE, AT(lots_synth_contact, to), 1},         {16, LOTS_SYNTH_PAYER, AT(lots_synth_contact, payer), 1},
        {19, LOTS_SYNTH_DRG, AT(lots_synth_contact, drg), 2}};
    appended to;
    LOTS_TRY(begin(&to, person, names, LOTS_SYNTH_FILE_CONTACTS, streams, person->contacts.data,
                   sizeof(lots_synth_contact), person->contacts.count, err));
    LOTS_TRY(put_texts(&to, 0, AT(lots_synth_contact, key), write_key, err));
    LOTS_TRY(put_days(&to, 1, AT(lots_synth_contact, start), err));
    LOTS_TRY(put_minutes(&to, 2, AT(lots_synth_contact, minute), err));
    LOTS_TRY(put_days(&to, 3, AT(lots_synth_contact, end), err));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        LOTS_TRY(put_words(&to, words[i].field, (lots_synth_kind)words[i].kind, words[i].member, words[i].bytes, err));
    LOTS_TRY(put_bits(&to, 11, AT(lots_synth_contact, acute), err));
    LOTS_TRY(put_days(&to, 14, AT(lots_synth_contact, ready), err));
    LOTS_TRY(put_numbers(&to, 15, AT(lots_synth_contact, cost), 100, err));
    LOTS_TRY(put_lists(&to, 17, LOTS_SYNTH_ICD, AT(lots_synth_contact, dx), AT(lots_synth_contact, dx_count), err));
    LOTS_TRY(put_lists(&to, 18, LOTS_SYNTH_KVA, AT(lots_synth_contact, px), AT(lots_synth_contact, px_count), err));
    return finish(&to, err);
}

static lots_status append_drugs(const lots_synth_person *person, const lots_synth_names *names,
                                lots_batch *const *streams, lots_error *err)
{
    appended to;
    LOTS_TRY(begin(&to, person, names, LOTS_SYNTH_FILE_DRUGS, streams, person->drugs.data,
                   sizeof(lots_synth_dispensing), person->drugs.count, err));
    LOTS_TRY(put_days(&to, 0, AT(lots_synth_dispensing, start), err));
    LOTS_TRY(put_words(&to, 1, LOTS_SYNTH_ATC, AT(lots_synth_dispensing, atc), 2, err));
    LOTS_TRY(put_numbers(&to, 2, AT(lots_synth_dispensing, packs), 1, err));
    LOTS_TRY(put_numbers(&to, 3, AT(lots_synth_dispensing, ddd), 1, err));
    LOTS_TRY(put_numbers(&to, 4, AT(lots_synth_dispensing, cost), 100, err));
    LOTS_TRY(put_days(&to, 5, AT(lots_synth_dispensing, end), err));
    return finish(&to, err);
}

static lots_status append_spans(const lots_synth_person *person, const lots_synth_names *names, uint32_t file,
                                const lots_vec *rows, lots_batch *const *streams, appended *to, lots_error *err)
{
    LOTS_TRY(begin(to, person, names, file, streams, rows->data, sizeof(lots_synth_span), rows->count, err));
    LOTS_TRY(put_days(to, 0, AT(lots_synth_span, start), err));
    return put_days(to, 1, AT(lots_synth_span, end), err);
}

/* The region of each municipality that was lived in. */
static lots_status put_regions(const appended *to, uint32_t field, lots_error *err)
{
    void *values;
    uint8_t *missing;
    LOTS_TRY(open_column(to, field, &values, &missing, err));
    for (uint32_t i = 0; i < to->count; i++) {
        uint32_t place = FIELD(to, uint16_t, AT(lots_synth_span, what), i);
        missing[i] = 0;
        ((uint32_t *)values)[i] = to->names->ids[LOTS_SYNTH_REGION][to->person->model->municipalities[place - 1].county + 1u];
    }
    return LOTS_OK;
}

static lots_status append_places(const lots_synth_person *person, const lots_synth_names *names,
                                 lots_batch *const *streams, lots_error *err)
{
    appended to;
    LOTS_TRY(append_spans(person, names, LOTS_SYNTH_FILE_RESIDENCE, &person->residence, streams, &to, err));
    LOTS_TRY(put_words(&to, 2, LOTS_SYNTH_MUNICIPALITY, AT(lots_synth_span, what), 2, err));
    LOTS_TRY(put_regions(&to, 3, err));
    LOTS_TRY(put_texts(&to, 4, AT(lots_synth_span, start), write_day, err));
    LOTS_TRY(finish(&to, err));
    LOTS_TRY(append_spans(person, names, LOTS_SYNTH_FILE_LISTING, &person->listing, streams, &to, err));
    LOTS_TRY(put_words(&to, 2, LOTS_SYNTH_UNIT, AT(lots_synth_span, what), 2, err));
    LOTS_TRY(put_texts(&to, 3, AT(lots_synth_span, start), write_day, err));
    return finish(&to, err);
}

static lots_status append_help(const lots_synth_person *person, const lots_synth_names *names,
                               lots_batch *const *streams, lots_error *err)
{
    appended to;
    LOTS_TRY(append_spans(person, names, LOTS_SYNTH_FILE_SERVICES, &person->services, streams, &to, err));
    LOTS_TRY(put_words(&to, 2, LOTS_SYNTH_SERVICE, AT(lots_synth_span, what), 2, err));
    LOTS_TRY(put_numbers(&to, 3, AT(lots_synth_span, hours), 1, err));
    LOTS_TRY(put_texts(&to, 4, AT(lots_synth_span, start), write_service_key, err));
    LOTS_TRY(finish(&to, err));
    LOTS_TRY(append_spans(person, names, LOTS_SYNTH_FILE_PROGRAMMES, &person->programmes, streams, &to, err));
    LOTS_TRY(put_words(&to, 2, LOTS_SYNTH_PROGRAMME, AT(lots_synth_span, what), 2, err));
    LOTS_TRY(put_words(&to, 3, LOTS_SYNTH_ARM, AT(lots_synth_span, arm), 2, err));
    LOTS_TRY(put_texts(&to, 4, 0, write_programme_key, err));
    return finish(&to, err);
}

/* The guarantee's ninety days, which every wait is held against; and priorities, held in a byte. */
static lots_status put_small(const appended *to, uint32_t field, size_t member, lots_error *err)
{
    void *values;
    uint8_t *missing;
    LOTS_TRY(open_column(to, field, &values, &missing, err));
    for (uint32_t i = 0; i < to->count; i++) {
        missing[i] = 0;
        ((int64_t *)values)[i] = member == SIZE_MAX ? 90 : FIELD(to, uint8_t, member, i);
    }
    return LOTS_OK;
}

static lots_status append_waits(const lots_synth_person *person, const lots_synth_names *names,
                                lots_batch *const *streams, lots_error *err)
{
    appended to;
    LOTS_TRY(begin(&to, person, names, LOTS_SYNTH_FILE_WAITS, streams, person->waits.data, sizeof(lots_synth_wait_row),
                   person->waits.count, err));
    LOTS_TRY(put_texts(&to, 0, AT(lots_synth_wait_row, key), write_key, err));
    LOTS_TRY(put_days(&to, 1, AT(lots_synth_wait_row, start), err));
    LOTS_TRY(put_days(&to, 2, AT(lots_synth_wait_row, end), err));
    LOTS_TRY(put_words(&to, 3, LOTS_SYNTH_WAIT_KIND, AT(lots_synth_wait_row, kind), 1, err));
    LOTS_TRY(put_words(&to, 4, LOTS_SYNTH_AREA, AT(lots_synth_wait_row, area), 1, err));
    LOTS_TRY(put_lists(&to, 5, LOTS_SYNTH_KVA, AT(lots_synth_wait_row, px), SIZE_MAX, err));
    LOTS_TRY(put_words(&to, 6, LOTS_SYNTH_UNIT, AT(lots_synth_wait_row, unit), 2, err));
    LOTS_TRY(put_small(&to, 7, AT(lots_synth_wait_row, priority), err));
    LOTS_TRY(put_days(&to, 8, AT(lots_synth_wait_row, booked), err));
    LOTS_TRY(put_small(&to, 9, SIZE_MAX, err));
    LOTS_TRY(put_words(&to, 10, LOTS_SYNTH_OUTCOME, AT(lots_synth_wait_row, outcome), 1, err));
    LOTS_TRY(finish(&to, err));
    LOTS_TRY(begin(&to, person, names, LOTS_SYNTH_FILE_WAIT_STATUS, streams, person->delays.data,
                   sizeof(lots_synth_delay), person->delays.count, err));
    LOTS_TRY(put_texts(&to, 0, AT(lots_synth_delay, wait), write_key, err));
    LOTS_TRY(put_days(&to, 1, AT(lots_synth_delay, start), err));
    LOTS_TRY(put_days(&to, 2, AT(lots_synth_delay, end), err));
    LOTS_TRY(put_words(&to, 3, LOTS_SYNTH_REASON, AT(lots_synth_delay, reason), 1, err));
    LOTS_TRY(put_texts(&to, 4, AT(lots_synth_delay, start), write_delay_key, err));
    return finish(&to, err);
}

static lots_status append_labs(const lots_synth_person *person, const lots_synth_names *names,
                               lots_batch *const *streams, lots_error *err)
{
    appended to;
    void *values;
    uint8_t *missing;
    LOTS_TRY(begin(&to, person, names, LOTS_SYNTH_FILE_LABS, streams, person->labs.data, sizeof(lots_synth_lab),
                   person->labs.count, err));
    LOTS_TRY(put_days(&to, 0, AT(lots_synth_lab, start), err));
    LOTS_TRY(put_words(&to, 1, LOTS_SYNTH_TEST, AT(lots_synth_lab, test), 1, err));
    LOTS_TRY(open_column(&to, 2, &values, &missing, err));
    for (uint32_t i = 0; i < to.count; i++) { /* the double nearest to the decimal: what its text is read as */
        missing[i] = 0;
        ((double *)values)[i] = FIELD(&to, int32_t, AT(lots_synth_lab, value), i) / 10.0;
    }
    LOTS_TRY(put_words(&to, 3, LOTS_SYNTH_MEASURE, AT(lots_synth_lab, test), 1, err));
    LOTS_TRY(put_words(&to, 4, LOTS_SYNTH_SOURCE, AT(lots_synth_lab, source), 1, err));
    return finish(&to, err);
}

lots_status lots_synth_person_append(const lots_synth_person *person, const lots_synth_names *names,
                                     lots_batch *const *streams, lots_error *err)
{
    LOTS_TRY(append_patient(person, names, streams, err));
    LOTS_TRY(append_contacts(person, names, streams, err));
    LOTS_TRY(append_drugs(person, names, streams, err));
    if (person->services.count + person->programmes.count > 0)
        LOTS_TRY(append_help(person, names, streams, err));
    if (person->waits.count > 0) /* delays are of waits */
        LOTS_TRY(append_waits(person, names, streams, err));
    LOTS_TRY(append_places(person, names, streams, err));
    return append_labs(person, names, streams, err);
}
