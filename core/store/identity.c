/* identity.c: a segment's patient ids. The idea: ids in byte order share beginnings, so each group of 1024 is front-coded
 * and compressed alone; a directory with each group's first id makes a search touch one group.
 *
 *   0  8  "LOTSIDS\n"             32  4  directory bytes, as stored (zstd)
 *   8  4  format version          36  4  directory bytes decompressed
 *  12  4  ids                     40  8  directory checksum: XXH3, salt (segment, 2^32 - 1, 0)
 *  16  8  segment id              48  8  file length
 *  24  8  directory offset        56  8  XXH3 of bytes 0..55, seed 0
 *  64     groups back to back, then the directory
 *   group       zstd of: each id: varint bytes shared with the one before (0 for the first) | text the rest
 *   directory   each group: varint stored bytes | varint decompressed bytes | u64 XXH3 of the stored bytes, salt
 *               (segment, 2^32 - 2, group) | varint bytes shared with the first id of the group before | text the rest
 *
 * Invariants: ids rise strictly; every group but the last holds 1024. Callers: registry, ingest, query/cli output. */
#include "core/store/identity.h"

#include <zstd.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/base/os.h"

#define MAGIC "LOTSIDS\n"
#define NO_GROUP UINT32_MAX
enum { HEADER_BYTES = 64, GROUP_IDS = 1024, LEVEL = 3 };
static const uint32_t raw_max = UINT32_C(1) << 28; /* bytes of a group or directory decompressed */
static const uint32_t directory_column = UINT32_MAX, group_column = UINT32_MAX - 1;

typedef struct identity_header {
    uint64_t segment;
    uint32_t count;
    uint64_t directory_offset;
    uint32_t directory_bytes, directory_raw_bytes;
    uint64_t directory_checksum;
    uint64_t file_bytes;
} identity_header;

/* ---- front coding ---- */

static uint32_t group_count(uint32_t ids) { return ids / GROUP_IDS + (ids % GROUP_IDS != 0); }

static size_t shared_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t shared = 0;
    while (shared < a_bytes && shared < b_bytes && a[shared] == b[shared])
        shared++;
    return shared;
}

static lots_status put_front(lots_bytes *out, const char *before, size_t before_bytes, const char *id, size_t bytes,
                             lots_error *err)
{
    size_t shared = shared_bytes(before, before_bytes, id, bytes);
    LOTS_TRY(lots_bytes_put_varint(out, shared, err));
    return lots_bytes_put_text(out, id + shared, bytes - shared, err);
}

/* Append the next id to `text`; the one before begins at `before` and is the last there. Errors: LOTS_CORRUPT. */
static lots_status read_front(lots_reader *reader, lots_bytes *text, size_t before, bool first, lots_error *err)
{
    uint64_t shared;
    const char *rest;
    size_t bytes, before_bytes = first ? 0 : text->count - before;
    if (!lots_read_varint(reader, &shared) || shared > before_bytes || !lots_read_text(reader, &rest, &bytes))
        return lots_fail(err, LOTS_CORRUPT, "an id does not decode");
    LOTS_TRY(lots_bytes_reserve(text, (size_t)shared + bytes, err));
    if (shared > 0)
        memcpy(text->data + text->count, text->data + before, (size_t)shared);
    text->count += (size_t)shared;
    return bytes > 0 ? lots_bytes_append(text, rest, bytes, err) : LOTS_OK;
}

static int compare_ids(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    size_t shared = a_bytes < b_bytes ? a_bytes : b_bytes;
    int sign = shared > 0 ? memcmp(a, b, shared) : 0;
    return sign != 0 ? sign : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

/* ---- header ---- */

static void put_header(const identity_header *header, uint8_t *out)
{
    memcpy(out, MAGIC, 8);
    lots_put32(out + 8, LOTS_FORMAT_VERSION);
    lots_put32(out + 12, header->count);
    lots_put64(out + 16, header->segment);
    lots_put64(out + 24, header->directory_offset);
    lots_put32(out + 32, header->directory_bytes);
    lots_put32(out + 36, header->directory_raw_bytes);
    lots_put64(out + 40, header->directory_checksum);
    lots_put64(out + 48, header->file_bytes);
    lots_put64(out + 56, lots_hash(out, 56, 0));
}

static lots_status get_header(const uint8_t *bytes, size_t count, identity_header *out, lots_error *err)
{
    if (count < HEADER_BYTES || memcmp(bytes, MAGIC, 8) != 0)
        return lots_fail(err, LOTS_CORRUPT, "this is no identity file");
    if (lots_get64(bytes + 56) != lots_hash(bytes, 56, 0))
        return lots_fail_at(err, LOTS_CORRUPT, 0, HEADER_BYTES, "the header's checksum is wrong");
    const uint32_t version = lots_get32(bytes + 8);
    if (version < LOTS_FORMAT_OLDEST || version > LOTS_FORMAT_VERSION)
        return lots_fail_at(err, LOTS_CORRUPT, 8, 12, "format version %u, this program reads versions %u to %u", version,
                            LOTS_FORMAT_OLDEST, LOTS_FORMAT_VERSION);
    *out = (identity_header){lots_get64(bytes + 16), lots_get32(bytes + 12), lots_get64(bytes + 24),
                             lots_get32(bytes + 32), lots_get32(bytes + 36), lots_get64(bytes + 40),
                             lots_get64(bytes + 48)};
    if (out->file_bytes != count || out->directory_offset < HEADER_BYTES || out->directory_offset > count ||
        out->directory_bytes != count - out->directory_offset)
        return lots_fail(err, LOTS_CORRUPT, "the file is %zu bytes long, its header says %llu", count,
                         (unsigned long long)out->file_bytes);
    return LOTS_OK;
}

/* ---- writing ---- */

typedef struct identity_input {
    uint64_t segment;
    const char *text;
    const uint64_t *offsets;
    uint32_t count;
} identity_input;

static const char *id_at(const identity_input *input, uint32_t index, size_t *bytes)
{
    *bytes = (size_t)(input->offsets[index + 1] - input->offsets[index]);
    return input->text + input->offsets[index];
}

static lots_status check_input(const identity_input *input, lots_error *err)
{
    for (uint32_t i = 1; i < input->count; i++) {
        size_t before_bytes, bytes;
        const uint8_t *before = (const uint8_t *)id_at(input, i - 1, &before_bytes);
        const uint8_t *id = (const uint8_t *)id_at(input, i, &bytes);
        if (compare_ids(before, before_bytes, id, bytes) >= 0)
            return lots_fail(err, LOTS_INTERNAL, "patient id %u does not come after the one before it", i);
    }
    return LOTS_OK;
}

static lots_status append_compressed(lots_bytes *image, const lots_bytes *raw, size_t *stored, lots_error *err)
{
    if (raw->count > raw_max)
        return lots_fail(err, LOTS_LIMIT, "%zu bytes of patient ids in one group, at most %u", raw->count, raw_max);
    LOTS_TRY(lots_bytes_reserve(image, ZSTD_compressBound(raw->count), err));
    *stored = ZSTD_compress(image->data + image->count, image->capacity - image->count, raw->data, raw->count, LEVEL);
    if (ZSTD_isError(*stored))
        return lots_fail(err, LOTS_MEMORY, "ids could not be compressed: %s", ZSTD_getErrorName(*stored));
    image->count += *stored;
    return LOTS_OK;
}

/* Front-code ids first .. end - 1 into `raw`. */
static lots_status code_group(const identity_input *input, uint32_t first, uint32_t end, lots_bytes *raw,
                              lots_error *err)
{
    const char *before = NULL;
    size_t before_bytes = 0;
    raw->count = 0;
    for (uint32_t i = first; i < end; i++) {
        size_t bytes;
        const char *id = id_at(input, i, &bytes);
        LOTS_TRY(put_front(raw, before, before_bytes, id, bytes, err));
        before = id;
        before_bytes = bytes;
    }
    return LOTS_OK;
}

static lots_status append_group(const identity_input *input, uint32_t group, lots_bytes *image, lots_bytes *raw,
                                lots_bytes *directory, lots_error *err)
{
    uint32_t first = group * GROUP_IDS;
    uint32_t end = input->count - first < GROUP_IDS ? input->count : first + GROUP_IDS;
    size_t stored, begin = image->count, bytes, before_bytes = 0;
    LOTS_TRY(code_group(input, first, end, raw, err));
    LOTS_TRY(append_compressed(image, raw, &stored, err));
    LOTS_TRY(lots_bytes_put_varint(directory, stored, err));
    LOTS_TRY(lots_bytes_put_varint(directory, raw->count, err));
    LOTS_TRY(lots_bytes_put64(
        directory, lots_hash(image->data + begin, stored, lots_hash_salt(input->segment, group_column, group)), err));
    const char *before = group > 0 ? id_at(input, first - GROUP_IDS, &before_bytes) : NULL;
    const char *id = id_at(input, first, &bytes);
    return put_front(directory, before, before_bytes, id, bytes, err);
}

static lots_status make_image(const identity_input *input, lots_bytes *image, lots_bytes *raw, lots_bytes *directory,
                              lots_error *err)
{
    LOTS_TRY(check_input(input, err));
    LOTS_TRY(lots_bytes_reserve(image, HEADER_BYTES, err));
    image->count = HEADER_BYTES;
    for (uint32_t group = 0; group < group_count(input->count); group++)
        LOTS_TRY(append_group(input, group, image, raw, directory, err));
    size_t offset = image->count, stored;
    LOTS_TRY(append_compressed(image, directory, &stored, err));
    identity_header header = {input->segment, input->count, offset, (uint32_t)stored, (uint32_t)directory->count,
                              lots_hash(image->data + offset, stored,
                                        lots_hash_salt(input->segment, directory_column, 0)),
                              image->count};
    put_header(&header, image->data);
    return LOTS_OK;
}

lots_status lots_identity_write(const char *path, uint64_t segment, const char *text, const uint64_t *offsets,
                                uint32_t count, lots_error *err)
{
    identity_input input = {segment, text, offsets, count};
    lots_bytes image = {0}, raw = {0}, directory = {0};
    lots_status status = make_image(&input, &image, &raw, &directory, err);
    if (status == LOTS_OK)
        status = lots_file_put(path, image.data, image.count, err);
    lots_bytes_free(&image);
    lots_bytes_free(&raw);
    lots_bytes_free(&directory);
    return status;
}

/* ---- reading ---- */

typedef struct identity_group {
    uint64_t offset;   /* in the file */
    uint32_t stored_bytes, raw_bytes;
    uint64_t checksum;
    size_t first;      /* first id in `firsts` */
    size_t first_bytes;
} identity_group;

struct lots_identity {
    char *path;
    const uint8_t *data;
    size_t bytes;
    identity_header header;
    identity_group *groups;
    uint32_t groups_count;
    lots_bytes firsts;
    uint32_t loaded;           /* the group below, NO_GROUP: none */
    lots_bytes raw;            /* decompressed, still front-coded */
    lots_bytes text;           /* decoded ids */
    size_t offsets[GROUP_IDS + 1];
};

static lots_status decompress(const uint8_t *stored, size_t stored_bytes, uint32_t raw_bytes, lots_bytes *out,
                              lots_error *err)
{
    if (raw_bytes > raw_max || ZSTD_getFrameContentSize(stored, stored_bytes) != raw_bytes)
        return lots_fail(err, LOTS_CORRUPT, "compressed ids are not the size that was written down");
    out->count = 0;
    LOTS_TRY(lots_bytes_reserve(out, (size_t)raw_bytes + 1, err));
    size_t got = ZSTD_decompress(out->data, raw_bytes, stored, stored_bytes);
    if (ZSTD_isError(got) || got != raw_bytes)
        return lots_fail(err, LOTS_CORRUPT, "compressed ids do not decompress");
    out->count = got;
    return LOTS_OK;
}

static lots_status read_group_entry(lots_identity *identity, uint32_t index, lots_reader *reader, uint64_t *offset,
                                    lots_error *err)
{
    identity_group *group = &identity->groups[index];
    size_t before = index > 0 ? identity->groups[index - 1].first : 0;
    uint64_t stored, raw;
    if (!lots_read_varint(reader, &stored) || !lots_read_varint(reader, &raw) || raw > raw_max ||
        stored > identity->header.directory_offset - *offset || !lots_read64(reader, &group->checksum))
        return lots_fail(err, LOTS_CORRUPT, "the directory is damaged at group %u", index);
    group->offset = *offset;
    group->stored_bytes = (uint32_t)stored;
    group->raw_bytes = (uint32_t)raw;
    group->first = identity->firsts.count;
    LOTS_TRY(read_front(reader, &identity->firsts, before, index == 0, err));
    group->first_bytes = identity->firsts.count - group->first;
    if (identity->firsts.count > raw_max)
        return lots_fail(err, LOTS_CORRUPT, "first ids of more than %u bytes", raw_max);
    *offset += stored;
    return LOTS_OK;
}

static lots_status read_groups(lots_identity *identity, lots_error *err)
{
    uint64_t offset = HEADER_BYTES;
    void *room;
    enum { ENTRY_MIN = 12 };
    identity->groups_count = group_count(identity->header.count);
    if (identity->groups_count > identity->raw.count / ENTRY_MIN)
        return lots_fail(err, LOTS_CORRUPT, "a directory of %zu bytes for %u groups", identity->raw.count,
                         identity->groups_count);
    LOTS_TRY(lots_alloc(&room, identity->groups_count, sizeof *identity->groups, err));
    identity->groups = room;
    lots_reader reader = lots_reader_over(identity->raw.data, identity->raw.count);
    for (uint32_t i = 0; i < identity->groups_count; i++)
        LOTS_TRY(read_group_entry(identity, i, &reader, &offset, err));
    if (reader.at != reader.end || offset != identity->header.directory_offset)
        return lots_fail(err, LOTS_CORRUPT, "the directory does not account for all bytes");
    return LOTS_OK;
}

static lots_status open_identity(lots_identity *identity, uint64_t expected_segment, lots_error *err)
{
    LOTS_TRY(get_header(identity->data, identity->bytes, &identity->header, err));
    const identity_header *header = &identity->header;
    if (header->segment != expected_segment)
        return lots_fail(err, LOTS_CORRUPT, "this is the identity file of segment %llu, not %llu",
                         (unsigned long long)header->segment, (unsigned long long)expected_segment);
    const uint8_t *stored = identity->data + header->directory_offset;
    if (lots_hash(stored, header->directory_bytes, lots_hash_salt(header->segment, directory_column, 0)) !=
        header->directory_checksum)
        return lots_fail(err, LOTS_CORRUPT, "the directory's checksum is wrong");
    LOTS_TRY(decompress(stored, header->directory_bytes, header->directory_raw_bytes, &identity->raw, err));
    return read_groups(identity, err);
}

static lots_status map_file(lots_identity *identity, const char *path, lots_error *err)
{
    lots_file file = LOTS_FILE_CLOSED;
    LOTS_TRY(lots_text_copy(&identity->path, path, strlen(path), err));
    LOTS_TRY(lots_file_open(&file, path, err));
    lots_status status = lots_file_map(&file, &identity->data, &identity->bytes, err);
    lots_file_close(&file);
    return status;
}

lots_status lots_identity_open(lots_identity **out, const char *path, uint64_t expected_segment, lots_error *err)
{
    void *room;
    *out = NULL;
    LOTS_TRY(lots_alloc(&room, 1, sizeof(lots_identity), err));
    lots_identity *identity = room;
    identity->loaded = NO_GROUP;
    lots_status status = map_file(identity, path, err);
    if (status == LOTS_OK) {
        status = open_identity(identity, expected_segment, err);
        if (status == LOTS_CORRUPT)
            lots_error_context(err, "%s", path);
    }
    if (status == LOTS_OK)
        *out = identity;
    else
        lots_identity_close(identity);
    return status;
}

void lots_identity_close(lots_identity *identity)
{
    if (identity == NULL)
        return;
    if (identity->data != NULL)
        lots_file_unmap(identity->data, identity->bytes);
    lots_bytes_free(&identity->firsts);
    lots_bytes_free(&identity->raw);
    lots_bytes_free(&identity->text);
    lots_free(identity->groups);
    lots_free(identity->path);
    lots_free(identity);
}

uint32_t lots_identity_count(const lots_identity *identity) { return identity->header.count; }

static uint32_t group_size(const lots_identity *identity, uint32_t group)
{
    uint32_t left = identity->header.count - group * GROUP_IDS;
    return left < GROUP_IDS ? left : GROUP_IDS;
}

static const uint8_t *loaded_id(const lots_identity *identity, uint32_t index, size_t *bytes)
{
    *bytes = identity->offsets[index + 1] - identity->offsets[index];
    return identity->text.data + identity->offsets[index];
}

/* Decode the group's ids, and see that they rise from the first that the directory names. */
static lots_status decode_group(lots_identity *identity, uint32_t index, lots_error *err)
{
    const identity_group *group = &identity->groups[index];
    lots_reader reader = lots_reader_over(identity->raw.data, identity->raw.count);
    size_t bytes, before_bytes = 0;
    const uint8_t *before = NULL;
    identity->text.count = 0;
    identity->offsets[0] = 0;
    LOTS_TRY(lots_bytes_reserve(&identity->text, 1, err));
    for (uint32_t i = 0; i < group_size(identity, index); i++) {
        LOTS_TRY(read_front(&reader, &identity->text, i > 0 ? identity->offsets[i - 1] : 0, i == 0, err));
        identity->offsets[i + 1] = identity->text.count;
        if (identity->text.count > raw_max)
            return lots_fail(err, LOTS_CORRUPT, "ids of more than %u bytes", raw_max);
        before = i > 0 ? loaded_id(identity, i - 1, &before_bytes) : NULL;
        const uint8_t *id = loaded_id(identity, i, &bytes);
        if (i > 0 && compare_ids(before, before_bytes, id, bytes) >= 0)
            return lots_fail(err, LOTS_CORRUPT, "ids are not in order");
    }
    const uint8_t *first = loaded_id(identity, 0, &bytes);
    if (reader.at != reader.end || compare_ids(first, bytes, identity->firsts.data + group->first, group->first_bytes) != 0)
        return lots_fail(err, LOTS_CORRUPT, "a group does not begin where the directory says");
    return LOTS_OK;
}

static lots_status load_group(lots_identity *identity, uint32_t index, lots_error *err)
{
    const identity_group *group = &identity->groups[index];
    const uint8_t *stored = identity->data + group->offset;
    if (identity->loaded == index)
        return LOTS_OK;
    identity->loaded = NO_GROUP;
    uint64_t salt = lots_hash_salt(identity->header.segment, group_column, index);
    lots_status status = LOTS_OK;
    if (lots_hash(stored, group->stored_bytes, salt) != group->checksum)
        status = lots_fail(err, LOTS_CORRUPT, "the checksum is wrong");
    if (status == LOTS_OK)
        status = decompress(stored, group->stored_bytes, group->raw_bytes, &identity->raw, err);
    if (status == LOTS_OK)
        status = decode_group(identity, index, err);
    if (status == LOTS_OK)
        identity->loaded = index;
    else
        lots_error_context(err, "%s: group %u", identity->path, index);
    return status;
}

lots_status lots_identity_get(lots_identity *identity, uint32_t index, lots_bytes *out, lots_error *err)
{
    if (index >= identity->header.count)
        return lots_fail(err, LOTS_CORRUPT, "%s: patient %u of a file of %u ids", identity->path, index,
                         identity->header.count);
    LOTS_TRY(load_group(identity, index / GROUP_IDS, err));
    size_t bytes;
    const uint8_t *id = loaded_id(identity, index % GROUP_IDS, &bytes);
    out->count = 0;
    return lots_bytes_append(out, id, bytes, err);
}

/* The last group whose first id is not after `id`; NO_GROUP when all are. */
static uint32_t find_group(const lots_identity *identity, const uint8_t *id, size_t bytes)
{
    uint32_t low = 0, high = identity->groups_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const identity_group *group = &identity->groups[middle];
        if (compare_ids(identity->firsts.data + group->first, group->first_bytes, id, bytes) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NO_GROUP : low - 1;
}

lots_status lots_identity_find(lots_identity *identity, const char *id, size_t bytes, uint32_t *out, lots_error *err)
{
    const uint8_t *wanted = (const uint8_t *)id;
    uint32_t group = find_group(identity, wanted, bytes);
    *out = UINT32_MAX;
    if (group == NO_GROUP)
        return LOTS_OK;
    LOTS_TRY(load_group(identity, group, err));
    uint32_t low = 0, high = group_size(identity, group);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        size_t found_bytes;
        const uint8_t *found = loaded_id(identity, middle, &found_bytes);
        int sign = compare_ids(found, found_bytes, wanted, bytes);
        if (sign == 0) {
            *out = group * GROUP_IDS + middle;
            return LOTS_OK;
        }
        if (sign < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return LOTS_OK;
}

/* Every group, and that each begins after the one before ends. */
lots_status lots_identity_check(lots_identity *identity, lots_error *err)
{
    lots_bytes last = {0};
    lots_status status = LOTS_OK;
    identity->loaded = NO_GROUP;
    for (uint32_t i = 0; status == LOTS_OK && i < identity->groups_count; i++) {
        size_t bytes;
        status = load_group(identity, i, err);
        if (status != LOTS_OK)
            break;
        const uint8_t *id = loaded_id(identity, 0, &bytes);
        if (i > 0 && compare_ids(last.data, last.count, id, bytes) >= 0)
            status = lots_fail(err, LOTS_CORRUPT, "%s: group %u does not come after the one before", identity->path, i);
        id = loaded_id(identity, group_size(identity, i) - 1, &bytes);
        last.count = 0;
        if (status == LOTS_OK)
            status = lots_bytes_append(&last, id, bytes, err);
    }
    lots_bytes_free(&last);
    return status;
}
