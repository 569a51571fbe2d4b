/* command_ingest.c: `lots ingest`: load files into a registry and tell what became of every row. */
#include "core/base/os.h"
#include "core/base/vec.h"
#include "ingest/load.h"
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/out/listing.h"

/* ---- what is told ---- */

static lots_status put_numbers(lots_listing *listing, const uint64_t *numbers, size_t count, lots_error *err)
{
    for (size_t i = 0; i < count; i++)
        LOTS_TRY(lots_listing_int(listing, numbers[i], err));
    return LOTS_OK;
}

static lots_status write_counts(lots_program *program, const lots_load_result *result, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"rows of", LOTS_TYPE_TEXT},    {"files", LOTS_TYPE_INT},     {"rows", LOTS_TYPE_INT},
        {"loaded", LOTS_TYPE_INT},      {"rejected", LOTS_TYPE_INT},  {"duplicates", LOTS_TYPE_INT},
        {"filtered", LOTS_TYPE_INT},    {"conflicts", LOTS_TYPE_INT}, {"identical", LOTS_TYPE_INT}};
    lots_output_options options = lots_program_output(program, NULL);
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    lots_status status = LOTS_OK;
    options.rows_max = UINT32_MAX;
    for (size_t i = 0; i < result->count_count && status == LOTS_OK; i++) {
        const lots_load_counts *c = &result->counts[i];
        const uint64_t numbers[] = {c->files,      c->rows,     c->loaded,    c->rejected,
                                    c->duplicates, c->filtered, c->conflicts, c->identical};
        char name[2 * LOTS_NAME_MAX + 4];
        snprintf(name, sizeof name, "%s%s%s", c->stream, c->child[0] == '\0' ? "" : "/", c->child);
        status = lots_listing_text(&listing, name, err);
        if (status == LOTS_OK)
            status = put_numbers(&listing, numbers, sizeof numbers / sizeof *numbers, err);
    }
    if (status == LOTS_OK)
        status = lots_listing_write(&listing, LOTS_FORMAT_TABLE, &options, &program->out, err);
    lots_listing_free(&listing);
    return status;
}

static lots_status write_streams(lots_program *program, const lots_load_result *result, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"stream", LOTS_TYPE_TEXT},      {"events", LOTS_TYPE_INT},       {"added", LOTS_TYPE_INT},
        {"changed", LOTS_TYPE_INT},      {"same", LOTS_TYPE_INT},         {"ghosts", LOTS_TYPE_INT},
        {"before birth", LOTS_TYPE_INT}, {"after death", LOTS_TYPE_INT},  {"undated", LOTS_TYPE_INT}};
    lots_output_options options = lots_program_output(program, NULL);
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    lots_status status = LOTS_OK;
    options.rows_max = UINT32_MAX;
    for (size_t i = 0; i < result->stream_count && status == LOTS_OK; i++) {
        const lots_load_stream *s = &result->streams[i];
        const uint64_t numbers[] = {s->events, s->added,        s->changed,     s->same,
                                    s->ghosts, s->before_birth, s->after_death, s->undated};
        status = lots_listing_text(&listing, s->name, err);
        if (status == LOTS_OK)
            status = put_numbers(&listing, numbers, sizeof numbers / sizeof *numbers, err);
    }
    if (status == LOTS_OK)
        status = lots_listing_write(&listing, LOTS_FORMAT_TABLE, &options, &program->out, err);
    lots_listing_free(&listing);
    return status;
}

/* What was unusual in the rows of one source: a line for each count that isn't zero. */
static void say_oddities(const lots_program *program, const lots_load_counts *c)
{
    const struct {
        uint64_t count;
        const char *what;
    } oddities[] = {
        {c->sentinels, "fields said to mean missing"},
        {c->unmapped, "fields with a word that no value map knows"},
        {c->off_form, "codes not of their system's form; loaded as they are"},
        {c->imprecise, "dates of a month or a year, filled in"},
        {c->wrong_check_digit, "ids with a wrong check digit"},
        {c->unattached, "child rows whose record isn't there; rejected"},
        {c->unknown_patient, "rows of a patient that no patient file names; rejected"},
    };
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s%s%s: %llu %s", c->stream, c->child[0] == '\0' ? "" : "/", c->child,
                 (unsigned long long)oddities[i].count, oddities[i].what);
        if (oddities[i].count > 0)
            lots_program_say_note(program, text);
    }
}

static void say_rejects(const lots_load_result *result)
{
    for (size_t i = 0; i < result->reject_count; i++) {
        const lots_load_reject *r = &result->rejects[i];
        fprintf(stderr, "%s:%llu: rejected: %s%s%s%s%s%s\n", r->file, (unsigned long long)r->line, r->reason,
                r->column[0] == '\0' ? "" : ", column ", r->column, r->value[0] == '\0' ? "" : ": '", r->value,
                r->value[0] == '\0' ? "" : "'");
    }
    if (result->rejected > result->reject_count)
        fprintf(stderr, "and %llu more rejected rows\n", (unsigned long long)(result->rejected - result->reject_count));
    if (result->rejects_path != NULL)
        fprintf(stderr, "note: the rejected rows are listed in %s\n", result->rejects_path);
}

static lots_status write_result(lots_program *program, const char *registry, const lots_load_result *result,
                                lots_error *err)
{
    char read[32], written[32];
    LOTS_TRY(write_counts(program, result, err));
    if (result->generation == 0)
        return LOTS_OK;
    lots_bytes_text(result->bytes_read, read);
    lots_bytes_text(result->bytes_written, written);
    LOTS_TRY(lots_sink_text(&program->out, "\n", err));
    LOTS_TRY(write_streams(program, result, err));
    LOTS_TRY(lots_bytes_printf(&program->out.text, err, "\n%s: generation %llu, %llu patients", registry,
                               (unsigned long long)result->generation, (unsigned long long)result->patients));
    if (result->patients_from_events > 0)
        LOTS_TRY(lots_bytes_printf(&program->out.text, err, " (%llu of them in no patient file)",
                                   (unsigned long long)result->patients_from_events));
    return lots_bytes_printf(&program->out.text, err, "; %s read, %s written\n", read, written);
}

/* ---- the command ---- */

typedef struct ingest_progress {
    lots_progress line;
} ingest_progress;

static void show_progress(void *context, uint64_t done, uint64_t all, uint64_t rows)
{
    ingest_progress *progress = context;
    char text[96], bytes[32];
    lots_bytes_text(done, bytes);
    snprintf(text, sizeof text, "%s read, %llu rows", bytes, (unsigned long long)rows);
    lots_progress_show(&progress->line, done, all, text);
}

static lots_status load(lots_program *program, lots_load_options *options, lots_error *err)
{
    ingest_progress progress = {lots_progress_begin(program)};
    lots_load_result result = {0};
    options->progress = show_progress;
    options->progress_context = &progress;
    options->stop = program->stop;
    lots_status status = lots_load_run(options, &result, err);
    lots_progress_end(&progress.line);
    for (size_t i = 0; i < result.count_count; i++)
        say_oddities(program, &result.counts[i]);
    say_rejects(&result);
    if (status == LOTS_OK || status == LOTS_REJECTS) {
        lots_status written = write_result(program, options->registry, &result, status == LOTS_OK ? err : NULL);
        status = status == LOTS_OK ? written : status;
    }
    lots_load_result_free(&result);
    return status;
}

enum { INGEST_FORMAT, INGEST_MAP, INGEST_APPEND, INGEST_MEMORY, INGEST_MAX_REJECTS, INGEST_THREADS, INGEST_REJECTS,
       INGEST_SHOW, INGEST_IDENTITIES };
static const lots_option ingest_options[] = {
    [INGEST_FORMAT] = {"format", 0, true},   [INGEST_MAP] = {"map", 0, true},
    [INGEST_APPEND] = {"append", 0, false},  [INGEST_MEMORY] = {"memory", 0, true},
    [INGEST_MAX_REJECTS] = {"max-rejects", 0, true}, [INGEST_THREADS] = {"threads", 0, true},
    [INGEST_REJECTS] = {"rejects", 0, true}, [INGEST_SHOW] = {"show-map", 0, true},
    [INGEST_IDENTITIES] = {"identities", 0, true},
};

typedef struct ingest_words {
    lots_load_options load;
    lots_vec inputs; /* const char * */
    const char *show;
    bool help;
} ingest_words;

static lots_status take_operand(ingest_words *words, const char *value, lots_error *err)
{
    if (words->load.registry != NULL)
        return lots_vec_push(&words->inputs, &value, err);
    words->load.registry = value;
    return LOTS_OK;
}

static lots_status take_option(void *context, int which, const char *value, lots_error *err)
{
    ingest_words *words = context;
    lots_load_options *load_options = &words->load;
    uint64_t number = 0;
    switch (which) {
    case LOTS_OPTION_OPERAND: return take_operand(words, value, err);
    case INGEST_FORMAT: load_options->format = value; return LOTS_OK;
    case INGEST_MAP: load_options->map_path = value; return LOTS_OK;
    case INGEST_APPEND: load_options->append = true; return LOTS_OK;
    case INGEST_MEMORY: return lots_option_size("memory", value, 0, &load_options->memory_bytes, err);
    case INGEST_MAX_REJECTS:
        load_options->max_rejects_given = true;
        return lots_option_part("max-rejects", value, &load_options->max_rejects, err);
    case INGEST_THREADS:
        LOTS_TRY(lots_option_number("threads", value, 1024, &number, err));
        load_options->threads = (unsigned)number;
        return LOTS_OK;
    case INGEST_IDENTITIES: load_options->identities = value; return LOTS_OK;
    case INGEST_REJECTS: load_options->rejects_path = value; return LOTS_OK;
    default: words->show = value; return LOTS_OK;
    }
}

static lots_status read_line(ingest_words *words, int argc, char **argv, lots_error *err)
{
    lots_options options = {ingest_options, sizeof ingest_options / sizeof *ingest_options, argv, argc, 0, false};
    LOTS_TRY(lots_options_each(&options, take_option, words, &words->help, err));
    if (words->help || words->show != NULL)
        return LOTS_OK;
    if (words->load.registry == NULL)
        return lots_fail(err, LOTS_USAGE, "which registry? lots ingest REG.lots --map FILE.map");
    if ((words->load.format == NULL) == (words->load.map_path == NULL))
        return lots_fail(err, LOTS_USAGE, "say how the files are laid out: either --format NAME or --map FILE.map");
    if (words->load.format != NULL && words->inputs.count == 0)
        return lots_fail(err, LOTS_USAGE, "--format %s wants the folder of the files", words->load.format);
    return LOTS_OK;
}

static lots_status show_map(lots_program *program, const char *name, lots_error *err)
{
    const char *text = lots_load_format_text(name);
    if (text != NULL)
        return lots_sink_text(&program->out, text, err);
    char known[256] = "";
    for (size_t i = 0, used = 0; lots_load_formats(i) != NULL && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i == 0 ? "" : ", ", lots_load_formats(i));
    lots_fail(err, LOTS_USAGE, "there is no built-in layout '%s'", name);
    lots_error_hint(err, "there are: %s", known);
    return LOTS_USAGE;
}

static lots_status run_ingest(lots_program *program, int argc, char **argv, lots_error *err)
{
    ingest_words words = {.inputs = LOTS_VEC(const char *)};
    lots_status status = read_line(&words, argc, argv, err);
    words.load.inputs = words.inputs.data;
    words.load.input_count = words.inputs.count;
    if (status == LOTS_OK && words.help)
        status = lots_sink_text(&program->out, lots_command_ingest.help, err);
    else if (status == LOTS_OK && words.show != NULL)
        status = show_map(program, words.show, err);
    else if (status == LOTS_OK)
        status = load(program, &words.load, err);
    lots_vec_free(&words.inputs);
    return status;
}

const lots_command lots_command_ingest = {
    "ingest", "load files into a registry",
    "Examples:\n"
    "  lots ingest reg.lots --map ingest/maps/example.map ingest/example\n"
    "  lots ingest reg.lots --format synthea csv/\n"
    "  lots ingest reg.lots --map region.map delivery-2024-03/ --append --max-rejects 0.5%\n"
    "\n"
    "lots ingest REG.lots (--format NAME DIR | --map FILE.map [DIR | FILES])\n"
    "\n"
    "Load the files that a layout or a mapping describes. Every row is loaded, rejected or a duplicate, and counted; a load\n"
    "with too many rejects publishes nothing. Without files those beside the mapping are read.\n"
    "\n"
    "      --format NAME    a built-in layout\n"
    "      --map FILE       a mapping of your own (ingest/maps/README.md)\n"
    "      --append         add to the registry if there is one\n"
    "      --identities DIR where a new registry's files of ids go (default: into it); only lists of persons read them\n"
    "      --memory SIZE    what may be held before rows are spilled to disk (default 2G)\n"
    "      --max-rejects P  rejected rows allowed, as a part of all (default 0.1%)\n"
    "      --rejects FILE   where the rejected rows are listed (default REG.lots.rejects.csv)\n"
    "      --threads N      threads; the registry doesn't depend on it (default: all processors)\n"
    "      --show-map NAME  print the mapping of a built-in layout, to copy and edit\n",
    run_ingest};
