/* command_cohort.c: `lots cohort`: the cohorts that are saved in a registry, and their end. */
#include "query/cli/cohort_listing.h"
#include "query/cli/command.h"
#include "query/cli/disclosure.h"
#include "query/cli/options.h"

static lots_status read_least(const char *path, uint32_t *out, lots_error *err)
{
    lots_registry *registry = NULL;
    LOTS_TRY(lots_registry_open(&registry, path, NULL, err));
    lots_status status = lots_disclosure_min_cell(registry, NULL, out, err);
    lots_registry_close(registry);
    return status;
}

static lots_status write_list(lots_program *program, const lots_cohort_list *list, uint32_t min_cell, lots_format format,
                              lots_error *err)
{
    lots_output_options options = lots_program_output(program, NULL);
    lots_result result;
    LOTS_TRY(lots_cohort_listing(list, true, format != LOTS_FORMAT_TABLE, min_cell, &result, err));
    lots_status status = lots_output_write(format, &result, &options, &program->out, err);
    lots_result_free(&result);
    if (status == LOTS_OK && format == LOTS_FORMAT_JSON)
        status = lots_sink_text(&program->out, "\n", err);
    return status;
}

static lots_status list_cohorts(lots_program *program, const char *path, lots_format format, lots_error *err)
{
    uint32_t min_cell = 0;
    lots_cohort_list list;
    LOTS_TRY(read_least(path, &min_cell, err));
    LOTS_TRY(lots_cohort_list_read(path, &list, err));
    lots_status status = write_list(program, &list, min_cell, format, err);
    lots_cohort_list_free(&list);
    return status;
}

typedef struct cohort_line {
    const char *path, *drop;
    lots_format format;
    bool help;
} cohort_line;

static lots_status read_line(int argc, char **argv, cohort_line *out, lots_error *err)
{
    static const lots_option list[] = {{"format", 0, true}, {"drop", 0, true}};
    lots_options words = {list, 2, argv, argc, 0, false};
    const char *value = NULL;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(&words, &which, &value, err));
        out->help = which == LOTS_OPTION_HELP;
        if (which == LOTS_OPTION_END || out->help)
            break;
        if (which == 0 && (!lots_format_parse(value, &out->format) ||
                           (out->format != LOTS_FORMAT_TABLE && out->format != LOTS_FORMAT_CSV &&
                            out->format != LOTS_FORMAT_JSON)))
            return lots_fail(err, LOTS_USAGE, "cohorts are listed as table, csv or json, not as '%s'", value);
        if (which == 1)
            out->drop = value;
        if (which == LOTS_OPTION_OPERAND && out->path != NULL)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        if (which == LOTS_OPTION_OPERAND)
            out->path = value;
    }
    return out->help || out->path != NULL ? LOTS_OK : lots_fail(err, LOTS_USAGE, "which registry? lots cohort REG.lots");
}

static lots_status run_cohort(lots_program *program, int argc, char **argv, lots_error *err)
{
    cohort_line line = {.format = LOTS_FORMAT_TABLE};
    LOTS_TRY(read_line(argc, argv, &line, err));
    if (line.help)
        return lots_sink_text(&program->out, lots_command_cohort.help, err);
    if (line.drop == NULL)
        return list_cohorts(program, line.path, line.format, err);
    LOTS_TRY(lots_cohort_drop(line.path, line.drop, err));
    return lots_bytes_printf(&program->out.text, err, "cohort '%s' is dropped\n", line.drop);
}

const lots_command lots_command_cohort = {
    "cohort", "list or drop saved cohorts",
    "Examples:\n"
    "  lots cohort reg.lots\n"
    "  lots cohort reg.lots --format json\n"
    "  lots cohort reg.lots --drop frail\n"
    "\n"
    "lots cohort REG.lots [--drop NAME]\n"
    "\n"
    "List the cohorts that `into cohort NAME` saved: name, patients, the generation they were counted on, time (UTC), user\n"
    "and the question. On another generation a cohort is counted again when a query names it.\n"
    "\n"
    "      --drop NAME      drop a cohort; logged (`lots audit`)\n"
    "      --format NAME    table (the default), csv or json\n",
    run_cohort};
