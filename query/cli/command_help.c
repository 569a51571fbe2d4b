/* command_help.c: the list of commands, `lots help` and `lots version`. */
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/lang/hint.h"

const lots_command *const lots_commands[] = {
    &lots_command_ingest, &lots_command_query, &lots_command_rerun, &lots_command_info, &lots_command_codes,
    &lots_command_check, &lots_command_pin, &lots_command_audit, &lots_command_version, &lots_command_help, NULL};

lots_status lots_command_find(const char *name, const lots_command **out, lots_error *err)
{
    const char *names[sizeof lots_commands / sizeof *lots_commands];
    size_t count = 0;
    for (; lots_commands[count] != NULL; count++) {
        names[count] = lots_commands[count]->name;
        if (strcmp(name, names[count]) == 0) {
            *out = lots_commands[count];
            return LOTS_OK;
        }
    }
    lots_fail(err, LOTS_USAGE, "there is no command '%s'", name);
    const char *near = lots_hint_nearest(name, strlen(name), names, count);
    if (near != NULL)
        lots_error_hint(err, "did you mean `lots %s`?", near);
    else
        lots_error_hint(err, "`lots help` lists the commands");
    return LOTS_USAGE;
}

static lots_status write_overview(lots_program *program, lots_error *err)
{
    LOTS_TRY(lots_sink_text(&program->out,
                            "Examples:\n"
                            "  lots ingest reg.lots --map ingest/maps/example.map ingest/example\n"
                            "  lots query reg.lots 'from patients show n = count()'\n"
                            "  lots info reg.lots contacts\n"
                            "\n"
                            "Lots keeps a population's care events in a compressed registry and answers questions about them.\n"
                            "\n",
                            err));
    for (size_t i = 0; lots_commands[i] != NULL; i++)
        LOTS_TRY(lots_bytes_printf(&program->out.text, err, "  lots %-8s %s\n", lots_commands[i]->name,
                                   lots_commands[i]->summary));
    return lots_sink_text(&program->out,
                          "\n"
                          "Each command explains itself with --help. Exit codes: 0 ok, 1 internal error, 2 usage,\n"
                          "3 query error, 4 too many rejects, 5 damaged registry, 6 locked, 7 refused, 8 input/output,\n"
                          "130 interrupted.\n",
                          err);
}

/* Both commands take no options; help takes at most one operand. */
static lots_status only_operands(lots_program *program, const lots_command *self, int argc, char **argv, size_t most,
                                 const char **operand, bool *done, lots_error *err)
{
    lots_options options = {.argv = argv, .argc = argc};
    size_t found = 0;
    int which = 0;
    const char *value = NULL;
    *operand = NULL;
    *done = false;
    for (;;) {
        LOTS_TRY(lots_options_next(&options, &which, &value, err));
        if (which == LOTS_OPTION_END)
            return LOTS_OK;
        if (which == LOTS_OPTION_HELP) {
            *done = true;
            return lots_sink_text(&program->out, self->help, err);
        }
        if (++found > most)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        *operand = value;
    }
}

static lots_status run_help(lots_program *program, int argc, char **argv, lots_error *err)
{
    const char *name = NULL;
    bool done = false;
    const lots_command *command = NULL;
    LOTS_TRY(only_operands(program, &lots_command_help, argc, argv, 1, &name, &done, err));
    if (done)
        return LOTS_OK;
    if (name == NULL)
        return write_overview(program, err);
    LOTS_TRY(lots_command_find(name, &command, err));
    return lots_sink_text(&program->out, command->help, err);
}

static lots_status run_version(lots_program *program, int argc, char **argv, lots_error *err)
{
    const char *none = NULL;
    bool done = false;
    LOTS_TRY(only_operands(program, &lots_command_version, argc, argv, 0, &none, &done, err));
    if (done)
        return LOTS_OK;
    return lots_bytes_printf(&program->out.text, err, "lots %s (registry format %u)\n", LOTS_VERSION,
                             LOTS_FORMAT_VERSION);
}

const lots_command lots_command_help = {
    "help", "list the commands, or explain one",
    "Examples:\n"
    "  lots help\n"
    "  lots help query\n"
    "\n"
    "List the commands, or explain one.\n",
    run_help};

const lots_command lots_command_version = {
    "version", "the version of the program and of the format it writes",
    "Examples:\n"
    "  lots version\n"
    "\n"
    "Print the version of the program and of the registry format it reads and writes.\n",
    run_version};
