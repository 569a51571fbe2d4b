/* command_audit.c: `lots audit`: who asked for lists of persons or saved cohorts, when and why. */
#include "core/store/registry.h"
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/out/listing.h"

static lots_status put_entry(lots_listing *listing, const lots_audit_entry *entry, lots_error *err)
{
    LOTS_TRY(lots_listing_text(listing, entry->time, err));
    LOTS_TRY(lots_listing_text(listing, entry->user, err));
    LOTS_TRY(lots_listing_int(listing, entry->generation, err));
    LOTS_TRY(lots_listing_int(listing, entry->rows, err));
    LOTS_TRY(lots_listing_text(listing, entry->purpose, err));
    return lots_listing_text(listing, entry->query, err);
}

static lots_status list_log(lots_program *program, const char *path, lots_format format, lots_error *err)
{
    static const lots_listing_column columns[] = {
        {"time", LOTS_TYPE_TEXT}, {"user", LOTS_TYPE_TEXT},    {"generation", LOTS_TYPE_INT},
        {"rows", LOTS_TYPE_INT},  {"purpose", LOTS_TYPE_TEXT}, {"query", LOTS_TYPE_TEXT}};
    lots_output_options options = lots_program_output(program, NULL);
    lots_listing listing = lots_listing_begin(columns, sizeof columns / sizeof *columns);
    lots_audit_log log;
    LOTS_TRY(lots_registry_audit_log(path, &log, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < log.entries.count && status == LOTS_OK; i++)
        status = put_entry(&listing, &LOTS_AT(lots_audit_entry, &log.entries, i), err);
    if (status == LOTS_OK)
        status = lots_listing_write(&listing, format, &options, &program->out, err);
    if (status == LOTS_OK && format == LOTS_FORMAT_JSON)
        status = lots_sink_text(&program->out, "\n", err);
    lots_listing_free(&listing);
    lots_audit_log_free(&log);
    return status;
}

static lots_status run_audit(lots_program *program, int argc, char **argv, lots_error *err)
{
    static const lots_option list[] = {{"format", 0, true}};
    lots_options words = {list, 1, argv, argc, 0, false};
    const char *path = NULL, *value = NULL;
    lots_format format = LOTS_FORMAT_TABLE;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(&words, &which, &value, err));
        if (which == LOTS_OPTION_HELP)
            return lots_sink_text(&program->out, lots_command_audit.help, err);
        if (which == LOTS_OPTION_END)
            break;
        if (which == 0 && (!lots_format_parse(value, &format) || (format != LOTS_FORMAT_TABLE && format != LOTS_FORMAT_CSV &&
                                                                  format != LOTS_FORMAT_JSON)))
            return lots_fail(err, LOTS_USAGE, "the log comes as table, csv or json, not as '%s'", value);
        if (which == LOTS_OPTION_OPERAND && path != NULL)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        if (which == LOTS_OPTION_OPERAND)
            path = value;
    }
    if (path == NULL)
        return lots_fail(err, LOTS_USAGE, "which registry? lots audit REG.lots");
    return list_log(program, path, format, err);
}

const lots_command lots_command_audit = {
    "audit", "who listed persons, and why",
    "Examples:\n"
    "  lots audit reg.lots\n"
    "  lots audit reg.lots --format csv\n"
    "\n"
    "lots audit REG.lots\n"
    "\n"
    "List the results that showed persons, events or episodes row by row, and the cohorts that were saved or dropped (which\n"
    "list nobody: 0 rows): time (UTC), user, generation, rows, purpose and query, oldest first.\n"
    "\n"
    "      --format NAME    table (the default), csv or json\n",
    run_audit};
