/* report.c: see report.h. */
#include "ingest/report.h"

#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/os.h"

enum { VALUE_BYTES_MAX = 120, WRITE_BYTES = 1 << 16 };

void lots_rejects_init(lots_rejects *rejects) { rejects->items = LOTS_VEC(lots_reject); }

static void cut(lots_rejects *rejects, size_t count)
{
    while (rejects->items.count > count)
        lots_free(LOTS_AT(lots_reject, &rejects->items, --rejects->items.count).value);
}

void lots_rejects_free(lots_rejects *rejects)
{
    cut(rejects, 0);
    lots_vec_free(&rejects->items);
}

static int compare_rejects(const void *a, const void *b)
{
    const lots_reject *at = a, *to = b;
    if (at->file != to->file)
        return at->file < to->file ? -1 : 1;
    if (at->line != to->line)
        return at->line < to->line ? -1 : 1;
    int sign = strcmp(at->column, to->column);
    return sign != 0 ? sign : strcmp(at->reason, to->reason);
}

void lots_rejects_settle(lots_rejects *rejects)
{
    if (rejects->items.count > 1)
        qsort(rejects->items.data, rejects->items.count, sizeof(lots_reject), compare_rejects);
    cut(rejects, LOTS_LOAD_REJECTS_MAX);
}

/* Cut long values before a character, not within one. */
static size_t shown_bytes(const char *value, size_t bytes)
{
    if (bytes <= VALUE_BYTES_MAX)
        return bytes;
    bytes = VALUE_BYTES_MAX;
    while (bytes > 0 && ((unsigned char)value[bytes] & 0xC0) == 0x80)
        bytes--;
    return bytes;
}

lots_status lots_rejects_add(lots_rejects *rejects, uint32_t file, uint64_t line, const char *column,
                             const char *value, size_t value_bytes, const char *reason, lots_error *err)
{
    lots_reject reject = {.line = line, .file = file, .column = column, .reason = reason};
    if (rejects->items.count >= (size_t)LOTS_LOAD_REJECTS_MAX * 2)
        lots_rejects_settle(rejects);
    LOTS_TRY(lots_text_copy(&reject.value, value_bytes == 0 ? "" : value, shown_bytes(value, value_bytes), err));
    lots_status status = lots_vec_push(&rejects->items, &reject, err);
    if (status != LOTS_OK)
        lots_free(reject.value);
    return status;
}

lots_status lots_rejects_merge(lots_rejects *to, lots_rejects *from, lots_error *err)
{
    LOTS_TRY(lots_vec_reserve(&to->items, from->items.count, err));
    for (size_t i = 0; i < from->items.count; i++)
        LOTS_TRY(lots_vec_push(&to->items, &LOTS_AT(lots_reject, &from->items, i), err));
    from->items.count = 0;
    return LOTS_OK;
}

/* ---- CSV ---- */

/* Always quoted, so that nothing needs a rule. */
static lots_status put_quoted(lots_bytes *out, const char *text, char after, lots_error *err)
{
    LOTS_TRY(lots_bytes_put8(out, '"', err));
    for (; *text != '\0'; text++) {
        if (*text == '"')
            LOTS_TRY(lots_bytes_put8(out, '"', err));
        LOTS_TRY(lots_bytes_put8(out, (uint8_t)*text, err));
    }
    LOTS_TRY(lots_bytes_put8(out, '"', err));
    return lots_bytes_put8(out, (uint8_t)after, err);
}

static lots_status put_reject(lots_bytes *out, const lots_reject *reject, const char *name, lots_error *err)
{
    LOTS_TRY(put_quoted(out, name, ',', err));
    LOTS_TRY(lots_bytes_printf(out, err, "%ju,", (uintmax_t)reject->line));
    LOTS_TRY(put_quoted(out, reject->column, ',', err));
    LOTS_TRY(put_quoted(out, reject->value, ',', err));
    return put_quoted(out, reject->reason, '\n', err);
}

static lots_status write_all(const lots_rejects *rejects, const char *const *names, lots_file *file, lots_bytes *out,
                             lots_error *err)
{
    static const char heading[] = "file,line,column,value,reason\n";
    LOTS_TRY(lots_bytes_append(out, heading, sizeof heading - 1, err));
    for (size_t i = 0; i < rejects->items.count; i++) {
        const lots_reject *reject = &LOTS_AT(lots_reject, &rejects->items, i);
        LOTS_TRY(put_reject(out, reject, names[reject->file], err));
        if (out->count >= WRITE_BYTES) {
            LOTS_TRY(lots_file_write(file, out->data, out->count, err));
            out->count = 0;
        }
    }
    return lots_file_write(file, out->data, out->count, err);
}

lots_status lots_rejects_write(const lots_rejects *rejects, const char *const *names, const char *path,
                               lots_error *err)
{
    lots_file file;
    lots_bytes out = {0};
    LOTS_TRY(lots_path_remove(path, err));
    LOTS_TRY(lots_file_create(&file, path, err));
    lots_status status = write_all(rejects, names, &file, &out, err);
    lots_file_close(&file);
    lots_bytes_free(&out);
    return status;
}
