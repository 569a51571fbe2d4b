/* codes_image.c: a dictionary as bytes and back: front-coded keys, packed stable ids, labels, relations, one checksum.
 * The layout is drawn in core/FORMAT.md, section "dictionary"; this file is its only reader and writer.
 *
 * Nothing read is believed before it is checked. The checksum comes first, but also with a right checksum no declared
 * number sizes an allocation beyond a fixed multiple of the bytes present: keys at most 16 times their section (each
 * group of 16 begins with a whole key), labels at most 255 times (what would expand further is stored as it is). */
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "core/base/hash.h"
#include "core/base/memory.h"
#include "core/index/codes_body.h"

#define HEAD_BYTES 80u
#define SUM_BYTES 8u
#define IMAGE_VERSION 1u
#define GROUP_KEYS 16u
#define EXPANSION_MAX 255u
#define ZSTD_LEVEL 6

static const uint8_t magic[8] = {'L', 'O', 'T', 'S', 'D', 'I', 'C', 'T'};

/* The numbers of the head; offsets in write_head. */
typedef struct head {
    uint32_t count;
    uint64_t image_bytes;
    uint64_t key_section_bytes;
    uint64_t key_bytes;
    uint32_t stable_width; /* bits; 0: stable ids are the ranks */
    uint32_t label_count;
    uint64_t label_section_bytes;
    uint64_t label_bytes; /* of the section once unpacked; more than the section: zstd */
    uint32_t above_count; /* entries with anything below */
    uint32_t relation_count;
    uint64_t relation_section_bytes;
} head;

static void write_head(const head *numbers, uint8_t out[HEAD_BYTES])
{
    memcpy(out, magic, sizeof magic);
    lots_put32(out + 8, IMAGE_VERSION);
    lots_put32(out + 12, numbers->count);
    lots_put64(out + 16, numbers->image_bytes);
    lots_put64(out + 24, numbers->key_section_bytes);
    lots_put64(out + 32, numbers->key_bytes);
    lots_put32(out + 40, numbers->stable_width);
    lots_put32(out + 44, numbers->label_count);
    lots_put64(out + 48, numbers->label_section_bytes);
    lots_put64(out + 56, numbers->label_bytes);
    lots_put32(out + 64, numbers->above_count);
    lots_put32(out + 68, numbers->relation_count);
    lots_put64(out + 72, numbers->relation_section_bytes);
}

static void read_head(head *numbers, const uint8_t in[HEAD_BYTES])
{
    numbers->count = lots_get32(in + 12);
    numbers->image_bytes = lots_get64(in + 16);
    numbers->key_section_bytes = lots_get64(in + 24);
    numbers->key_bytes = lots_get64(in + 32);
    numbers->stable_width = lots_get32(in + 40);
    numbers->label_count = lots_get32(in + 44);
    numbers->label_section_bytes = lots_get64(in + 48);
    numbers->label_bytes = lots_get64(in + 56);
    numbers->above_count = lots_get32(in + 64);
    numbers->relation_count = lots_get32(in + 68);
    numbers->relation_section_bytes = lots_get64(in + 72);
}

/* Bits that hold every number below `count`, at least 1. */
static uint32_t id_width(uint32_t count)
{
    uint32_t width = 1;
    while (width < 32 && (uint64_t)count > UINT64_C(1) << width)
        width++;
    return width;
}

static uint64_t packed_bytes(uint32_t count, uint32_t width) { return ((uint64_t)count * width + 7) / 8; }

/* ---- saving ---- */

static size_t shared_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
    size_t shared = 0;
    while (shared < a_bytes && shared < b_bytes && a[shared] == b[shared])
        shared++;
    return shared;
}

static lots_status save_keys(const lots_dictionary *dictionary, lots_bytes *out, lots_error *err)
{
    const char *before = "";
    size_t before_bytes = 0;
    for (lots_id rank = 0; rank < dictionary->count; rank++) {
        size_t bytes = 0;
        const char *key = lots_dictionary_key(dictionary, rank, &bytes);
        size_t shared = 0;
        if (rank % GROUP_KEYS != 0) {
            shared = shared_bytes(before, before_bytes, key, bytes);
            LOTS_TRY(lots_bytes_put_varint(out, shared, err));
        }
        LOTS_TRY(lots_bytes_put_text(out, key + shared, bytes - shared, err));
        before = key;
        before_bytes = bytes;
    }
    return LOTS_OK;
}

static bool stable_is_rank(const lots_dictionary *dictionary)
{
    for (lots_id rank = 0; rank < dictionary->count; rank++)
        if (dictionary->stable_of_rank[rank] != rank)
            return false;
    return true;
}

static lots_status save_stable(const lots_dictionary *dictionary, uint32_t width, lots_bytes *out, lots_error *err)
{
    uint64_t pending = 0; /* bits not yet written, fewer than 8 between entries */
    unsigned pending_bits = 0;
    for (lots_id rank = 0; rank < dictionary->count && width != 0; rank++) {
        pending |= (uint64_t)dictionary->stable_of_rank[rank] << pending_bits;
        for (pending_bits += width; pending_bits >= 8; pending_bits -= 8) {
            LOTS_TRY(lots_bytes_put8(out, (uint8_t)pending, err));
            pending >>= 8;
        }
    }
    return pending_bits != 0 ? lots_bytes_put8(out, (uint8_t)pending, err) : LOTS_OK;
}

/* Gap and length of each label, then all labels. */
static lots_status spell_labels(const lots_dictionary *dictionary, uint32_t *label_count, lots_bytes *out,
                                lots_error *err)
{
    lots_id next = 0; /* the first rank that the next gap can name */
    *label_count = 0;
    for (lots_id rank = 0; rank < dictionary->count && dictionary->label_offsets != NULL; rank++) {
        size_t bytes = 0;
        if (lots_dictionary_label_of(dictionary, rank, &bytes) == NULL)
            continue;
        LOTS_TRY(lots_bytes_put_varint(out, rank - next, err));
        LOTS_TRY(lots_bytes_put_varint(out, bytes, err));
        next = rank + 1;
        ++*label_count;
    }
    if (*label_count == 0)
        return LOTS_OK;
    const uint64_t *offsets = dictionary->label_offsets;
    return lots_bytes_append(out, dictionary->labels + offsets[0], (size_t)(offsets[dictionary->count] - offsets[0]),
                             err);
}

/* Append the labels to `out`, by zstd where that is smaller and unpacks to no more than EXPANSION_MAX times. */
static lots_status pack_labels(const lots_bytes *plain, lots_bytes *out, lots_error *err)
{
    if (plain->count == 0)
        return LOTS_OK;
    size_t room = ZSTD_compressBound(plain->count);
    LOTS_TRY(lots_bytes_reserve(out, room, err));
    size_t packed = ZSTD_compress(out->data + out->count, room, plain->data, plain->count, ZSTD_LEVEL);
    if (ZSTD_isError(packed) && ZSTD_getErrorCode(packed) == ZSTD_error_memory_allocation)
        return lots_fail(err, LOTS_MEMORY, "out of memory packing %zu bytes of labels", plain->count);
    if (ZSTD_isError(packed))
        return lots_fail(err, LOTS_INTERNAL, "zstd could not pack %zu bytes of labels: %s", plain->count,
                         ZSTD_getErrorName(packed));
    if (packed >= plain->count || plain->count / packed >= EXPANSION_MAX)
        return lots_bytes_append(out, plain->data, plain->count, err);
    out->count += packed;
    return LOTS_OK;
}

static lots_status save_labels(const lots_dictionary *dictionary, head *numbers, lots_bytes *out, lots_error *err)
{
    lots_bytes plain = {0};
    size_t before = out->count;
    lots_status status = spell_labels(dictionary, &numbers->label_count, &plain, err);
    if (status == LOTS_OK)
        status = pack_labels(&plain, out, err);
    numbers->label_bytes = plain.count;
    numbers->label_section_bytes = out->count - before;
    lots_bytes_free(&plain);
    return status;
}

static lots_status save_relations(const lots_dictionary *dictionary, head *numbers, lots_bytes *out, lots_error *err)
{
    lots_id next = 0;
    for (lots_id rank = 0; rank < dictionary->count; rank++) {
        uint32_t count = 0;
        const lots_id *below = lots_dictionary_below(dictionary, rank, &count);
        if (count == 0)
            continue;
        LOTS_TRY(lots_bytes_put_varint(out, rank - next, err));
        LOTS_TRY(lots_bytes_put_varint(out, count, err));
        next = rank + 1;
        lots_id next_below = 0;
        for (uint32_t i = 0; i < count; i++) {
            LOTS_TRY(lots_bytes_put_varint(out, below[i] - next_below, err));
            next_below = below[i] + 1;
        }
        numbers->above_count++;
        numbers->relation_count += count;
    }
    return LOTS_OK;
}

/* Append the four sections, noting what the head says of them. */
static lots_status save_sections(const lots_dictionary *dictionary, head *numbers, lots_bytes *out, lots_error *err)
{
    size_t before = out->count;
    LOTS_TRY(save_keys(dictionary, out, err));
    numbers->key_section_bytes = out->count - before;
    numbers->key_bytes = dictionary->key_offsets[dictionary->count];
    numbers->stable_width = stable_is_rank(dictionary) ? 0 : id_width(dictionary->count);
    LOTS_TRY(save_stable(dictionary, numbers->stable_width, out, err));
    LOTS_TRY(save_labels(dictionary, numbers, out, err));
    before = out->count;
    LOTS_TRY(save_relations(dictionary, numbers, out, err));
    numbers->relation_section_bytes = out->count - before;
    return LOTS_OK;
}

lots_status lots_dictionary_save(const lots_dictionary *dictionary, lots_bytes *out, lots_error *err)
{
    size_t start = out->count;
    head numbers = {.count = dictionary->count};
    uint8_t empty[HEAD_BYTES] = {0};
    lots_status status = lots_bytes_append(out, empty, sizeof empty, err);
    if (status == LOTS_OK)
        status = save_sections(dictionary, &numbers, out, err);
    if (status == LOTS_OK)
        status = lots_bytes_reserve(out, SUM_BYTES, err);
    if (status != LOTS_OK) {
        out->count = start;
        return status;
    }
    numbers.image_bytes = out->count - start + SUM_BYTES;
    write_head(&numbers, out->data + start);
    lots_put64(out->data + out->count, lots_hash(out->data + start, out->count - start, 0));
    out->count += SUM_BYTES;
    return LOTS_OK;
}

/* ---- loading ---- */

static lots_status corrupt(lots_error *err, const char *what)
{
    return lots_fail(err, LOTS_CORRUPT, "dictionary: %s", what);
}

/* The head, once the image as a whole is found whole. */
static lots_status load_head(const uint8_t *bytes, size_t count, head *out, lots_error *err)
{
    if (count < HEAD_BYTES + SUM_BYTES)
        return lots_fail(err, LOTS_CORRUPT, "dictionary: %zu bytes are fewer than the %u of an empty one", count,
                         HEAD_BYTES + SUM_BYTES);
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return corrupt(err, "it does not begin with its magic bytes");
    if (lots_get32(bytes + 8) != IMAGE_VERSION)
        return lots_fail(err, LOTS_CORRUPT, "dictionary: version %u, and this program reads %u", lots_get32(bytes + 8),
                         IMAGE_VERSION);
    if (lots_hash(bytes, count - SUM_BYTES, 0) != lots_get64(bytes + count - SUM_BYTES))
        return corrupt(err, "its checksum is wrong");
    read_head(out, bytes);
    if (out->image_bytes != count)
        return corrupt(err, "its length is not the one it declares");
    if (out->count > LOTS_DICTIONARY_MAX || out->count > out->key_section_bytes)
        return corrupt(err, "it declares more entries than its keys have bytes");
    if (out->stable_width != 0 && out->stable_width != id_width(out->count))
        return corrupt(err, "the width of its stable ids is not that of its count");
    return LOTS_OK;
}

/* Cut the next section off `rest`. */
static bool cut_section(lots_reader *rest, uint64_t bytes, lots_reader *out)
{
    const uint8_t *slice = NULL;
    if (bytes > (uint64_t)(rest->end - rest->at) || !lots_read_slice(rest, (size_t)bytes, &slice))
        return false;
    *out = lots_reader_over(slice, (size_t)bytes);
    return true;
}

/* lots_read_varint, quick for the one byte that nearly every number here has. */
static inline bool read_number(lots_reader *in, uint64_t *out)
{
    if (in->at == in->end || *in->at >= 0x80)
        return lots_read_varint(in, out);
    *out = *in->at++;
    return true;
}

/* Read one key behind `written` bytes of keys; the key before begins at `before`. */
static bool load_key(lots_reader *in, lots_dictionary *made, lots_id rank, uint64_t key_bytes)
{
    uint64_t written = made->key_offsets[rank];
    uint64_t before = rank != 0 ? made->key_offsets[rank - 1] : 0;
    uint64_t before_bytes = written - before;
    bool restart = rank % GROUP_KEYS == 0;
    uint64_t shared = 0;
    uint64_t tail_bytes = 0;
    const uint8_t *tail = NULL;
    if ((!restart && !read_number(in, &shared)) || !read_number(in, &tail_bytes) ||
        tail_bytes > (uint64_t)(in->end - in->at) || !lots_read_slice(in, (size_t)tail_bytes, &tail))
        return false;
    if (shared > before_bytes || tail_bytes > key_bytes - written || shared > key_bytes - written - tail_bytes)
        return false;
    char *key = made->keys + written;
    if (shared != 0)
        memcpy(key, made->keys + before, (size_t)shared);
    if (tail_bytes != 0)
        memcpy(key + shared, tail, (size_t)tail_bytes);
    made->key_offsets[rank + 1] = written + shared + tail_bytes;
    if (rank == 0)
        return true;
    if (restart)
        return lots_key_compare(made->keys + before, (size_t)before_bytes, key, (size_t)tail_bytes) < 0;
    if (tail_bytes == 0)
        return false;
    return shared == before_bytes || (uint8_t)key[shared] > (uint8_t)made->keys[before + shared];
}

static lots_status load_keys(lots_reader in, const head *numbers, lots_dictionary *made, lots_error *err)
{
    for (lots_id rank = 0; rank < made->count; rank++)
        if (!load_key(&in, made, rank, numbers->key_bytes))
            return lots_fail(err, LOTS_CORRUPT, "dictionary: key %u of %u is cut or out of order", rank, made->count);
    if (in.at != in.end || made->key_offsets[made->count] != numbers->key_bytes)
        return corrupt(err, "its keys have another length than it declares");
    return LOTS_OK;
}

/* The next `width` bits, 1..32, of a section known to be long enough. */
static uint32_t take_bits(const uint8_t **at, uint32_t width, uint64_t *pending, unsigned *pending_bits)
{
    while (*pending_bits < width) {
        *pending |= (uint64_t)*(*at)++ << *pending_bits;
        *pending_bits += 8;
    }
    uint32_t value = (uint32_t)(*pending & ((UINT64_C(1) << width) - 1));
    *pending >>= width;
    *pending_bits -= width;
    return value;
}

static lots_status load_stable(lots_reader in, uint32_t width, lots_dictionary *made, lots_error *err)
{
    const uint8_t *at = in.at;
    uint64_t pending = 0;
    unsigned pending_bits = 0;
    memset(made->rank_of_stable, 0xff, (size_t)made->count * sizeof *made->rank_of_stable); /* LOTS_NO_ID */
    for (lots_id rank = 0; rank < made->count; rank++) {
        lots_id stable = width != 0 ? take_bits(&at, width, &pending, &pending_bits) : rank;
        if (stable >= made->count || made->rank_of_stable[stable] != LOTS_NO_ID)
            return lots_fail(err, LOTS_CORRUPT, "dictionary: stable id %u of rank %u is taken or over %u", stable, rank,
                             made->count);
        made->stable_of_rank[rank] = stable;
        made->rank_of_stable[stable] = rank;
    }
    return pending == 0 ? LOTS_OK : corrupt(err, "bits beyond its stable ids are set");
}

/* Set where each label lies in the unpacked section: gaps and lengths, then texts, which stay where they are. */
static lots_status place_labels(const head *numbers, lots_dictionary *made, lots_error *err)
{
    lots_reader in = lots_reader_over(made->labels, (size_t)numbers->label_bytes);
    uint64_t *offsets = made->label_offsets;
    uint64_t total = 0;
    lots_id next = 0;
    for (uint32_t i = 0; i < numbers->label_count; i++) {
        uint64_t gap = 0, bytes = 0;
        if (!read_number(&in, &gap) || !read_number(&in, &bytes) || gap >= made->count - next || bytes == 0 ||
            bytes > numbers->label_bytes - total)
            return lots_fail(err, LOTS_CORRUPT, "dictionary: label %u of %u is malformed", i, numbers->label_count);
        for (; gap > 0; gap--)
            offsets[++next] = total;
        total += bytes;
        offsets[++next] = total;
    }
    while (next < made->count)
        offsets[++next] = total;
    if (total != (uint64_t)(in.end - in.at))
        return corrupt(err, "its labels have another length than it declares");
    for (lots_id rank = 0; rank <= made->count; rank++)
        offsets[rank] += numbers->label_bytes - total;
    return LOTS_OK;
}

static lots_status load_labels(lots_reader in, const head *numbers, lots_dictionary *made, lots_error *err)
{
    uint64_t section = numbers->label_section_bytes;
    if (numbers->label_count == 0)
        return section == 0 && numbers->label_bytes == 0 ? LOTS_OK : corrupt(err, "it has labels of no entry");
    if (numbers->label_bytes < section || numbers->label_bytes / EXPANSION_MAX > section ||
        numbers->label_bytes > SIZE_MAX)
        return corrupt(err, "its labels declare a length they cannot have");
    size_t bytes = (size_t)numbers->label_bytes;
    LOTS_TRY(lots_dictionary_room_labels(made, bytes, err));
    if (bytes == section)
        memcpy(made->labels, in.at, bytes);
    else if (ZSTD_decompress(made->labels, bytes, in.at, (size_t)section) != bytes)
        return corrupt(err, "its labels do not unpack");
    return place_labels(numbers, made, err);
}

/* The entries below one; *written of them are there already. */
static bool load_below(lots_reader *in, const head *numbers, lots_dictionary *made, uint64_t count, uint32_t *written)
{
    if (count == 0 || count > numbers->relation_count - *written)
        return false;
    lots_id next = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t gap = 0;
        if (!read_number(in, &gap) || gap >= made->count - next)
            return false;
        next += (lots_id)gap;
        made->below[(*written)++] = next++;
    }
    return true;
}

static lots_status load_relations(lots_reader in, const head *numbers, lots_dictionary *made, lots_error *err)
{
    if (numbers->relation_count > numbers->relation_section_bytes)
        return corrupt(err, "it declares more relations than it has bytes of them");
    if (numbers->relation_count == 0)
        return numbers->above_count == 0 && in.at == in.end ? LOTS_OK : corrupt(err, "it has relations of no entry");
    LOTS_TRY(lots_dictionary_room_below(made, numbers->relation_count, err));
    uint32_t written = 0;
    lots_id next = 0;
    for (uint32_t i = 0; i < numbers->above_count; i++) {
        uint64_t gap = 0, count = 0;
        uint32_t before = written;
        if (!read_number(&in, &gap) || !read_number(&in, &count) || gap >= made->count - next ||
            !load_below(&in, numbers, made, count, &written))
            return lots_fail(err, LOTS_CORRUPT, "dictionary: relations of entry %u of %u are malformed", i,
                             numbers->above_count);
        for (; gap > 0; gap--)
            made->below_offsets[++next] = before;
        made->below_offsets[++next] = written;
    }
    while (next < made->count)
        made->below_offsets[++next] = written;
    if (written != numbers->relation_count || in.at != in.end)
        return corrupt(err, "its relations are fewer or more than it declares");
    return LOTS_OK;
}

/* Fill a dictionary made for the head from the sections behind it. */
static lots_status load_sections(lots_reader rest, const head *numbers, lots_dictionary *made, lots_error *err)
{
    lots_reader keys, stable, labels, relations;
    if (!cut_section(&rest, numbers->key_section_bytes, &keys) ||
        !cut_section(&rest, packed_bytes(numbers->count, numbers->stable_width), &stable) ||
        !cut_section(&rest, numbers->label_section_bytes, &labels) ||
        !cut_section(&rest, numbers->relation_section_bytes, &relations) || rest.at != rest.end)
        return corrupt(err, "its sections do not fill it");
    LOTS_TRY(load_keys(keys, numbers, made, err));
    LOTS_TRY(load_stable(stable, numbers->stable_width, made, err));
    LOTS_TRY(load_labels(labels, numbers, made, err));
    return load_relations(relations, numbers, made, err);
}

lots_status lots_dictionary_load(const uint8_t *bytes, size_t count, lots_dictionary **out, lots_error *err)
{
    *out = NULL;
    head numbers = {0};
    LOTS_TRY(load_head(bytes, count, &numbers, err));
    if (numbers.key_section_bytes > count || numbers.key_bytes / GROUP_KEYS > numbers.key_section_bytes)
        return corrupt(err, "its keys declare a length they cannot have");
    lots_dictionary *made = NULL;
    LOTS_TRY(lots_dictionary_new(&made, numbers.count, (size_t)numbers.key_bytes, err));
    lots_status status =
        load_sections(lots_reader_over(bytes + HEAD_BYTES, count - HEAD_BYTES - SUM_BYTES), &numbers, made, err);
    if (status != LOTS_OK) {
        lots_dictionary_close(made);
        return status;
    }
    *out = made;
    return LOTS_OK;
}
