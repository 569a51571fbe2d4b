/* synth_text.c: see synth_text.h. Rows are put together in room reserved once for each, digit by digit: the text of a large
 * population is many gigabytes. */
#include "ingest/synth_text.h"

#include "core/base/day.h"

enum { ROW_BYTES_MAX = 512 };

const char *const lots_synth_file_names[LOTS_SYNTH_FILES] = {
    "patients.csv", "contacts.csv", "drugs.csv", "services.csv", "waits.csv", "wait_status.csv", "residence.csv",
    "listing.csv", "labs.csv", "programmes.csv", "aliases.csv"};
const char *const lots_synth_file_headings[LOTS_SYNTH_FILES] = {
    "lopnr,birth,sex,death,protected\n",
    ("contact,lopnr,start,time,end,level,unit,provider,profession,form,status,visit,acute,admitted_from,discharged_to,ready,"
     "cost,payer,dx,px,drg\n"),
    "lopnr,date,atc,packs,ddd,cost,lasts_until\n",
    "lopnr,start,end,service,hours\n",
    "wait,lopnr,start,end,kind,area,px,unit,priority,booked,target,outcome\n",
    "wait,lopnr,start,end,reason\n",
    "lopnr,start,end,municipality,region\n",
    "lopnr,start,end,clinic\n",
    "lopnr,date,test,value,measure,source\n",
    "lopnr,start,end,programme,arm\n",
    "reserve,lopnr\n"};

/* ---- fields ---- */

/* A row being written: room for ROW_BYTES_MAX is there. */
typedef struct row_text {
    const lots_synth_person *person;
    char *at;
} row_text;

static void put_text(row_text *row, const char *text, size_t bytes)
{
    memcpy(row->at, text, bytes);
    row->at += bytes;
}

static void put_char(row_text *row, char letter) { *row->at++ = letter; }

static void put_word(row_text *row, lots_synth_kind kind, uint32_t number)
{
    size_t bytes;
    const char *text = lots_synth_word(row->person->model, kind, number, &bytes);
    put_text(row, text, bytes);
    put_char(row, ',');
}

static void put_number(row_text *row, int64_t value)
{
    char digits[20];
    size_t count = 0;
    uint64_t left = value < 0 ? (uint64_t)-value : (uint64_t)value;
    if (value < 0)
        put_char(row, '-');
    do
        digits[count++] = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    while (count > 0)
        put_char(row, digits[--count]);
}

static void put_int(row_text *row, int64_t value)
{
    put_number(row, value);
    put_char(row, ',');
}

static void put_tenths(row_text *row, int32_t value)
{
    if (value < 0)
        put_char(row, '-');
    put_number(row, (value < 0 ? -value : value) / 10);
    if (value % 10 != 0) {
        put_char(row, '.');
        put_char(row, (char)('0' + (value < 0 ? -value : value) % 10));
    }
    put_char(row, ',');
}

static void put_day(row_text *row, lots_day day)
{
    if (day != LOTS_SYNTH_NO_DAY) {
        lots_day_format(day, row->at);
        row->at += 10;
    }
    put_char(row, ',');
}

static void put_id(row_text *row)
{
    put_text(row, row->person->id, LOTS_SYNTH_ID_BYTES);
    put_char(row, ',');
}

static void put_minute(row_text *row, int32_t minute)
{
    if (minute >= 0) {
        const char text[5] = {(char)('0' + minute / 600), (char)('0' + minute / 60 % 10), ':',
                              (char)('0' + minute % 60 / 10), (char)('0' + minute % 10)};
        put_text(row, text, 5);
    }
    put_char(row, ',');
}

/* A code as it should be, or without its dot, in small letters, or with blanks around it. */
static void put_code(row_text *row, lots_synth_kind kind, uint32_t number, uint32_t untidy)
{
    size_t bytes;
    const char *text = lots_synth_word(row->person->model, kind, number, &bytes);
    if (untidy == 3)
        put_char(row, ' ');
    for (size_t i = 0; i < bytes; i++) {
        char letter = text[i];
        if (untidy == 1 && letter == '.')
            continue;
        put_char(row, untidy == 2 && letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter);
    }
    if (untidy == 3)
        put_char(row, ' ');
}

static void put_codes(row_text *row, lots_synth_kind kind, const uint16_t *codes, uint32_t count, uint32_t untidy)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            put_char(row, ' ');
        put_code(row, kind, codes[i], untidy);
    }
    put_char(row, ',');
}

/* ---- rows ---- */

static void put_patient(row_text *row)
{
    const lots_synth_person *person = row->person;
    put_id(row);
    put_day(row, person->birth);
    put_word(row, LOTS_SYNTH_SEX, person->sex);
    put_day(row, person->death);
    put_int(row, person->is_protected);
}

static void put_contact(row_text *row, const lots_synth_contact *c)
{
    put_int(row, c->key);
    put_id(row);
    put_day(row, c->start);
    put_minute(row, c->minute);
    put_day(row, c->end);
    put_word(row, LOTS_SYNTH_LEVEL, c->level);
    put_word(row, LOTS_SYNTH_UNIT, c->unit);
    put_word(row, LOTS_SYNTH_PROVIDER, c->provider);
    put_word(row, LOTS_SYNTH_PROFESSION, c->profession);
    put_word(row, LOTS_SYNTH_FORM, c->form);
    put_word(row, LOTS_SYNTH_STATUS, c->status);
    put_word(row, LOTS_SYNTH_VISIT, c->visit);
    if (c->acute < 2)
        put_char(row, (char)('0' + c->acute));
    put_char(row, ',');
    put_word(row, LOTS_SYNTH_PLACE, c->from);
    put_word(row, LOTS_SYNTH_PLACE, c->to);
    put_day(row, c->ready);
    put_int(row, c->cost);
    put_word(row, LOTS_SYNTH_PAYER, c->payer);
    put_codes(row, LOTS_SYNTH_ICD, c->dx, c->dx_count, c->untidy);
    put_codes(row, LOTS_SYNTH_KVA, c->px, c->px_count, 0);
    put_word(row, LOTS_SYNTH_DRG, c->drg);
}

static void put_dispensing(row_text *row, const lots_synth_dispensing *d)
{
    put_id(row);
    put_day(row, d->start);
    put_word(row, LOTS_SYNTH_ATC, d->atc);
    put_int(row, d->packs);
    put_tenths(row, d->ddd);
    put_int(row, d->cost);
    put_day(row, d->end);
}

static void put_span(row_text *row, uint32_t file, const lots_synth_span *span)
{
    put_id(row);
    put_day(row, span->start);
    put_day(row, span->end);
    switch (file) {
    case LOTS_SYNTH_FILE_SERVICES:
        put_word(row, LOTS_SYNTH_SERVICE, span->what);
        put_tenths(row, span->hours);
        break;
    case LOTS_SYNTH_FILE_RESIDENCE:
        put_word(row, LOTS_SYNTH_MUNICIPALITY, span->what);
        put_word(row, LOTS_SYNTH_REGION, row->person->model->municipalities[span->what - 1].county + 1u);
        break;
    case LOTS_SYNTH_FILE_LISTING:
        put_word(row, LOTS_SYNTH_UNIT, span->what);
        break;
    default:
        put_word(row, LOTS_SYNTH_PROGRAMME, span->what);
        put_word(row, LOTS_SYNTH_ARM, span->arm);
        break;
    }
}

static void put_wait(row_text *row, const lots_synth_wait_row *wait)
{
    put_int(row, wait->key);
    put_id(row);
    put_day(row, wait->start);
    put_day(row, wait->end);
    put_word(row, LOTS_SYNTH_WAIT_KIND, wait->kind);
    put_word(row, LOTS_SYNTH_AREA, wait->area);
    put_codes(row, LOTS_SYNTH_KVA, &wait->px, wait->px != 0, 0);
    put_word(row, LOTS_SYNTH_UNIT, wait->unit);
    put_int(row, wait->priority);
    put_day(row, wait->booked);
    put_int(row, 90);
    put_word(row, LOTS_SYNTH_OUTCOME, wait->outcome);
}

static void put_delay(row_text *row, const lots_synth_delay *delay)
{
    put_int(row, delay->wait);
    put_id(row);
    put_day(row, delay->start);
    put_day(row, delay->end);
    put_word(row, LOTS_SYNTH_REASON, delay->reason);
}

static void put_lab(row_text *row, const lots_synth_lab *lab)
{
    put_id(row);
    put_day(row, lab->start);
    put_word(row, LOTS_SYNTH_TEST, lab->test);
    put_tenths(row, lab->value);
    put_word(row, LOTS_SYNTH_MEASURE, lab->test);
    put_word(row, LOTS_SYNTH_SOURCE, lab->source);
}

/* Whose a reserve number was: one of the population, by lot. */
static void put_alias(row_text *row)
{
    const lots_synth_model *model = row->person->model;
    char id[LOTS_SYNTH_ID_BYTES + 1];
    put_id(row);
    lots_synth_id(model, (uint32_t)(lots_synth_mix(row->person->number ^ model->setting.seed) % model->person_count), id);
    put_text(row, id, LOTS_SYNTH_ID_BYTES);
    put_char(row, ',');
}

/* ---- a patient ---- */

static void put_row(row_text *row, uint32_t file, const lots_vec *rows, size_t index)
{
    switch (file) {
    case LOTS_SYNTH_FILE_PATIENTS: put_patient(row); break;
    case LOTS_SYNTH_FILE_CONTACTS: put_contact(row, &LOTS_AT(lots_synth_contact, rows, index)); break;
    case LOTS_SYNTH_FILE_DRUGS: put_dispensing(row, &LOTS_AT(lots_synth_dispensing, rows, index)); break;
    case LOTS_SYNTH_FILE_WAITS: put_wait(row, &LOTS_AT(lots_synth_wait_row, rows, index)); break;
    case LOTS_SYNTH_FILE_WAIT_STATUS: put_delay(row, &LOTS_AT(lots_synth_delay, rows, index)); break;
    case LOTS_SYNTH_FILE_LABS: put_lab(row, &LOTS_AT(lots_synth_lab, rows, index)); break;
    case LOTS_SYNTH_FILE_ALIASES: put_alias(row); break;
    default: put_span(row, file, &LOTS_AT(lots_synth_span, rows, index)); break;
    }
    row->at[-1] = '\n'; /* in the place of the last comma */
}

static lots_status write_rows(const lots_synth_person *person, uint32_t file, const lots_vec *rows, lots_bytes *out,
                              lots_error *err)
{
    size_t count = rows != NULL ? rows->count : file == LOTS_SYNTH_FILE_PATIENTS || person->reserve;
    for (size_t i = 0; i < count; i++) {
        LOTS_TRY(lots_bytes_reserve(out, ROW_BYTES_MAX, err));
        row_text row = {person, (char *)out->data + out->count};
        put_row(&row, file, rows, i);
        out->count = (size_t)(row.at - (char *)out->data);
    }
    return LOTS_OK;
}

lots_status lots_synth_person_write(const lots_synth_person *person, lots_bytes files[LOTS_SYNTH_FILES], lots_error *err)
{
    const lots_vec *rows[LOTS_SYNTH_FILES] = {
        NULL, &person->contacts, &person->drugs, &person->services, &person->waits, &person->delays,
        &person->residence, &person->listing, &person->labs, &person->programmes, NULL};
    for (uint32_t file = 0; file < LOTS_SYNTH_FILES; file++)
        LOTS_TRY(write_rows(person, file, rows[file], &files[file], err));
    return LOTS_OK;
}
