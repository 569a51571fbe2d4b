/* mapping_ini.c: see mapping_ini.h. The idea: libinih asks a function of ours for each line, so we know which line its
 * handler is called for, see headings of sections that have no keys, and refuse lines longer than its buffer of 200
 * bytes before it would cut them. Continuation lines (indented) come as calls with the same key; the line's first byte
 * tells them from a key written twice. */
#include "ingest/mapping_ini.h"

#include <ini.h>
#include <string.h>

enum { LINE_MAX_BYTES = 190, WORD_MAX_BYTES = 48 }; /* libinih keeps 200 bytes of a line, 50 of a section or key */

typedef struct ini_job {
    const char *at, *end;
    const char *name;
    uint32_t line;
    bool indented;
    lots_vec *out;
    lots_arena *arena;
    lots_status status;
    lots_error *err;
} ini_job;

static lots_status add_entry(ini_job *job, const char *section, const char *key, const char *value)
{
    lots_ini_entry entry = {.line = job->line};
    LOTS_TRY(lots_arena_text(job->arena, &entry.section, section, strlen(section), job->err));
    if (key != NULL) {
        LOTS_TRY(lots_arena_text(job->arena, &entry.key, key, strlen(key), job->err));
        LOTS_TRY(lots_arena_text(job->arena, &entry.value, value, strlen(value), job->err));
    }
    return lots_vec_push(job->out, &entry, job->err);
}

static lots_status fail_line(ini_job *job, const char *what)
{
    return lots_fail(job->err, LOTS_USAGE, "%s:%u: %s", job->name, job->line, what);
}

/* A heading, so that an empty section is seen too. */
static lots_status see_heading(ini_job *job, const char *line, size_t bytes)
{
    const char *close = memchr(line, ']', bytes);
    char section[WORD_MAX_BYTES + 1];
    if (close == NULL)
        return fail_line(job, "a section's heading lacks its ]");
    size_t length = (size_t)(close - line) - 1;
    if (length > WORD_MAX_BYTES)
        return fail_line(job, "a section's heading has more than 48 bytes");
    memcpy(section, line + 1, length);
    section[length] = '\0';
    return add_entry(job, section, NULL, NULL);
}

static lots_status see_line(ini_job *job, const char *line, size_t bytes)
{
    job->line++;
    job->indented = bytes > 0 && (line[0] == ' ' || line[0] == '\t');
    if (bytes > LINE_MAX_BYTES)
        return fail_line(job, "the line has more than 190 bytes; go on in a next line that begins with a blank");
    if (memchr(line, '\0', bytes) != NULL)
        return fail_line(job, "a NUL byte");
    return bytes > 0 && line[0] == '[' ? see_heading(job, line, bytes) : LOTS_OK;
}

/* libinih's reader: one line, with its end, as fgets gives it. */
static char *read_line(char *out, int capacity, void *context)
{
    ini_job *job = context;
    if (job->at == job->end || job->status != LOTS_OK)
        return NULL;
    const char *end = memchr(job->at, '\n', (size_t)(job->end - job->at));
    size_t bytes = (size_t)((end != NULL ? end : job->end) - job->at);
    job->status = see_line(job, job->at, bytes);
    if (job->status != LOTS_OK || (size_t)capacity < bytes + 2)
        return NULL;
    memcpy(out, job->at, bytes);
    memcpy(out + bytes, "\n", 2);
    job->at += bytes + (end != NULL);
    return out;
}

/* A value's next line: joined by a blank to the one before. */
static lots_status continue_value(ini_job *job, const char *value)
{
    lots_ini_entry *last = &LOTS_AT(lots_ini_entry, job->out, job->out->count - 1);
    return lots_arena_printf(job->arena, &last->value, job->err, "%s %s", last->value, value);
}

static lots_status take_value(ini_job *job, const char *section, const char *key, const char *value)
{
    if (job->indented && job->out->count > 0 && LOTS_AT(lots_ini_entry, job->out, job->out->count - 1).key != NULL)
        return continue_value(job, value);
    if (strlen(key) > WORD_MAX_BYTES)
        return fail_line(job, "a key has more than 48 bytes");
    return add_entry(job, section, key, value);
}

static int handle(void *context, const char *section, const char *key, const char *value)
{
    ini_job *job = context;
    if (job->status == LOTS_OK)
        job->status = take_value(job, section, key, value);
    return job->status == LOTS_OK;
}

lots_status lots_ini_read(lots_vec *out, lots_arena *arena, const char *text, size_t bytes, const char *name,
                          lots_error *err)
{
    ini_job job = {.at = text, .end = text + bytes, .name = name, .out = out, .arena = arena, .err = err};
    int line = ini_parse_stream(read_line, &job, handle, &job);
    if (job.status != LOTS_OK)
        return job.status;
    if (line > 0)
        return lots_fail(err, LOTS_USAGE, "%s:%d: this is neither [section], key = value nor a comment", name, line);
    return line == 0 ? LOTS_OK : lots_fail(err, LOTS_MEMORY, "%s: out of memory", name);
}
