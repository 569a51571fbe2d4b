/* serve.c: see serve.h. */
#include "bench/serve.h"

#include <string.h>

#include "core/base/os.h"

enum { LINE_BYTES = 8192 };

/* The kernel keeps the most memory a process held; writing 5 here begins the count anew (man 5 proc). */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL)
        return;
    fputs("5", file);
    fclose(file);
}

static unsigned long peak_kib(void)
{
    char line[256];
    unsigned long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %lu", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

static lots_status keep(const lots_sink *sink, const char *path, lots_error *err)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return lots_os_fail(err, "write", path);
    bool good = fwrite(sink->text.data, 1, sink->text.count, file) == sink->text.count;
    good = fclose(file) == 0 && good;
    return good ? LOTS_OK : lots_os_fail(err, "write", path);
}

static void answer_line(serve_answer answer, void *context, char *line)
{
    lots_error err = {0};
    lots_sink sink = {.name = "answer"};
    uint64_t ns = 0;
    char *verb = strtok(line, " \n"), *name = strtok(NULL, " \n"), *out = strtok(NULL, " \n");
    lots_status status;
    if (verb == NULL || strcmp(verb, "ask") != 0 || out == NULL) {
        status = lots_fail(&err, LOTS_USAGE, "expected: ask NAME OUT");
    } else {
        forget_peak();
        status = answer(context, name, &sink, &ns, &err);
        if (status == LOTS_OK)
            status = keep(&sink, out, &err);
    }
    if (status == LOTS_OK)
        printf("ok %llu %lu\n", (unsigned long long)ns, peak_kib());
    else
        printf("no %s\n", err.text);
    lots_sink_free(&sink);
}

lots_status serve(serve_answer answer, void *context, lots_error *err)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, stdin) != NULL) {
        answer_line(answer, context, line);
        if (fflush(stdout) != 0)
            return lots_os_fail(err, "write", "standard output");
    }
    return LOTS_OK;
}
