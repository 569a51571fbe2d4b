/* sort.c: see sort.h. */
#include "ingest/sort.h"

#include <stdatomic.h>

#include "core/base/memory.h"
#include "core/base/narrow.h"

lots_status lots_pile_open(lots_pile *out, lots_pile_budget *budget, const char *path, lots_error *err)
{
    *out = (lots_pile){.budget = budget, .file = LOTS_FILE_CLOSED};
    if (pthread_mutex_init(&out->lock, NULL) != 0) {
        out->budget = NULL;
        return lots_fail(err, LOTS_MEMORY, "can't make a lock");
    }
    lots_status status = lots_text_copy(&out->path, path, strlen(path), err);
    if (status != LOTS_OK)
        lots_pile_close(out);
    return status;
}

void lots_pile_drop_spilled(lots_pile *pile)
{
    lots_error ignored;
    if (pile->file.fd < 0)
        return;
    lots_file_close(&pile->file);
    if (lots_path_remove(pile->path, &ignored) != LOTS_OK)
        pile->end = 0; /* the folder that holds it is removed as a whole later */
}

void lots_pile_close(lots_pile *pile)
{
    if (pile->budget == NULL)
        return;
    lots_pile_drop_spilled(pile);
    pthread_mutex_destroy(&pile->lock);
    lots_free(pile->path);
    *pile = (lots_pile){.file = LOTS_FILE_CLOSED};
}

lots_status lots_piece_open(lots_piece *out, uint32_t target, uint32_t interner, const lots_column *columns,
                            uint32_t column_count, lots_error *err)
{
    *out = (lots_piece){.target = target, .interner = interner, .origins = LOTS_VEC(uint64_t)};
    return lots_batch_open(&out->batch, columns, column_count, err);
}

void lots_pile_release(lots_pile *pile, lots_piece *piece)
{
    if (pile != NULL && piece->held_bytes > 0)
        atomic_fetch_sub(&pile->budget->held_bytes, piece->held_bytes);
    piece->held_bytes = 0;
}

void lots_piece_close(lots_piece *piece, lots_pile *pile)
{
    lots_pile_release(pile, piece);
    lots_batch_close(&piece->batch);
    lots_vec_free(&piece->origins);
}

static lots_status write_piece(lots_pile *pile, lots_piece *piece, const lots_bytes *image, lots_error *err)
{
    if (pile->file.fd < 0)
        LOTS_TRY(lots_file_create(&pile->file, pile->path, err));
    piece->at = pile->end;
    piece->bytes = image->count;
    LOTS_TRY(lots_file_write(&pile->file, image->data, image->count, err));
    pile->end += image->count;
    return LOTS_OK;
}

static lots_status spill_piece(lots_pile *pile, lots_piece *piece, lots_error *err)
{
    lots_bytes image = {0};
    lots_status status = lots_narrow_put(&image, piece->origins.data, piece->origins.count, sizeof(uint64_t), err);
    if (status == LOTS_OK)
        status = lots_batch_spill(&piece->batch, &image, err);
    if (status == LOTS_OK) {
        pthread_mutex_lock(&pile->lock);
        status = write_piece(pile, piece, &image, err);
        pthread_mutex_unlock(&pile->lock);
    }
    lots_bytes_free(&image);
    LOTS_TRY(status);
    atomic_fetch_add(&pile->budget->spilled_bytes, piece->bytes);
    piece->spilled = true;
    lots_batch_close(&piece->batch);
    lots_vec_free(&piece->origins);
    return LOTS_OK;
}

lots_status lots_pile_put(lots_pile *pile, lots_piece *piece, lots_error *err)
{
    piece->rows = piece->batch.rows;
    piece->origin_count = (uint32_t)piece->origins.count;
    piece->first_origin = piece->origins.count > 0 ? LOTS_AT(uint64_t, &piece->origins, 0) : 0;
    size_t bytes = lots_batch_memory(&piece->batch) + piece->origins.capacity * sizeof(uint64_t);
    size_t before = atomic_fetch_add(&pile->budget->held_bytes, bytes);
    if (bytes <= pile->budget->limit_bytes && before <= pile->budget->limit_bytes - bytes) {
        piece->held_bytes = bytes;
        return LOTS_OK;
    }
    atomic_fetch_sub(&pile->budget->held_bytes, bytes);
    return spill_piece(pile, piece, err);
}

static lots_status read_image(lots_pile *pile, const lots_piece *piece, uint8_t *image, lots_piece *out,
                              lots_error *err)
{
    lots_reader reader = lots_reader_over(image, (size_t)piece->bytes);
    size_t taken;
    void *room;
    LOTS_TRY(lots_file_read_at(&pile->file, piece->at, image, (size_t)piece->bytes, err));
    LOTS_TRY(lots_vec_extend(&out->origins, piece->origin_count, &room, err));
    if (!lots_narrow_get(&reader, room, piece->origin_count, sizeof(uint64_t)))
        return lots_fail(err, LOTS_CORRUPT, "a spill file does not hold the rows that were written to it");
    return lots_batch_unspill(&out->batch, reader.at, (size_t)(reader.end - reader.at), &taken, err);
}

lots_status lots_pile_read(lots_pile *pile, const lots_piece *piece, const lots_column *columns,
                           uint32_t column_count, lots_piece *room, const lots_piece **out, lots_error *err)
{
    void *image;
    *out = piece;
    *room = (lots_piece){.origins = LOTS_VEC(uint64_t)};
    if (!piece->spilled)
        return LOTS_OK;
    LOTS_TRY(lots_piece_open(room, piece->target, piece->interner, columns, column_count, err));
    room->rows = piece->rows;
    lots_status status = lots_alloc(&image, (size_t)piece->bytes, 1, err);
    if (status == LOTS_OK) {
        status = read_image(pile, piece, image, room, err);
        lots_free(image);
    }
    if (status != LOTS_OK)
        lots_piece_close(room, NULL);
    *out = room;
    return status;
}

lots_status lots_pile_take(lots_pile *pile, lots_piece *piece, const lots_column *columns, uint32_t column_count,
                           lots_error *err)
{
    lots_piece room;
    const lots_piece *read;
    if (!piece->spilled)
        return LOTS_OK;
    LOTS_TRY(lots_pile_read(pile, piece, columns, column_count, &room, &read, err));
    *piece = room;
    return LOTS_OK;
}

lots_status lots_piece_append(lots_piece *to, const lots_piece *from, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_batch_append(&to->batch, &from->batch, NULL, err));
    LOTS_TRY(lots_vec_extend(&to->origins, from->origins.count, &room, err));
    if (from->origins.count > 0)
        memcpy(room, from->origins.data, from->origins.count * sizeof(uint64_t));
    to->rows = to->batch.rows;
    return LOTS_OK;
}

/* Rows that stand together are copied together. */
static lots_status choose_rows(const lots_batch *from, const uint32_t *order, uint32_t count, lots_batch *out,
                               lots_error *err)
{
    for (uint32_t i = 1; i < count; i++)
        if (order[i] != order[0] + i)
            return lots_batch_permute(from, order, count, out, err);
    LOTS_TRY(lots_batch_open(out, from->schema, from->column_count, err));
    lots_status status = count == 0 ? LOTS_OK : lots_batch_append_rows(out, from, order[0], count, err);
    if (status != LOTS_OK)
        lots_batch_close(out);
    return status;
}

lots_status lots_piece_choose(const lots_piece *from, const uint32_t *order, uint32_t count, lots_piece *out,
                              lots_error *err)
{
    void *room;
    *out = (lots_piece){.target = from->target, .interner = from->interner, .rows = count,
                        .origins = LOTS_VEC(uint64_t)};
    LOTS_TRY(lots_vec_extend(&out->origins, count, &room, err));
    for (uint32_t i = 0; i < count; i++)
        ((uint64_t *)room)[i] = LOTS_AT(uint64_t, &from->origins, order[i]);
    lots_status status = choose_rows(&from->batch, order, count, &out->batch, err);
    if (status != LOTS_OK)
        lots_vec_free(&out->origins);
    return status;
}
