/* main.c: lots COMMAND …: finds the command, runs it, says how it went. See command.h. */
#include "query/cli/command.h"

int main(int argc, char **argv)
{
    lots_program program;
    lots_error err;
    const lots_command *command = &lots_command_help;
    lots_status status = LOTS_OK;
    lots_error_clear(&err);
    lots_program_begin(&program);
    if (argc < 2) {
        status = lots_fail(&err, LOTS_USAGE, "what to do? `lots help` lists the commands");
    } else {
        const char *word = argv[1];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            word = "help";
        else if (strcmp(word, "--version") == 0)
            word = "version";
        status = lots_command_find(word, &command, &err);
    }
    if (status == LOTS_OK)
        status = command->run(&program, argc - 2, argv + 2, &err);
    return lots_program_end(&program, status, &err);
}
