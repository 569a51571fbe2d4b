/* population.c: see population.h. Segments are exported whole, one after the other, and copied into the arrays. */
#include "bench/by_hand/population.h"

#include <stdio.h>
#include <string.h>

#include "core/base/day.h"
#include "core/base/memory.h"
#include "core/base/os.h"

enum { CODES_MAX = 65536, FILE_BYTES_MAX = 1 << 20 };

/* ---- where things are ---- */

typedef struct place {
    const population *p;
    lots_registry *registry;
    uint32_t stream;
} place;

static lots_status column_of(const place *at, const char *name, uint32_t *out, lots_error *err)
{
    const lots_stream *stream = &lots_registry_schema(at->registry)->streams[at->stream];
    int32_t column = lots_stream_find_column(stream, name, strlen(name));
    if (column < 0)
        return lots_fail(err, LOTS_USAGE, "the loops by hand want a column '%s' in stream '%s'", name, stream->name);
    *out = (uint32_t)column;
    return LOTS_OK;
}

static lots_status stream_of(lots_registry *registry, const char *name, place *out, lots_error *err)
{
    int32_t stream = lots_schema_find_stream(lots_registry_schema(registry), name, strlen(name));
    if (stream < 0)
        return lots_fail(err, LOTS_USAGE, "the loops by hand want a stream '%s'", name);
    *out = (place){.registry = registry, .stream = (uint32_t)stream};
    return LOTS_OK;
}

/* The small number that the loops know a word by, for each stable id of a column's categories: 1 + the place in `words`, else 0. */
static lots_status words_of(const place *at, uint32_t column, const char *const *words, uint8_t **out, lots_error *err)
{
    const lots_column *schema = &lots_registry_schema(at->registry)->streams[at->stream].columns[column];
    const lots_dictionary *domain = lots_registry_domain(at->registry, schema->domain);
    void *numbers = NULL;
    if (domain == NULL)
        return lots_fail(err, LOTS_USAGE, "column '%s' has no categories", schema->name);
    LOTS_TRY(lots_alloc(&numbers, (size_t)lots_dictionary_count(domain) + 1, 1, err));
    for (uint32_t i = 0; words[i] != NULL; i++) {
        lots_id rank = lots_dictionary_find(domain, words[i], strlen(words[i]));
        if (rank != LOTS_NO_ID)
            ((uint8_t *)numbers)[lots_dictionary_stable_of_rank(domain)[rank]] = (uint8_t)(i + 1);
    }
    *out = numbers;
    return LOTS_OK;
}

/* ---- columns of a segment into arrays ---- */

static void copy_days(const lots_batch *batch, uint32_t column, int32_t *out)
{
    const lots_batch_column *from = &batch->columns[column];
    for (uint32_t row = 0; row < batch->rows; row++)
        out[row] = LOTS_AT(uint8_t, &from->missing, row) ? DAY_NONE : LOTS_AT(int32_t, &from->values, row);
}

static void copy_words(const lots_batch *batch, uint32_t column, const uint8_t *numbers, uint8_t *out)
{
    const lots_batch_column *from = &batch->columns[column];
    for (uint32_t row = 0; row < batch->rows; row++)
        out[row] = LOTS_AT(uint8_t, &from->missing, row) ? 0 : numbers[LOTS_AT(uint32_t, &from->values, row)];
}

static void copy_bits(const lots_batch *batch, uint32_t column, uint8_t *out)
{
    const lots_batch_column *from = &batch->columns[column];
    for (uint32_t row = 0; row < batch->rows; row++)
        out[row] = !LOTS_AT(uint8_t, &from->missing, row) && LOTS_AT(uint8_t, &from->values, row) != 0;
}

/* Where the patients' events begin: counts first, sums in the end. */
static void count_rows(const lots_batch *batch, uint64_t *first)
{
    for (uint32_t row = 0; row < batch->rows; row++)
        first[LOTS_AT(lots_patient, &batch->patient, row) + 1]++;
}

static void sum_rows(uint64_t *first, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        first[i + 1] += first[i];
}

/* ---- streams ---- */

/* Call `take` with each segment's rows of a stream. */
typedef lots_status (*take_batch)(void *context, const lots_batch *batch, uint64_t done, lots_error *err);

static lots_status each_segment(const place *at, take_batch take, void *context, lots_error *err)
{
    uint64_t done = 0;
    for (uint32_t i = 0; i < lots_registry_segments(at->registry); i++) {
        lots_segment *segment = NULL;
        lots_batch batch = {0};
        LOTS_TRY(lots_registry_segment(at->registry, i, &segment, err));
        lots_status status = lots_segment_export(segment, at->stream, lots_registry_segment_first(at->registry, i), &batch, err);
        if (status == LOTS_OK)
            status = take(context, &batch, done, err);
        done += batch.rows;
        lots_batch_close(&batch);
        if (status != LOTS_OK)
            return status;
    }
    return LOTS_OK;
}

typedef struct people_load {
    population *p;
    uint32_t birth, death, sex;
    uint8_t *sexes;
} people_load;

static lots_status take_people(void *context, const lots_batch *batch, uint64_t done, lots_error *err)
{
    const people_load *load = context;
    copy_days(batch, load->birth, load->p->birth + done);
    copy_days(batch, load->death, load->p->death + done);
    copy_words(batch, load->sex, load->sexes, load->p->sex + done);
    for (uint32_t row = 0; row < batch->rows; row++)
        if (load->p->birth[done + row] == DAY_NONE)
            return lots_fail(err, LOTS_USAGE, "the loops by hand want everybody's birth");
    return LOTS_OK;
}

static lots_status load_people(population *p, lots_registry *registry, lots_error *err)
{
    static const char *const words[] = {"male", NULL};
    place at = {.registry = registry};
    people_load load = {.p = p};
    LOTS_TRY(column_of(&at, "birth", &load.birth, err));
    LOTS_TRY(column_of(&at, "death", &load.death, err));
    LOTS_TRY(column_of(&at, "sex", &load.sex, err));
    LOTS_TRY(words_of(&at, load.sex, words, &load.sexes, err));
    LOTS_TRY(lots_alloc((void **)&p->birth, p->patients, sizeof *p->birth, err));
    LOTS_TRY(lots_alloc((void **)&p->death, p->patients, sizeof *p->death, err));
    LOTS_TRY(lots_alloc((void **)&p->sex, p->patients, 1, err));
    lots_status status = each_segment(&at, take_people, &load, err);
    lots_free(load.sexes);
    return status;
}

typedef struct contacts_load {
    population *p;
    uint32_t start, end, level, status, form, acute, provider, cost, dx;
    int32_t ghost;
    uint8_t *levels, *statuses, *forms;
    const lots_id *code_ranks;
    uint64_t dx_capacity;
} contacts_load;

static lots_status take_dx(contacts_load *load, const lots_batch *batch, uint64_t done, lots_error *err)
{
    const lots_batch_column *from = &batch->columns[load->dx];
    population *p = load->p;
    uint64_t more = from->values.count;
    if (p->dx_count + more > load->dx_capacity) {
        load->dx_capacity = (p->dx_count + more) * 3 / 2;
        LOTS_TRY(lots_realloc((void **)&p->contacts.dx, load->dx_capacity, sizeof(uint16_t), err));
    }
    for (uint64_t i = 0; i < more; i++) {
        lots_id rank = load->code_ranks[LOTS_AT(lots_id, &from->values, i)];
        if (rank < p->code_ranks.first || rank >= p->code_ranks.end)
            return lots_fail(err, LOTS_USAGE, "the loops by hand know codes of icd10 alone");
        p->contacts.dx[p->dx_count + i] = (uint16_t)(rank - p->code_ranks.first);
    }
    for (uint32_t row = 0; row <= batch->rows; row++)
        p->contacts.dx_first[done + row] = p->dx_count + LOTS_AT(uint32_t, &from->offsets, row);
    p->dx_count += more;
    return LOTS_OK;
}

static lots_status take_contacts(void *context, const lots_batch *batch, uint64_t done, lots_error *err)
{
    contacts_load *load = context;
    contact_arrays *c = &load->p->contacts;
    count_rows(batch, c->first);
    copy_days(batch, load->start, c->start + done);
    copy_days(batch, load->end, c->end + done);
    copy_words(batch, load->level, load->levels, c->level + done);
    copy_words(batch, load->status, load->statuses, c->status + done);
    copy_words(batch, load->form, load->forms, c->form + done);
    copy_bits(batch, load->acute, c->acute + done);
    if (load->ghost >= 0)
        copy_bits(batch, (uint32_t)load->ghost, c->ghost + done);
    for (uint32_t row = 0; row < batch->rows; row++) {
        const lots_batch_column *provider = &batch->columns[load->provider], *cost = &batch->columns[load->cost];
        bool known = !LOTS_AT(uint8_t, &provider->missing, row);
        c->provider[done + row] = known ? 1 + LOTS_AT(uint32_t, &provider->values, row) : 0;
        c->cost[done + row] = (uint32_t)LOTS_AT(int64_t, &cost->values, row);
        if (c->end[done + row] == DAY_NONE && c->level[done + row] != LEVEL_INPATIENT)
            c->end[done + row] = c->start[done + row];
    }
    return take_dx(load, batch, done, err);
}

static lots_status find_contacts(const place *at, contacts_load *load, lots_error *err)
{
    static const char *const levels[] = {"emergency", "inpatient", "municipal", "primary", "specialist", NULL};
    static const char *const done[] = {"done", NULL}, *const visit[] = {"visit", NULL};
    const struct { const char *name; uint32_t *column; } wanted[] = {
        {"start", &load->start}, {"end", &load->end}, {"level", &load->level}, {"status", &load->status}, {"form", &load->form},
        {"acute", &load->acute}, {"provider", &load->provider}, {"cost", &load->cost}, {"dx", &load->dx}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        LOTS_TRY(column_of(at, wanted[i].name, wanted[i].column, err));
    load->ghost = lots_stream_find_column(&lots_registry_schema(at->registry)->streams[at->stream], "ghost", 5);
    LOTS_TRY(words_of(at, load->level, levels, &load->levels, err));
    LOTS_TRY(words_of(at, load->status, done, &load->statuses, err));
    return words_of(at, load->form, visit, &load->forms, err);
}

static lots_status make_contacts(population *p, lots_error *err)
{
    contact_arrays *c = &p->contacts;
    const struct { void **out; size_t count, size; } wanted[] = {
        {(void **)&c->first, (size_t)p->patients + 1, sizeof(uint64_t)}, {(void **)&c->dx_first, p->contacts_count + 1, sizeof(uint64_t)},
        {(void **)&c->start, p->contacts_count, sizeof(int32_t)}, {(void **)&c->end, p->contacts_count, sizeof(int32_t)},
        {(void **)&c->level, p->contacts_count, 1}, {(void **)&c->status, p->contacts_count, 1}, {(void **)&c->form, p->contacts_count, 1},
        {(void **)&c->acute, p->contacts_count, 1}, {(void **)&c->ghost, p->contacts_count, 1},
        {(void **)&c->provider, p->contacts_count, sizeof(uint32_t)}, {(void **)&c->cost, p->contacts_count, sizeof(uint32_t)}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        LOTS_TRY(lots_alloc(wanted[i].out, wanted[i].count, wanted[i].size, err));
    return LOTS_OK;
}

static lots_status load_contacts(population *p, lots_registry *registry, lots_error *err)
{
    place at = {0};
    contacts_load load = {.p = p, .code_ranks = lots_dictionary_rank_of_stable(p->codes)};
    LOTS_TRY(stream_of(registry, "contacts", &at, err));
    p->contacts_count = lots_registry_events(registry, at.stream);
    LOTS_TRY(make_contacts(p, err));
    lots_status status = find_contacts(&at, &load, err);
    if (status == LOTS_OK)
        status = each_segment(&at, take_contacts, &load, err);
    sum_rows(p->contacts.first, p->patients);
    lots_free(load.levels);
    lots_free(load.statuses);
    lots_free(load.forms);
    return status;
}

typedef struct services_load {
    population *p;
    uint32_t start, service;
    uint8_t *kinds;
} services_load;

static lots_status take_services(void *context, const lots_batch *batch, uint64_t done, lots_error *err)
{
    const services_load *load = context;
    (void)err;
    count_rows(batch, load->p->service_first);
    copy_days(batch, load->start, load->p->service_start + done);
    copy_words(batch, load->service, load->kinds, load->p->service_kind + done);
    return LOTS_OK;
}

static lots_status load_services(population *p, lots_registry *registry, lots_error *err)
{
    static const char *const words[] = {"home_care", NULL};
    place at = {0};
    services_load load = {.p = p};
    LOTS_TRY(stream_of(registry, "services", &at, err));
    p->services_count = lots_registry_events(registry, at.stream);
    LOTS_TRY(column_of(&at, "start", &load.start, err));
    LOTS_TRY(column_of(&at, "service", &load.service, err));
    LOTS_TRY(lots_alloc((void **)&p->service_first, (size_t)p->patients + 1, sizeof(uint64_t), err));
    LOTS_TRY(lots_alloc((void **)&p->service_start, p->services_count, sizeof(int32_t), err));
    LOTS_TRY(lots_alloc((void **)&p->service_kind, p->services_count, 1, err));
    LOTS_TRY(words_of(&at, load.service, words, &load.kinds, err));
    lots_status status = each_segment(&at, take_services, &load, err);
    sum_rows(p->service_first, p->patients);
    lots_free(load.kinds);
    return status;
}

/* ---- codes ---- */

lots_ranks population_codes(const population *p, const char *low, const char *high)
{
    char low_key[64], high_key[64];
    size_t low_bytes = lots_code_key("icd10", low, strlen(low), low_key, sizeof low_key);
    size_t high_bytes = lots_code_key("icd10", high, strlen(high), high_key, sizeof high_key);
    lots_ranks ranks = lots_dictionary_range(p->codes, low_key, low_bytes, high_key, high_bytes);
    return (lots_ranks){ranks.first - p->code_ranks.first, ranks.end - p->code_ranks.first};
}

/* A line `codes,GROUP,icd10,prefix,I20 I21 …` gives its codes the bit of the group: groups are numbered as they appear. */
static void take_line(population *p, char *line, char group[128], unsigned *groups)
{
    char *rest = NULL, *kind = strtok_r(line, ",", &rest), *name = strtok_r(NULL, ",", &rest);
    char *system = strtok_r(NULL, ",", &rest), *match = strtok_r(NULL, ",", &rest);
    if (kind == NULL || strcmp(kind, "codes") != 0 || match == NULL || strcmp(system, "icd10") != 0 || strcmp(match, "prefix") != 0)
        return;
    if (strcmp(name, group) != 0) {
        snprintf(group, 128, "%s", name);
        ++*groups;
    }
    for (char *code = strtok_r(NULL, " ", &rest); code != NULL && *groups <= 64; code = strtok_r(NULL, " ", &rest)) {
        lots_ranks ranks = population_codes(p, code, code);
        for (lots_id i = ranks.first; i < ranks.end; i++)
            p->chronic[i] |= UINT64_C(1) << (*groups - 1);
    }
}

static lots_status load_codes(population *p, lots_registry *registry, const char *classification, lots_error *err)
{
    char *text = NULL, *rest = NULL, group[128] = "";
    size_t bytes = 0;
    unsigned groups = 0;
    p->codes = lots_registry_codes(registry);
    p->code_ranks = lots_dictionary_system(p->codes, "icd10");
    if (p->code_ranks.end - p->code_ranks.first > CODES_MAX)
        return lots_fail(err, LOTS_USAGE, "the loops by hand hold %d codes", CODES_MAX);
    LOTS_TRY(lots_alloc((void **)&p->chronic, p->code_ranks.end - p->code_ranks.first, sizeof(uint64_t), err));
    LOTS_TRY(lots_file_slurp(classification, FILE_BYTES_MAX, &text, &bytes, err));
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest))
        take_line(p, line, group, &groups);
    lots_free(text);
    return groups <= 64 ? LOTS_OK : lots_fail(err, LOTS_USAGE, "the loops by hand hold 64 groups, not %u", groups);
}

/* ---- what loops look up ---- */

static uint32_t month_number(int32_t day)
{
    lots_civil civil = lots_day_to_civil(day);
    return (uint32_t)civil.year * 12 + (uint32_t)civil.month - 1;
}

static lots_status load_months(population *p, lots_error *err)
{
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (uint64_t i = 0; i < p->contacts_count; i++) {
        low = p->contacts.start[i] < low ? p->contacts.start[i] : low;
        high = p->contacts.start[i] > high ? p->contacts.start[i] : high;
    }
    if (low > high)
        return lots_fail(err, LOTS_USAGE, "the loops by hand want contacts");
    p->day_low = low;
    p->month_low = month_number(low);
    p->month_count = month_number(high) - p->month_low + 1;
    if (p->month_count > MONTHS_MAX)
        return lots_fail(err, LOTS_USAGE, "the loops by hand hold %d months, not %u", MONTHS_MAX, p->month_count);
    LOTS_TRY(lots_alloc((void **)&p->month_of, (size_t)(high - low) + 1, sizeof *p->month_of, err));
    for (int32_t day = low; day <= high; day++)
        p->month_of[day - low] = (uint16_t)(month_number(day) - p->month_low);
    for (uint32_t i = 0; i < p->patients; i++) {
        uint64_t count = p->contacts.first[i + 1] - p->contacts.first[i];
        p->contacts_max = count > p->contacts_max ? (uint32_t)count : p->contacts_max;
    }
    return LOTS_OK;
}

/* ---- the whole ---- */

lots_status population_load(population *out, lots_registry *registry, const char *classification, lots_error *err)
{
    lots_day from = 0, until = 0;
    *out = (population){.patients = lots_registry_patients(registry)};
    if (lots_registry_span(registry, &from, &until))
        out->until = until;
    lots_status status = load_codes(out, registry, classification, err);
    if (status == LOTS_OK)
        status = load_people(out, registry, err);
    if (status == LOTS_OK)
        status = load_contacts(out, registry, err);
    if (status == LOTS_OK)
        status = load_services(out, registry, err);
    if (status == LOTS_OK)
        status = load_months(out, err);
    if (status != LOTS_OK)
        population_free(out);
    return status;
}

void population_free(population *p)
{
    contact_arrays *c = &p->contacts;
    void *const all[] = {p->birth, p->death, p->sex, c->first, c->start, c->end, c->level, c->status, c->form, c->acute, c->ghost, c->provider,
                         c->cost, c->dx_first, c->dx, p->service_first, p->service_start, p->service_kind, p->chronic, p->month_of};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        lots_free(all[i]);
    *p = (population){0};
}
