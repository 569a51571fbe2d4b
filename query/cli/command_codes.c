/* command_codes.c: `lots codes`: the code systems of a registry, or the codes of one under a prefix, with how many events
 * hold each. An event that holds a code twice counts once; events of few persons are hidden, as in answers. */
#include "core/base/memory.h"
#include "core/store/registry.h"
#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/options.h"
#include "query/lang/hint.h"
#include "query/out/listing.h"

typedef struct codes_job {
    lots_program *program;
    const char *path, *system, *prefix;
    lots_format format;
    lots_registry *registry;
    const lots_schema *schema;
    lots_ranks ranks;     /* whose events are counted */
    uint64_t *events;     /* of each of them */
    uint64_t *last_event; /* 1 + the event that counted it last */
    uint64_t event_number;
    lots_patient *persons; /* of each of them the first few: min_cell places, */
    uint32_t *person_count; /* and how many of them are taken */
    lots_patient person;
    uint32_t min_cell;
    lots_arena scratch;
} codes_job;

/* ---- counting ---- */

static void count_code(codes_job *job, lots_id rank)
{
    if (rank < job->ranks.first || rank >= job->ranks.end)
        return;
    uint32_t index = rank - job->ranks.first;
    job->events[index] += job->last_event[index] != job->event_number;
    job->last_event[index] = job->event_number;
    lots_patient *persons = job->persons + (size_t)index * job->min_cell;
    uint32_t known = 0;
    while (known < job->person_count[index] && persons[known] != job->person)
        known++;
    if (known == job->person_count[index] && known < job->min_cell)
        persons[job->person_count[index]++] = job->person;
}

static lots_status read_ids(codes_job *job, lots_segment *segment, uint32_t stream, uint32_t column, lots_part part,
                            uint32_t chunk, lots_values_out *out, lots_error *err)
{
    const lots_block_meta *meta = lots_segment_meta(segment, stream, column, part, chunk);
    void *missing = NULL;
    bool has_missing = false;
    LOTS_TRY(lots_arena_vector(&job->scratch, &out->data, meta->count, sizeof(uint32_t), err));
    LOTS_TRY(lots_arena_vector(&job->scratch, &missing, ((size_t)meta->count + 63) / 64, sizeof(uint64_t), err));
    out->missing = missing;
    LOTS_TRY(lots_segment_read(segment, stream, column, part, chunk, out, &has_missing, &job->scratch, err));
    if (!has_missing)
        out->missing = NULL;
    return LOTS_OK;
}

static lots_status count_chunk(codes_job *job, lots_segment *segment, lots_patient first, uint32_t stream, uint32_t column,
                               uint32_t chunk, lots_error *err)
{
    bool list = job->schema->streams[stream].columns[column].kind == LOTS_KIND_CODES;
    uint32_t rows = lots_segment_chunk_rows(segment, stream, chunk), rank_count = 0;
    lots_values_out ids = {0}, lengths = {0};
    const lots_id *ranks = NULL;
    void *offsets = NULL;
    const uint32_t start = lots_segment_chunk_first(segment, chunk);
    const uint32_t patients = lots_segment_chunk_first(segment, chunk + 1) - start;
    lots_arena_reset(&job->scratch);
    LOTS_TRY(lots_arena_vector(&job->scratch, &offsets, (size_t)patients + 1, sizeof(uint32_t), err));
    LOTS_TRY(lots_segment_offsets(segment, stream, chunk, offsets, &job->scratch, err));
    LOTS_TRY(lots_segment_ranks(segment, stream, column, &ranks, &rank_count, err));
    LOTS_TRY(read_ids(job, segment, stream, column, LOTS_PART_VALUES, chunk, &ids, err));
    if (list)
        LOTS_TRY(read_ids(job, segment, stream, column, LOTS_PART_LENGTHS, chunk, &lengths, err));
    const uint32_t *values = ids.data;
    uint32_t at = 0, patient = 0;
    for (uint32_t row = 0; row < rows; row++) {
        while (patient + 1 < patients && ((const uint32_t *)offsets)[patient + 1] <= row)
            patient++;
        job->person = first + start + patient;
        uint32_t count = list ? ((const uint32_t *)lengths.data)[row] : 1;
        job->event_number++;
        for (uint32_t i = 0; i < count; i++, at++)
            if ((ids.missing == NULL || ((ids.missing[at / 64] >> (at % 64)) & 1) == 0) && values[at] < rank_count)
                count_code(job, ranks[values[at]]);
    }
    return LOTS_OK;
}

static bool holds_codes(const lots_column *column)
{
    return column->kind == LOTS_KIND_CODE || column->kind == LOTS_KIND_CODES;
}

static lots_status count_segment(codes_job *job, lots_segment *segment, lots_patient first, lots_error *err)
{
    for (uint32_t stream = 0; stream < job->schema->stream_count; stream++)
        for (uint32_t column = 0; column < job->schema->streams[stream].column_count; column++) {
            if (!holds_codes(&job->schema->streams[stream].columns[column]))
                continue;
            for (uint32_t chunk = 0; chunk < lots_segment_chunks(segment); chunk++) {
                const lots_block_meta *meta = lots_segment_meta(segment, stream, column, LOTS_PART_VALUES, chunk);
                if (*job->program->stop)
                    return lots_fail(err, LOTS_INTERRUPTED, "interrupted");
                if (meta->missing < meta->count)
                    LOTS_TRY(count_chunk(job, segment, first, stream, column, chunk, err));
            }
        }
    return LOTS_OK;
}

static lots_status count_events(codes_job *job, lots_error *err)
{
    void *made = NULL;
    const size_t codes = (size_t)(job->ranks.end - job->ranks.first);
    size_t places = 0;
    LOTS_TRY(lots_alloc(&made, codes, sizeof(uint64_t), err));
    job->events = made;
    LOTS_TRY(lots_alloc(&made, codes, sizeof(uint64_t), err));
    job->last_event = made;
    if (!lots_size_mul(codes, job->min_cell, &places))
        return lots_fail(err, LOTS_MEMORY, "out of memory: %zu codes of %u persons", codes, job->min_cell);
    LOTS_TRY(lots_alloc(&made, places, sizeof(lots_patient), err));
    job->persons = made;
    LOTS_TRY(lots_alloc(&made, codes, sizeof(uint32_t), err));
    job->person_count = made;
    for (uint32_t i = 0; i < lots_registry_segments(job->registry); i++) {
        lots_segment *segment = NULL;
        LOTS_TRY(lots_registry_segment(job->registry, i, &segment, err));
        LOTS_TRY(count_segment(job, segment, lots_registry_segment_first(job->registry, i), err));
    }
    return LOTS_OK;
}

/* ---- listing ---- */

static lots_status write_listing(codes_job *job, const lots_listing *listing, lots_error *err)
{
    lots_output_options options = lots_program_output(job->program, job->schema);
    LOTS_TRY(lots_listing_write(listing, job->format, &options, &job->program->out, err));
    return job->format == LOTS_FORMAT_JSON ? lots_sink_text(&job->program->out, "\n", err) : LOTS_OK;
}

static lots_status list_systems(codes_job *job, lots_error *err)
{
    static const lots_listing_column columns[] = {{"system", LOTS_TYPE_TEXT}, {"form", LOTS_TYPE_TEXT},
                                                  {"version", LOTS_TYPE_TEXT}, {"codes", LOTS_TYPE_INT}};
    lots_listing listing = lots_listing_begin(columns, 4);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < job->schema->system_count && status == LOTS_OK; i++) {
        const lots_code_system *system = &job->schema->systems[i];
        lots_ranks ranks = lots_dictionary_system(lots_registry_codes(job->registry), system->name);
        status = lots_listing_text(&listing, system->name, err);
        if (status == LOTS_OK)
            status = lots_listing_text(&listing, lots_code_form_name(system->form), err);
        if (status == LOTS_OK)
            status = lots_listing_text(&listing, system->version[0] == '\0' ? NULL : system->version, err);
        if (status == LOTS_OK)
            status = lots_listing_int(&listing, ranks.end - ranks.first, err);
    }
    if (status == LOTS_OK)
        status = write_listing(job, &listing, err);
    lots_listing_free(&listing);
    return status;
}

static lots_status put_code(codes_job *job, lots_code_form form, lots_id rank, lots_listing *listing, lots_error *err)
{
    const lots_dictionary *codes = lots_registry_codes(job->registry);
    size_t bytes = 0, system_bytes = 0, code_bytes = 0, label_bytes = 0;
    const char *key = lots_dictionary_key(codes, rank, &bytes), *code = key;
    const char *label = lots_dictionary_label_of(codes, rank, &label_bytes);
    char shown[LOTS_CODE_BYTES_MAX + 2] = "";
    if (lots_code_split(key, bytes, &system_bytes, &code, &code_bytes) && code_bytes <= LOTS_CODE_BYTES_MAX)
        lots_code_display(form, code, code_bytes, shown);
    LOTS_TRY(lots_listing_text(listing, shown, err));
    const uint32_t index = rank - job->ranks.first;
    LOTS_TRY(lots_listing_count(listing, job->events[index], job->person_count[index], err));
    return label == NULL ? lots_listing_missing(listing, err) : lots_listing_bytes(listing, label, label_bytes, err);
}

static lots_status list_codes(codes_job *job, const lots_code_system *system, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"code", LOTS_TYPE_TEXT}, {"events", LOTS_TYPE_INT}, {"label", LOTS_TYPE_TEXT}};
    char code[LOTS_CODE_BYTES_MAX + 1] = "", key[LOTS_NAME_MAX + LOTS_CODE_BYTES_MAX + 3];
    size_t code_bytes = 0;
    if (job->prefix != NULL &&
        !lots_code_normalise(system->form, job->prefix, strlen(job->prefix), code, &code_bytes))
        return lots_fail(err, LOTS_USAGE, "'%s' is too long for a code", job->prefix);
    size_t key_bytes = lots_code_key(system->name, code, code_bytes, key, sizeof key);
    job->ranks = lots_dictionary_prefix(lots_registry_codes(job->registry), key, key_bytes);
    if (job->ranks.first == job->ranks.end)
        lots_program_say_note(job->program, "no code of the registry begins so");
    LOTS_TRY(lots_disclosure_min_cell(job->registry, NULL, &job->min_cell, err));
    LOTS_TRY(count_events(job, err));
    lots_listing listing = lots_listing_begin(columns, 3);
    listing.min_cell = job->min_cell;
    lots_status status = LOTS_OK;
    for (lots_id rank = job->ranks.first; rank < job->ranks.end && status == LOTS_OK; rank++)
        status = put_code(job, system->form, rank, &listing, err);
    if (status == LOTS_OK)
        status = write_listing(job, &listing, err);
    lots_listing_free(&listing);
    return status;
}

static lots_status fail_system(const codes_job *job, lots_error *err)
{
    lots_vec names = LOTS_VEC(const char *);
    lots_fail(err, LOTS_USAGE, "the registry has no code system '%s'", job->system);
    for (uint32_t i = 0; i < job->schema->system_count; i++) {
        const char *name = job->schema->systems[i].name;
        if (lots_vec_push(&names, &name, NULL) != LOTS_OK)
            break;
    }
    const char *near = lots_hint_nearest(job->system, strlen(job->system), names.data, names.count);
    if (near != NULL)
        lots_error_hint(err, "did you mean '%s'?", near);
    else
        lots_error_hint(err, "`lots codes %s` lists the systems", job->path);
    lots_vec_free(&names);
    return LOTS_USAGE;
}

static lots_status tell(codes_job *job, lots_error *err)
{
    LOTS_TRY(lots_registry_open(&job->registry, job->path, NULL, err));
    job->schema = lots_registry_schema(job->registry);
    if (job->system == NULL)
        return list_systems(job, err);
    int32_t system = lots_schema_find_system(job->schema, job->system, strlen(job->system));
    if (system < 0)
        return fail_system(job, err);
    return list_codes(job, &job->schema->systems[system], err);
}

static lots_status run_codes(lots_program *program, int argc, char **argv, lots_error *err)
{
    static const lots_option list[] = {{"format", 0, true}};
    lots_options words = {list, 1, argv, argc, 0, false};
    codes_job job = {.program = program};
    const char *value = NULL;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(&words, &which, &value, err));
        if (which == LOTS_OPTION_HELP)
            return lots_sink_text(&program->out, lots_command_codes.help, err);
        if (which == LOTS_OPTION_END)
            break;
        if (which == 0 && (!lots_format_parse(value, &job.format) || job.format == LOTS_FORMAT_HTML ||
                           job.format == LOTS_FORMAT_SVG || job.format == LOTS_FORMAT_SQLITE))
            return lots_fail(err, LOTS_USAGE, "`lots codes` has no format '%s'; it has table, csv, csv-se, tsv, json, "
                                              "ndjson and markdown", value);
        const char **place = job.path == NULL ? &job.path : job.system == NULL ? &job.system : &job.prefix;
        if (which == LOTS_OPTION_OPERAND && *place != NULL)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        if (which == LOTS_OPTION_OPERAND)
            *place = value;
    }
    if (job.path == NULL)
        return lots_fail(err, LOTS_USAGE, "which registry? lots codes REG.lots [SYSTEM [PREFIX]]");
    lots_arena_init(&job.scratch, 0);
    lots_status status = tell(&job, err);
    lots_arena_free(&job.scratch);
    lots_free(job.events);
    lots_free(job.last_event);
    lots_free(job.persons);
    lots_free(job.person_count);
    lots_registry_close(job.registry);
    return status;
}

const lots_command lots_command_codes = {
    "codes", "the codes of a registry and their events",
    "Examples:\n"
    "  lots codes reg.lots icd10 I5\n"
    "  lots codes reg.lots\n"
    "\n"
    "lots codes REG.lots [SYSTEM [PREFIX]]\n"
    "\n"
    "List the codes of a system that begin so, with the events that hold each and its label where one was loaded. Events\n"
    "of few persons are hidden. Without a system: list the systems.\n"
    "\n"
    "      --format NAME    table (the default), csv, csv-se, tsv, json, ndjson or markdown\n",
    run_codes};
