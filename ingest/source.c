/* source.c: unpacked bytes become checked text, with their line counted for errors.
 * UTF-8 is read straight into the caller's memory and checked there; other encodings pass through `raw`, as do the
 * first bytes of any file, which open looks at.
 * Invariants: (1) raw[at..end) are unpacked bytes not yet given; (2) `offset` and `lines` are those of the next byte;
 * (3) once `failed` isn't LOTS_OK every read gives `failure` again. */
#include "ingest/source.h"

#include <inttypes.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* the size of its state */
#include <xxhash.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "ingest/charset.h"
#include "ingest/unpack.h"

#define RAW_BYTES ((size_t)64 << 10)
#define HEAD_BYTES ((size_t)16) /* as many as the longest mark of a refused kind */
#define PIECE_BYTES ((size_t)4 << 10) /* in which a byte beyond ASCII sends the piece to the slow check */

struct lots_source {
    char *name;
    lots_file file;
    uint64_t size;
    lots_charset encoding;
    lots_unpack *unpack;
    uint8_t *raw;
    size_t at;
    size_t end;
    uint64_t offset; /* in the unpacked text, of the next byte to be checked */
    uint64_t lines;  /* line ends before it */
    bool after_cr;
    lots_utf8 utf8;
    lots_text_classify classify;
    lots_error failure;
    void *hash_room;
    XXH3_state_t *hash; /* of the file's bytes so far, in hash_room; NULL: not a file */
    uint64_t hashed;    /* how many these are */
};

/* The file's bytes, hashed while they are at hand. */
static lots_status fill_from_file(void *context, void *out, size_t capacity, size_t *got, lots_error *err)
{
    lots_source *source = context;
    LOTS_TRY(lots_file_read(&source->file, out, capacity, got, err));
    if (*got > 0 && XXH3_64bits_update(source->hash, out, *got) != XXH_OK)
        return lots_fail(err, LOTS_INTERNAL, "XXH3 can't go on");
    source->hashed += *got;
    return LOTS_OK;
}

/* XXH3 wants its state at a multiple of 64. */
static lots_status begin_hash(lots_source *source, lots_error *err)
{
    LOTS_TRY(lots_alloc(&source->hash_room, sizeof *source->hash + 64, 1, err));
    source->hash = (XXH3_state_t *)(((uintptr_t)source->hash_room + 63) & ~(uintptr_t)63);
    XXH3_INITSTATE(source->hash);
    return XXH3_64bits_reset(source->hash) == XXH_OK ? LOTS_OK : lots_fail(err, LOTS_INTERNAL, "XXH3 can't be begun");
}

/* ---- what is refused at the door ---- */

static const struct {
    const char *mark;
    size_t bytes;
    const char *kind;
    const char *hint;
} refused[] = {
    {"\xFF\xFE\0\0", 4, "UTF-32", "convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW"},
    {"\0\0\xFE\xFF", 4, "UTF-32", "convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW"},
    {"\xFF\xFE", 2, "UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"},
    {"\xFE\xFF", 2, "UTF-16", "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"},
    {"PK\x03\x04", 4, "a zip archive (an .xlsx workbook is one)", "unzip it, or save the sheet as CSV UTF-8"},
    {"\xD0\xCF\x11\xE0", 4, "an Office document (.xls)", "save the sheet as CSV UTF-8"},
    {"\xFD" "7zXZ", 5, "xz", "unpack it: xz -d FILE"},
    {"BZh91AY&SY", 10, "bzip2", "unpack it: bzip2 -d FILE"},
    {"PAR1\x15", 5, "Parquet", "write it as CSV first"},
    {"SQLite format 3", 15, "an SQLite database", "name it as an SQLite source in the mapping"},
};

static lots_status refuse_kinds(const lots_source *source, lots_error *err)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (source->end < refused[i].bytes || memcmp(source->raw, refused[i].mark, refused[i].bytes) != 0)
            continue;
        lots_fail_at(err, LOTS_IO, 0, refused[i].bytes, "%s: this is %s, not text in %s", source->name,
                     refused[i].kind, lots_charset_name(source->encoding));
        lots_error_hint(err, "%s", refused[i].hint);
        return LOTS_IO;
    }
    return LOTS_OK;
}

/* Look at the first bytes: refuse what isn't text, drop a UTF-8 byte order mark. A file with the mark is UTF-8
 * whatever was declared: no text in another encoding begins with those three letters. */
static lots_status read_head(lots_source *source, lots_error *err)
{
    size_t got = 1;
    while (source->end < HEAD_BYTES && got > 0) {
        LOTS_TRY(lots_unpack_read(source->unpack, source->raw + source->end, RAW_BYTES - source->end, &got, err));
        source->end += got;
    }
    LOTS_TRY(refuse_kinds(source, err));
    if (source->end >= 3 && memcmp(source->raw, "\xEF\xBB\xBF", 3) == 0) {
        source->at = 3;
        source->offset = 3;
        source->encoding = LOTS_CHARSET_UTF8;
    }
    return LOTS_OK;
}

/* ---- open and close ---- */

static lots_status create(lots_source **out, const char *name, lots_charset encoding, lots_error *err)
{
    *out = NULL;
    void *memory = NULL;
    LOTS_TRY(lots_alloc(&memory, 1, sizeof(lots_source), err));
    lots_source *source = memory;
    source->file = LOTS_FILE_CLOSED;
    source->encoding = encoding;
    source->classify = lots_text_classify_best();
    void *raw = NULL;
    lots_status status = lots_text_copy(&source->name, name, strlen(name), err);
    if (status == LOTS_OK)
        status = lots_alloc(&raw, RAW_BYTES, 1, err);
    source->raw = raw;
    if (status != LOTS_OK) {
        lots_source_close(source);
        return status;
    }
    *out = source;
    return LOTS_OK;
}

static lots_status begin(lots_source *source, lots_source_fill fill, void *context, lots_error *err)
{
    LOTS_TRY(lots_unpack_open(&source->unpack, source->name, fill, context, err));
    return read_head(source, err);
}

static lots_status begin_file(lots_source *source, const char *path, lots_error *err)
{
    LOTS_TRY(lots_file_open(&source->file, path, err));
    if (lots_file_size(&source->file, &source->size, NULL) != LOTS_OK)
        source->size = 0;
    LOTS_TRY(begin_hash(source, err));
    return begin(source, fill_from_file, source, err);
}

/* Give the source out, or close it after a failure. */
static lots_status hand_over(lots_source **out, lots_source *source, lots_status status)
{
    if (status != LOTS_OK) {
        lots_source_close(source);
        source = NULL;
    }
    *out = source;
    return status;
}

lots_status lots_source_open(lots_source **out, const char *path, lots_charset encoding, lots_error *err)
{
    lots_source *source = NULL;
    *out = NULL;
    LOTS_TRY(create(&source, strcmp(path, "-") == 0 ? "standard input" : path, encoding, err));
    return hand_over(out, source, begin_file(source, path, err));
}

lots_status lots_source_open_fill(lots_source **out, const char *name, lots_source_fill fill, void *context,
                                  lots_charset encoding, lots_error *err)
{
    lots_source *source = NULL;
    *out = NULL;
    LOTS_TRY(create(&source, name, encoding, err));
    return hand_over(out, source, begin(source, fill, context, err));
}

void lots_source_close(lots_source *source)
{
    if (source == NULL)
        return;
    lots_unpack_close(source->unpack);
    lots_file_close(&source->file);
    lots_free(source->name);
    lots_free(source->raw);
    lots_free(source->hash_room);
    lots_free(source);
}

/* ---- bytes that can't be text ---- */

static void hint_encoding(lots_error *err, lots_charset encoding)
{
    if (encoding == LOTS_CHARSET_UTF8)
        lots_error_hint(err, "declare its encoding (latin-1 or windows-1252), or convert it: "
                             "iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW");
    else
        lots_error_hint(err, "is the declared encoding right? it may be utf-8 or latin-1");
}

/* Fail for the byte at `offset`, on the line after `lines` line ends. */
static lots_status fail_byte(const lots_source *source, uint8_t byte, uint64_t offset, uint64_t lines, lots_error *err)
{
    if (byte == 0) {
        lots_fail_at(err, LOTS_IO, offset, offset + 1, "%s: line %" PRIu64 ", byte %" PRIu64
                     ": a byte of value 0, which no text has: UTF-16 without its mark, or no text at all",
                     source->name, lines + 1, offset);
        lots_error_hint(err, "if it is UTF-16, convert it: iconv -f UTF-16LE -t UTF-8 FILE > NEW");
        return LOTS_IO;
    }
    lots_fail_at(err, LOTS_IO, offset, offset + 1, "%s: line %" PRIu64 ", byte %" PRIu64 ": 0x%02X is not %s here",
                 source->name, lines + 1, offset, byte, lots_charset_name(source->encoding));
    hint_encoding(err, source->encoding);
    return LOTS_IO;
}

static lots_status fail_cut_character(const lots_source *source, lots_error *err)
{
    uint64_t offset = source->offset - source->utf8.seen;
    lots_fail_at(err, LOTS_IO, offset, source->offset,
                 "%s: line %" PRIu64 ", byte %" PRIu64 ": the text ends inside a character", source->name,
                 source->lines + 1, offset);
    hint_encoding(err, source->encoding);
    return LOTS_IO;
}

/* ---- reading ---- */

/* The fault at data[index] of a piece that began `after_cr`: the character spoilt is named by its first byte. */
static lots_status fail_in_piece(lots_source *source, const uint8_t *data, size_t index, bool after_cr,
                                 uint8_t spoilt, size_t back, lots_error *err)
{
    uint64_t lines = source->lines;
    if (index > 0)
        lines += lots_text_classify_scalar(data, index, &after_cr).lines;
    return fail_byte(source, spoilt, source->offset + index - back, lines, err);
}

static lots_status check_piece(lots_source *source, const uint8_t *data, size_t count, lots_error *err)
{
    bool after_cr = source->after_cr;
    lots_text_class class = source->classify(data, count, &source->after_cr);
    size_t good = count;
    if (class.nul)
        good = (size_t)((const uint8_t *)memchr(data, 0, count) - data);
    size_t right = good;
    if (class.high || source->utf8.wanted > 0)
        right = lots_utf8_check(&source->utf8, data, good);
    if (right < good) {
        size_t back = source->utf8.seen;
        uint8_t spoilt = back > 0 ? source->utf8.lead : data[right];
        return fail_in_piece(source, data, right, after_cr, spoilt, back, err);
    }
    if (good < count)
        return fail_in_piece(source, data, good, after_cr, 0, 0, err);
    source->lines += class.lines;
    source->offset += count;
    return LOTS_OK;
}

static lots_status read_utf8(lots_source *source, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    if (source->at < source->end) {
        *got = source->end - source->at < capacity ? source->end - source->at : capacity;
        memcpy(out, source->raw + source->at, *got);
        source->at += *got;
    } else {
        LOTS_TRY(lots_unpack_read(source->unpack, out, capacity, got, err));
    }
    if (*got == 0 && source->utf8.wanted > 0)
        return fail_cut_character(source, err);
    for (size_t at = 0; at < *got; at += PIECE_BYTES) {
        size_t count = *got - at < PIECE_BYTES ? *got - at : PIECE_BYTES;
        LOTS_TRY(check_piece(source, out + at, count, err));
    }
    return LOTS_OK;
}

static lots_status read_single_byte(lots_source *source, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    if (source->at == source->end) {
        source->at = 0;
        LOTS_TRY(lots_unpack_read(source->unpack, source->raw, RAW_BYTES, &source->end, err));
        if (source->end == 0)
            return LOTS_OK;
    }
    bool bad = false;
    const uint8_t *in = source->raw + source->at;
    size_t used = lots_single_byte_decode(source->encoding, in, source->end - source->at, out, capacity, got, &bad);
    const uint8_t *nul = memchr(in, 0, used);
    if (nul != NULL || bad) {
        size_t index = nul != NULL ? (size_t)(nul - in) : used;
        return fail_in_piece(source, in, index, source->after_cr, in[index], 0, err);
    }
    source->lines += source->classify(out, *got, &source->after_cr).lines;
    source->offset += used;
    source->at += used;
    return LOTS_OK;
}

lots_status lots_source_read(lots_source *source, uint8_t *out, size_t capacity, size_t *got, lots_error *err)
{
    *got = 0;
    if (source->failure.status == LOTS_OK) {
        lots_status status = source->encoding == LOTS_CHARSET_UTF8
                                 ? read_utf8(source, out, capacity, got, &source->failure)
                                 : read_single_byte(source, out, capacity, got, &source->failure);
        if (status == LOTS_OK)
            return LOTS_OK;
    }
    *got = 0;
    if (err != NULL)
        *err = source->failure;
    return source->failure.status;
}

const char *lots_source_name(const lots_source *source) { return source->name; }

uint64_t lots_source_bytes_read(const lots_source *source) { return lots_unpack_bytes_read(source->unpack); }

bool lots_source_hash(const lots_source *source, uint64_t *hash)
{
    if (source->hash == NULL || source->hashed == 0 || source->hashed != source->size)
        return false;
    *hash = XXH3_64bits_digest(source->hash);
    return true;
}
