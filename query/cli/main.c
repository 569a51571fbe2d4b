/* main.c: lots COMMAND …: finds the command, runs it, says how it went. See command.h. */
#include <stdlib.h>
#include <string.h>

#include "query/cli/command.h"

/* What the environment asks for is there to be had. */
static lots_status check_environment(lots_error *err)
{
    static const char *const names[] = {"", "scalar", "avx2", "avx512"};
    const char *wanted = getenv("LOTS_SIMD");
    for (size_t i = 0; wanted != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(wanted, names[i]) == 0)
            return LOTS_OK;
    if (wanted == NULL)
        return LOTS_OK;
    lots_fail(err, LOTS_USAGE, "there is no LOTS_SIMD '%s'", wanted);
    lots_error_hint(err, "it is scalar, avx2 or avx512; unset, the best of them that this processor has");
    return LOTS_USAGE;
}

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
        status = check_environment(&err);
    if (status == LOTS_OK)
        status = command->run(&program, argc - 2, argv + 2, &err);
    return lots_program_end(&program, status, &err);
}
