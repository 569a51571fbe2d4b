/* segment_sealed.h: a segment file with one stream of a test's own, and a file's directory taken out, changed and put back
 * under checksums that fit. Test programs only. */
#ifndef LOTS_SEGMENT_SEALED_H
#define LOTS_SEGMENT_SEALED_H

#include <zstd.h>

#include "core/base/hash.h"
#include "core/store/segment_layout.h"
#include "tests/core/store/segment_fixture.h"

/* The patients, and the stream of number STREAMS: those of the fixture between them have no rows. */
typedef struct own_stream {
    fixture f;
    lots_batch patients, rows;
    const lots_batch *list[STREAMS + 1];
    uint32_t count; /* of patients */
    char path[600];
    lots_segment_result result;
} own_stream;

static inline void own_stream_write(own_stream *o)
{
    lots_error err;
    lots_segment_input input = {.id = SEGMENT_ID, .schema = &o->f.schema, .patients = o->count,
                                .first_patient = FIRST_PATIENT, .streams = o->list, .codes = o->f.codes,
                                .domains = o->f.domain_list, .domain_names = o->f.domain_names, .domain_count = DOMAINS};
    assert_ok(lots_path_remove(o->path, &err));
    assert_ok(lots_segment_write(o->path, &input, &o->result, &err));
}

/* `declare` adds the stream to the schema, `fill` the rows of a patient, `most` at most. */
static inline void own_stream_open(own_stream *o, uint64_t seed, uint32_t patients, uint32_t most, void (*declare)(fixture *),
                                   void (*fill)(own_stream *, uint32_t patient, uint32_t most))
{
    memset(o, 0, sizeof *o);
    path_in(o->path, "1.seg");
    fixture_open(&o->f, seed);
    declare(&o->f);
    open_batch(&o->f, PATIENTS, &o->patients);
    open_batch(&o->f, STREAMS, &o->rows);
    for (uint32_t p = 0; p < patients; p++) {
        add_random_row(&o->f, &o->patients, FIRST_PATIENT + p, 10);
        fill(o, p, most);
    }
    o->list[PATIENTS] = &o->patients;
    o->list[STREAMS] = &o->rows;
    o->count = patients;
    own_stream_write(o);
}

static inline void own_stream_close(own_stream *o)
{
    lots_batch_close(&o->patients);
    lots_batch_close(&o->rows);
    fixture_close(&o->f);
    remove_folder(o->path);
}

/* A file as it was written. */
typedef struct sealed {
    char *bytes;
    size_t count;
    lots_segment_header header;
    uint8_t *directory; /* decompressed */
} sealed;

static inline void sealed_read(const char *path, sealed *out)
{
    lots_error err;
    assert_ok(lots_file_slurp(path, 1u << 24, &out->bytes, &out->count, &err));
    assert_ok(lots_segment_header_get((uint8_t *)out->bytes, out->count, &out->header, &err));
    out->directory = malloc(out->header.directory_raw_bytes);
    assert_int_equal(ZSTD_decompress(out->directory, out->header.directory_raw_bytes, out->bytes + out->header.directory_offset,
                                     out->header.directory_bytes),
                     out->header.directory_raw_bytes);
}

static inline void sealed_free(sealed *file)
{
    free(file->directory);
    lots_free(file->bytes);
}

static inline void sealed_layout(const sealed *file, lots_layout *out)
{
    lots_error err;
    assert_ok(lots_layout_decode(file->directory, file->header.directory_raw_bytes, file->header.patients,
                                 file->header.directory_offset, out, &err));
}

/* Is a directory of this layout believed in the place of the file's? LOTS_OK or LOTS_CORRUPT. */
static inline lots_status sealed_judge(const sealed *file, const lots_layout *layout)
{
    lots_error err;
    lots_layout again;
    lots_bytes changed = {0};
    assert_ok(lots_layout_encode(layout, false, &changed, &err));
    const lots_status status = lots_layout_decode(changed.data, changed.count, file->header.patients,
                                                  file->header.directory_offset, &again, &err);
    if (status == LOTS_OK)
        lots_layout_free(&again);
    lots_bytes_free(&changed);
    return status;
}

/* Write the file with `blocks` (as many bytes as are before its directory) and a directory of this layout. */
static inline void sealed_write(const sealed *file, const char *path, const void *blocks, const lots_layout *layout)
{
    lots_error err;
    lots_bytes raw = {0};
    lots_segment_header header = file->header;
    const size_t before = (size_t)header.directory_offset;
    assert_ok(lots_layout_encode(layout, false, &raw, &err));
    char *made = malloc(before + ZSTD_compressBound(raw.count));
    memcpy(made, blocks, before);
    header.directory_bytes = (uint32_t)ZSTD_compress(made + before, ZSTD_compressBound(raw.count), raw.data, raw.count, 1);
    header.directory_raw_bytes = (uint32_t)raw.count;
    header.directory_checksum = lots_hash(made + before, header.directory_bytes, lots_hash_salt(SEGMENT_ID, UINT32_MAX, 0));
    header.file_bytes = before + header.directory_bytes;
    lots_segment_header_put(&header, (uint8_t *)made);
    put_file(path, made, (size_t)header.file_bytes);
    free(made);
    lots_bytes_free(&raw);
}

#endif
