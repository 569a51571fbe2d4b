/* program.c: see program.h. */
#include "query/cli/program.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/os.h"

static _Atomic bool stopped;

static void on_interrupt(int number)
{
    (void)number;
    stopped = true;
}

/* SA_RESETHAND: whoever can't wait for the first Ctrl-C presses it again. A shell that runs us in the background has us
 * ignore Ctrl-C: so it stays. */
static void watch_interrupt(int number)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, before;
    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

/* Segments are read through the memory they are mapped to. What is there was measured when it was opened; where a disk
 * fails after that, or someone cuts the file, the system has no other way to say so. */
static void on_lost_page(int number)
{
    static const char words[] = "lots: error: a file can no longer be read: its disk failed, or it was cut while in use\n";
    ssize_t said = write(STDERR_FILENO, words, sizeof words - 1);
    (void)number, (void)said;
    _exit(lots_status_exit_code(LOTS_IO));
}

/* A closed pipe is an error of write, not a death. */
static void watch_signals(void)
{
    struct sigaction action = {.sa_handler = on_lost_page};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
    watch_interrupt(SIGINT);
    watch_interrupt(SIGTERM);
    action = (struct sigaction){.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
}

static bool colours_wanted(bool terminal)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
    return terminal && (none == NULL || none[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

void lots_program_begin(lots_program *program)
{
    memset(program, 0, sizeof *program);
    watch_signals();
    program->out.file = stdout;
    program->out.name = "standard output";
    program->out_terminal = lots_is_terminal(1);
    program->err_terminal = lots_is_terminal(2);
    program->out_colour = colours_wanted(program->out_terminal);
    program->err_colour = colours_wanted(program->err_terminal);
    program->stop = &stopped;
}

/* "error: text" and the hint. */
static void say_error(const lots_program *program, const lots_error *err)
{
    const char *on = program->err_colour ? "\x1b[1;31m" : "", *off = program->err_colour ? "\x1b[0m" : "";
    fprintf(stderr, "lots: %serror:%s %s\n", on, off, err->text);
    if (err->hint[0] != '\0')
        fprintf(stderr, "  hint: %s\n", err->hint);
}

int lots_program_end(lots_program *program, lots_status status, lots_error *err)
{
    bool closed = program->out.closed;
    if (!closed) {
        lots_error late;
        lots_error_clear(&late);
        lots_status flushed = lots_sink_flush(&program->out, &late);
        closed = program->out.closed;
        if (flushed != LOTS_OK && status == LOTS_OK) {
            status = flushed;
            *err = late;
        }
    }
    lots_sink_free(&program->out);
    if (closed && (status == LOTS_IO || status == LOTS_OK))
        return 0; /* the reader has seen enough: `lots query … | head` */
    if (status != LOTS_OK && err->text[0] != '\0')
        say_error(program, err);
    return lots_status_exit_code(status);
}

void lots_program_say_note(const lots_program *program, const char *text)
{
    (void)program;
    fprintf(stderr, "%s%s\n", strncmp(text, "warning: ", 9) == 0 ? "" : "note: ", text);
}

lots_output_options lots_program_output(const lots_program *program, const lots_schema *schema)
{
    return (lots_output_options){
        .schema = schema, .terminal = program->out_terminal, .colour = program->out_colour};
}

/* ---- progress ---- */

lots_progress lots_progress_begin(const lots_program *program)
{
    return (lots_progress){.wanted = program->err_terminal, .start_ns = lots_clock_ns()};
}

void lots_progress_show(lots_progress *progress, uint64_t done, uint64_t all, const char *unit_text)
{
    const uint64_t second = UINT64_C(1000000000);
    if (!progress->wanted)
        return;
    uint64_t now = lots_clock_ns(), spent = now - progress->start_ns;
    if (spent < second || (progress->last_ns != 0 && now - progress->last_ns < second / 10))
        return;
    progress->last_ns = now;
    double part = all == 0 ? 0 : (double)done / (double)all;
    double left = part > 0 ? (double)spent / 1e9 * (1 - part) / part : 0;
    if (part > 0)
        fprintf(stderr, "\r\x1b[K%3.0f%%  %s  %.0f s left", part * 100, unit_text, left);
    else
        fprintf(stderr, "\r\x1b[K%s", unit_text);
    fflush(stderr);
}

void lots_progress_end(lots_progress *progress)
{
    if (progress->last_ns != 0)
        fprintf(stderr, "\r\x1b[K");
    progress->last_ns = 0;
}

void lots_bytes_text(uint64_t bytes, char out[32])
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double size = (double)bytes;
    int unit = -1;
    while (size >= 999.5 && unit < 3) {
        size /= 1000;
        unit++;
    }
    if (unit < 0)
        snprintf(out, 32, "%llu B", (unsigned long long)bytes);
    else
        snprintf(out, 32, "%.*f %s", size < 9.95 ? 1 : 0, size, units[unit]);
}
