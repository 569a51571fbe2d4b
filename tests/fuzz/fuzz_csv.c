/* fuzz_csv.c: any bytes as a CSV file. The first byte chooses encoding, options and size of blocks; the rest is the file.
 * What must hold: no crash; the records of tiny blocks are those of one large block, to the byte; lines and offsets rise;
 * the fields taken are cleaned by every rule without reading beyond them.
 * With libFuzzer: clang -fsanitize=fuzzer,address. Without: -DLOTS_FUZZ_MAIN makes a main that replays files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "ingest/clean.h"
#include "ingest/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct memory_text {
    const uint8_t *data;
    size_t count;
    size_t at;
    size_t piece;
} memory_text;

/* What a reading gave. */
typedef struct outcome {
    lots_status status;
    uint64_t records;
    uint64_t hash;
    char text[1024];
} outcome;

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "fuzz_csv: %s\n", what);
    abort();
}

static lots_status fill_from_memory(void *context, void *out, size_t capacity, size_t *got, lots_error *err)
{
    (void)err;
    memory_text *text = context;
    size_t count = text->count - text->at;
    if (count > capacity)
        count = capacity;
    if (text->piece > 0 && count > text->piece)
        count = text->piece;
    if (count > 0)
        memcpy(out, text->data + text->at, count);
    text->at += count;
    *got = count;
    return LOTS_OK;
}

/* Every rule over one field, in memory of its own so that a sanitizer sees a byte too many. */
static void clean_field(const lots_csv_field *field)
{
    static const lots_number_rule swedish = {.decimal = ',', .grouping = ' ', .scale = 2, .round = LOTS_ROUND_HALF_EVEN};
    lots_date_rule dates = {.form_count = LOTS_DATE_FORMS, .fill = LOTS_DATE_FILL_LAST, .zone_applied = true};
    for (unsigned i = 0; i < LOTS_DATE_FORMS; i++)
        dates.forms[i] = (uint8_t)i;
    char *text = malloc((size_t)field->bytes + 1);
    require(text != NULL, "no memory");
    memcpy(text, field->text, field->bytes);
    text = realloc(text, field->bytes > 0 ? field->bytes : 1);
    require(text != NULL, "no memory");
    lots_clean_day day;
    lots_person_id id;
    char digits[12];
    int64_t whole = 0;
    double number = 0;
    if (lots_clean_date(text, field->bytes, &dates, &day) == LOTS_CLEAN_OK)
        require(day.day >= LOTS_DAY_MIN && day.day <= LOTS_DAY_MAX && day.minute >= -1 && day.minute < 1440, "a day");
    (void)lots_clean_decimal(text, field->bytes, &swedish, &whole);
    (void)lots_clean_float(text, field->bytes, &swedish, &number);
    (void)lots_clean_person(text, field->bytes, 19000, digits, &id);
    free(text);
}

static uint64_t hash_record(const lots_csv_record *record, const lots_csv_field *fields, uint32_t columns, uint64_t hash)
{
    uint64_t numbers[5] = {record->line, record->at, record->bytes, record->field_count, record->fault};
    hash = lots_hash(numbers, sizeof numbers, hash);
    for (uint32_t i = 0; i < columns; i++)
        hash = lots_hash(fields[i].text, fields[i].bytes, hash + fields[i].quoted);
    return hash;
}

static lots_status read_records(lots_csv_reader *reader, outcome *out, bool clean, lots_error *err)
{
    uint32_t columns = lots_csv_column_count(reader);
    lots_csv_block *block = NULL;
    lots_csv_field *fields = calloc((size_t)columns + 1, sizeof *fields);
    lots_csv_record record;
    uint64_t line = 0;
    require(fields != NULL, "no memory");
    lots_status status = lots_csv_block_open(&block, reader, err);
    bool more = status == LOTS_OK;
    while (more && status == LOTS_OK) {
        status = lots_csv_fill(reader, block, &more, err);
        while (status == LOTS_OK && lots_csv_block_next(block, fields, &record)) {
            require(record.line > line, "lines that don't rise");
            line = record.line;
            out->records++;
            out->hash = hash_record(&record, fields, columns, out->hash);
            for (uint32_t i = 0; clean && i < columns; i++)
                clean_field(&fields[i]);
        }
    }
    lots_csv_block_close(block);
    free(fields);
    return status;
}

static outcome read_text(const uint8_t *data, size_t size, lots_charset encoding, const lots_csv_options *options,
                         size_t piece, bool clean)
{
    memory_text text = {data, size, 0, piece};
    lots_source *source = NULL;
    lots_csv_reader *reader = NULL;
    lots_error err = {0};
    outcome out = {0};
    out.status = lots_source_open_fill(&source, "fuzz", fill_from_memory, &text, encoding, &err);
    if (out.status == LOTS_OK)
        out.status = lots_csv_open(&reader, source, options, &err);
    if (out.status == LOTS_OK)
        out.status = read_records(reader, &out, clean, &err);
    require((out.status == LOTS_OK) == (err.text[0] == '\0'), "a status and a text that differ");
    memcpy(out.text, err.text, sizeof out.text);
    lots_csv_close(reader);
    lots_source_close(source);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    unsigned choice = data[0];
    lots_charset encoding = (lots_charset)(choice % 3);
    lots_csv_options options = {
        .separator = "\0,;\t"[choice / 3 % 4],
        .quotes_are_text = (choice / 12 % 4) == 3,
        .no_header = (choice / 48 & 1) != 0,
        .record_limit_bytes = choice > 240 ? 100 : 0,
    };
    outcome whole = read_text(data + 1, size - 1, encoding, &options, 0, true);
    options.block_bytes = 1 + choice % 61;
    outcome cut = read_text(data + 1, size - 1, encoding, &options, 1 + choice % 7, false);
    require(whole.status == cut.status, "another outcome with other blocks");
    require(whole.status != LOTS_OK || (whole.records == cut.records && whole.hash == cut.hash),
            "other records with other blocks");
    return 0;
}

#ifdef LOTS_FUZZ_MAIN
int main(int count, char **paths)
{
    for (int i = 1; i < count; i++) {
        static uint8_t data[1 << 20];
        FILE *file = fopen(paths[i], "rb");
        require(file != NULL, paths[i]);
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%d inputs replayed\n", count - 1);
    return 0;
}
#endif
