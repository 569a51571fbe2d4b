/* command_synth.c: `lots synth`: make a synthetic Swedish population, as a registry or as CSV files; or tell what the model
 * comes to beside what is published. */
#include "core/base/os.h"
#include "ingest/synth.h"
#include "ingest/synth_measure.h"
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/out/listing.h"

enum { DESCRIBE_PATIENTS = 100000 };

/* ---- what is told ---- */

static lots_status write_listing(lots_program *program, lots_listing *listing, lots_status status, lots_error *err)
{
    lots_output_options options = lots_program_output(program, NULL);
    options.rows_max = UINT32_MAX;
    if (status == LOTS_OK)
        status = lots_listing_write(listing, LOTS_FORMAT_TABLE, &options, &program->out, err);
    lots_listing_free(listing);
    return status;
}

static lots_status write_streams(lots_program *program, const lots_load_result *result, lots_error *err)
{
    static const lots_listing_column columns[] = {{"stream", LOTS_TYPE_TEXT}, {"events", LOTS_TYPE_INT}};
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < result->stream_count && status == LOTS_OK; i++) {
        status = lots_listing_text(&listing, result->streams[i].name, err);
        if (status == LOTS_OK)
            status = lots_listing_int(&listing, result->streams[i].events, err);
    }
    return write_listing(program, &listing, status, err);
}

static lots_status write_result(lots_program *program, const lots_synth_options *options, const lots_load_result *result,
                                lots_error *err)
{
    char written[32];
    if (options->csv != NULL)
        LOTS_TRY(lots_bytes_printf(&program->out.text, err, "%s: %u patients; load with lots ingest REG.lots --map %s/synth.map %s\n",
                                   options->csv, options->patients, options->csv, options->csv));
    if (options->registry == NULL)
        return LOTS_OK;
    LOTS_TRY(write_streams(program, result, err));
    lots_bytes_text(result->bytes_written, written);
    return lots_bytes_printf(&program->out.text, err, "\n%s: generation %llu, %llu patients; %s written\n",
                             options->registry, (unsigned long long)result->generation,
                             (unsigned long long)result->patients, written);
}

static const char *verdict(const lots_synth_figure *figure)
{
    double off = figure->made > figure->published ? figure->made - figure->published : figure->published - figure->made;
    return figure->tolerance == 0 ? "" : off <= figure->tolerance ? "within" : "OUTSIDE";
}

static lots_status write_figure(lots_listing *listing, const lots_synth_figure *figure, lots_error *err)
{
    LOTS_TRY(lots_listing_text(listing, figure->text, err));
    LOTS_TRY(figure->published == 0 ? lots_listing_missing(listing, err) : lots_listing_float(listing, figure->published, err));
    LOTS_TRY(lots_listing_float(listing, figure->made, err));
    LOTS_TRY(figure->tolerance == 0 ? lots_listing_missing(listing, err) : lots_listing_float(listing, figure->tolerance, err));
    LOTS_TRY(lots_listing_text(listing, verdict(figure), err));
    return lots_listing_text(listing, figure->source, err);
}

static lots_status describe(lots_program *program, lots_synth_options *options, lots_error *err)
{
    static const lots_listing_column columns[] = {{"figure", LOTS_TYPE_TEXT},     {"published", LOTS_TYPE_FLOAT},
                                                  {"made", LOTS_TYPE_FLOAT},      {"tolerance", LOTS_TYPE_FLOAT},
                                                  {"met", LOTS_TYPE_TEXT},        {"source", LOTS_TYPE_TEXT}};
    lots_synth_calibration calibration;
    options->patients = options->patients != 0 ? options->patients : DESCRIBE_PATIENTS;
    LOTS_TRY(lots_synth_measure(options, &calibration, err));
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    lots_status status = LOTS_OK;
    for (uint32_t i = 0; i < calibration.count && status == LOTS_OK; i++)
        status = write_figure(&listing, &calibration.figures[i], err);
    LOTS_TRY(write_listing(program, &listing, status, err));
    LOTS_TRY(lots_bytes_printf(&program->out.text, err, "\nShare of a year's cost, in percent, of the costliest\n"));
    static const uint32_t points[] = {1, 2, 3, 5, 10, 20, 30, 50, 100};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        LOTS_TRY(lots_bytes_printf(&program->out.text, err, "%5u%%  %5.1f\n", points[i], calibration.cost_curve[points[i]]));
    return LOTS_OK;
}

/* ---- the command ---- */

static void show_progress(void *context, uint64_t done, uint64_t all, uint64_t rows)
{
    char text[64];
    snprintf(text, sizeof text, "%llu patients, %llu events", (unsigned long long)done, (unsigned long long)rows);
    lots_progress_show(context, done, all, text);
}

static lots_status make(lots_program *program, lots_synth_options *options, lots_error *err)
{
    lots_progress progress = lots_progress_begin(program);
    lots_load_result result = {0};
    options->progress = show_progress;
    options->progress_context = &progress;
    lots_status status = lots_synth_run(options, &result, err);
    lots_progress_end(&progress);
    if (status == LOTS_OK)
        status = write_result(program, options, &result, err);
    lots_load_result_free(&result);
    return status;
}

enum { SYNTH_PATIENTS, SYNTH_YEARS, SYNTH_SEED, SYNTH_CSV, SYNTH_THREADS, SYNTH_MEMORY, SYNTH_DESCRIBE };
static const lots_option synth_options[] = {
    [SYNTH_PATIENTS] = {"patients", 0, true}, [SYNTH_YEARS] = {"years", 0, true},   [SYNTH_SEED] = {"seed", 0, true},
    [SYNTH_CSV] = {"csv", 0, true},           [SYNTH_THREADS] = {"threads", 0, true}, [SYNTH_MEMORY] = {"memory", 0, true},
    [SYNTH_DESCRIBE] = {"describe", 0, false},
};

typedef struct synth_words {
    lots_synth_options synth;
    bool describe, help;
} synth_words;

static bool read_year(const char *text, int32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < 4; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

static lots_status take_years(lots_synth_options *synth, const char *value, lots_error *err)
{
    if (strlen(value) == 10 && read_year(value, &synth->first_year) && memcmp(value + 4, "..", 2) == 0 &&
        read_year(value + 6, &synth->last_year))
        return LOTS_OK;
    return lots_fail(err, LOTS_USAGE, "--years wants first..last, as 2014..2023, not '%s'", value);
}

static lots_status take_option(void *context, int which, const char *value, lots_error *err)
{
    synth_words *words = context;
    lots_synth_options *synth = &words->synth;
    uint64_t number = 0;
    switch (which) {
    case LOTS_OPTION_OPERAND:
        if (synth->registry != NULL)
            return lots_fail(err, LOTS_USAGE, "one registry is made: '%s' is a second", value);
        synth->registry = value;
        return LOTS_OK;
    case SYNTH_PATIENTS:
        LOTS_TRY(lots_option_number("patients", value, 99999999, &number, err));
        synth->patients = (uint32_t)number;
        return number > 0 ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--patients wants at least 1");
    case SYNTH_YEARS: return take_years(synth, value, err);
    case SYNTH_SEED:
        LOTS_TRY(lots_option_number("seed", value, UINT64_MAX, &synth->seed, err));
        return synth->seed > 0 ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--seed wants at least 1");
    case SYNTH_CSV: synth->csv = value; return LOTS_OK;
    case SYNTH_THREADS:
        LOTS_TRY(lots_option_number("threads", value, 1024, &number, err));
        synth->threads = (unsigned)number;
        return LOTS_OK;
    case SYNTH_MEMORY: return lots_option_size("memory", value, 0, &synth->memory_bytes, err);
    default: words->describe = true; return LOTS_OK;
    }
}

static lots_status read_line(synth_words *words, int argc, char **argv, lots_error *err)
{
    lots_options options = {synth_options, sizeof synth_options / sizeof *synth_options, argv, argc, 0, false};
    LOTS_TRY(lots_options_each(&options, take_option, words, &words->help, err));
    if (words->help)
        return LOTS_OK;
    if (words->describe)
        return words->synth.registry == NULL && words->synth.csv == NULL
                   ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--describe makes no registry and no files");
    if (words->synth.patients == 0)
        return lots_fail(err, LOTS_USAGE, "how many? lots synth OUT.lots --patients 100000");
    return LOTS_OK;
}

static lots_status run_synth(lots_program *program, int argc, char **argv, lots_error *err)
{
    synth_words words = {.synth = {.stop = program->stop}};
    LOTS_TRY(read_line(&words, argc, argv, err));
    if (words.help)
        return lots_sink_text(&program->out, lots_command_synth.help, err);
    return words.describe ? describe(program, &words.synth, err) : make(program, &words.synth, err);
}

const lots_command lots_command_synth = {
    "synth", "make a synthetic population",
    "Examples:\n"
    "  lots synth demo.lots --patients 100000\n"
    "  lots synth --patients 20000 --years 2018..2023 --seed 7 --csv files/\n"
    "  lots synth --describe\n"
    "\n"
    "lots synth [OUT.lots] --patients N [--csv DIR]\n"
    "\n"
    "Make an invented Swedish population and its care: diseases that come together and with age, contacts of all levels,\n"
    "drugs, laboratory tests, waits, help from the municipality, costs. Nobody is real. The same seed makes the same\n"
    "population everywhere, whatever the number of threads; how it compares with what is published is told by --describe.\n"
    "\n"
    "      --patients N     how many who ever lived there in the period\n"
    "      --years A..B     the period (default 2014..2023)\n"
    "      --seed N         another population (default 1)\n"
    "      --csv DIR        write it as files too, which load into the same registry\n"
    "      --threads N      threads (default: all processors)\n"
    "      --memory SIZE    what may be held before rows are spilled to disk (default 2G)\n"
    "      --describe       the model's figures beside the published ones (of 100,000 patients unless --patients)\n",
    run_synth};
