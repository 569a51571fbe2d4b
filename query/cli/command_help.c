/* command_help.c: the list of commands, `lots help` and `lots version`. */
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/cli/topic.h"
#include "query/lang/hint.h"

const lots_command *const lots_commands[] = {
    &lots_command_ingest, &lots_command_synth, &lots_command_query, &lots_command_explain, &lots_command_why, &lots_command_rerun, &lots_command_info, &lots_command_codes,
    &lots_command_cohort, &lots_command_check, &lots_command_pin, &lots_command_audit, &lots_command_version, &lots_command_help, NULL};

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
    LOTS_TRY(lots_sink_text(&program->out,
                            "\n"
                            "The language has a manual. `lots help TOPIC` prints a section of it: one of these, or any word of\n"
                            "the language (`lots help within`, `lots help top`, `lots help count`).\n",
                            err));
    LOTS_TRY(lots_topic_list(program, err));
    return lots_sink_text(&program->out,
                          "\n"
                          "Each command explains itself with --help. Exit codes: 0 ok, 1 internal error, 2 usage,\n"
                          "3 query error, 4 too many rejects, 5 damaged registry, 6 locked, 7 refused, 8 input/output,\n"
                          "130 interrupted.\n",
                          err);
}

/* Both commands take no options. The operands, joined by blanks: the words of a topic. */
static lots_status only_operands(lots_program *program, const lots_command *self, int argc, char **argv, bool none,
                                 lots_bytes *words, bool *done, lots_error *err)
{
    lots_options options = {.argv = argv, .argc = argc};
    int which = 0;
    const char *value = NULL;
    *done = false;
    for (;;) {
        LOTS_TRY(lots_options_next(&options, &which, &value, err));
        if (which == LOTS_OPTION_END)
            return lots_bytes_put8(words, 0, err);
        if (which == LOTS_OPTION_HELP) {
            *done = true;
            return lots_sink_text(&program->out, self->help, err);
        }
        if (none)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        LOTS_TRY(lots_bytes_printf(words, err, "%s%s", words->count > 0 ? " " : "", value));
    }
}

/* A command's name comes first: `lots help query` is `lots query --help`. */
static lots_status explain(lots_program *program, const char *topic, lots_error *err)
{
    for (size_t i = 0; lots_commands[i] != NULL; i++)
        if (strcmp(topic, lots_commands[i]->name) == 0)
            return lots_sink_text(&program->out, lots_commands[i]->help, err);
    return lots_topic_write(program, topic, err);
}

static lots_status run_help(lots_program *program, int argc, char **argv, lots_error *err)
{
    lots_bytes words = {0};
    bool done = false;
    lots_status status = only_operands(program, &lots_command_help, argc, argv, false, &words, &done, err);
    if (status == LOTS_OK && !done)
        status = words.count == 1 ? write_overview(program, err) : explain(program, (const char *)words.data, err);
    lots_bytes_free(&words);
    return status;
}

static lots_status run_version(lots_program *program, int argc, char **argv, lots_error *err)
{
    lots_bytes none = {0};
    bool done = false;
    lots_status status = only_operands(program, &lots_command_version, argc, argv, true, &none, &done, err);
    lots_bytes_free(&none);
    if (status != LOTS_OK || done)
        return status;
    return lots_bytes_printf(&program->out.text, err, "lots %s (registry format %u)\n", LOTS_VERSION,
                             LOTS_FORMAT_VERSION);
}

const lots_command lots_command_help = {
    "help", "list the commands and topics, or explain one",
    "Examples:\n"
    "  lots help\n"
    "  lots help query\n"
    "  lots help windows\n"
    "  lots help group by\n"
    "\n"
    "List the commands, or explain one; or print what the manual of the language says about a topic: the title of a section,\n"
    "or a word of the language. Long ones are for a pager: lots help windows | less\n",
    run_help};

const lots_command lots_command_version = {
    "version", "the version of the program and of the format it writes",
    "Examples:\n"
    "  lots version\n"
    "\n"
    "Print the version of the program and of the registry format it writes.\n",
    run_version};
