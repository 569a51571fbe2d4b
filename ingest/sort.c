/* sort.c: see sort.h. */
#include "ingest/sort.h"

#include <stdatomic.h>

#include "core/base/memory.h"
#include "core/base/narrow.h"

lots_status lots_pile_open(lots_pile *out, lots_pile_budget *budget, bool images, const char *path, lots_error *err)
{
    *out = (lots_pile){.budget = budget, .images = images, .file = LOTS_FILE_CLOSED};
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

/* ---- pieces ---- */

static lots_piece empty_piece(uint32_t target, uint32_t interner)
{
    return (lots_piece){.target = target, .interner = interner, .origins = LOTS_VEC(uint64_t),
                        .patients = LOTS_VEC(lots_patient), .from = LOTS_DAY_MAX, .until = LOTS_DAY_MIN};
}

lots_status lots_piece_open(lots_piece *out, uint32_t target, uint32_t interner, const lots_column *columns,
                            uint32_t column_count, lots_error *err)
{
    *out = empty_piece(target, interner);
    return lots_batch_open(&out->batch, columns, column_count, err);
}

void lots_piece_close(lots_piece *piece)
{
    if (piece->pile != NULL && piece->held_bytes > 0)
        atomic_fetch_sub(&piece->pile->budget->held_bytes, piece->held_bytes);
    piece->held_bytes = 0;
    piece->pile = NULL;
    lots_batch_close(&piece->batch);
    lots_vec_free(&piece->origins);
    lots_vec_free(&piece->patients);
    lots_free(piece->image);
    piece->image = NULL;
}

/* ---- images ---- */

static lots_status make_image(const lots_piece *rows, lots_bytes *image, lots_error *err)
{
    enum { ROW_BYTES_GUESSED = 32 };
    LOTS_TRY(lots_bytes_reserve(image, (size_t)rows->batch.rows * ROW_BYTES_GUESSED, err));
    LOTS_TRY(lots_narrow_put(image, rows->origins.data, rows->origins.count, sizeof(uint64_t), err));
    return lots_batch_spill(&rows->batch, image, err);
}

static lots_status write_image(lots_pile *pile, const lots_bytes *image, lots_piece *out, lots_error *err)
{
    if (pile->file.fd < 0)
        LOTS_TRY(lots_file_create(&pile->file, pile->path, err));
    out->at = pile->end;
    LOTS_TRY(lots_file_write(&pile->file, image->data, image->count, err));
    pile->end += image->count;
    return LOTS_OK;
}

static lots_status spill_image(lots_pile *pile, const lots_bytes *image, lots_piece *out, lots_error *err)
{
    pthread_mutex_lock(&pile->lock);
    lots_status status = write_image(pile, image, out, err);
    pthread_mutex_unlock(&pile->lock);
    LOTS_TRY(status);
    atomic_fetch_add(&pile->budget->spilled_bytes, image->count);
    out->spilled = true;
    return LOTS_OK;
}

/* Count bytes as held, if there is room for them. */
static bool take_room(lots_pile *pile, size_t bytes)
{
    size_t before = atomic_fetch_add(&pile->budget->held_bytes, bytes);
    if (bytes <= pile->budget->limit_bytes && before <= pile->budget->limit_bytes - bytes)
        return true;
    atomic_fetch_sub(&pile->budget->held_bytes, bytes);
    return false;
}

static lots_status hold_image(const lots_bytes *image, lots_piece *out, lots_error *err)
{
    void *room = NULL;
    out->held_bytes = image->count;
    LOTS_TRY(lots_realloc(&room, image->count, 1, err));
    memcpy(room, image->data, image->count);
    out->image = room;
    return LOTS_OK;
}

lots_status lots_pile_copy(lots_pile *pile, const lots_piece *rows, lots_piece *out, lots_error *err)
{
    lots_bytes image = {0};
    *out = empty_piece(rows->target, rows->interner);
    lots_status status = make_image(rows, &image, err);
    out->pile = pile;
    out->rows = rows->batch.rows;
    out->origin_count = (uint32_t)rows->origins.count;
    out->first_origin = rows->origins.count > 0 ? LOTS_AT(uint64_t, &rows->origins, 0) : 0;
    out->wide_bytes = lots_batch_memory(&rows->batch) + rows->origins.capacity * sizeof(uint64_t);
    out->bytes = image.count;
    if (status == LOTS_OK)
        status = pile->images && take_room(pile, image.count) ? hold_image(&image, out, err)
                                                              : spill_image(pile, &image, out, err);
    lots_bytes_free(&image);
    if (status != LOTS_OK)
        lots_piece_close(out);
    return status;
}

lots_status lots_pile_put(lots_pile *pile, lots_piece *piece, lots_error *err)
{
    lots_piece put;
    size_t bytes = lots_batch_memory(&piece->batch) + piece->origins.capacity * sizeof(uint64_t);
    if (!pile->images && take_room(pile, bytes)) {
        piece->pile = pile;
        piece->rows = piece->batch.rows;
        piece->held_bytes = piece->wide_bytes = bytes;
        return LOTS_OK;
    }
    LOTS_TRY(lots_pile_copy(pile, piece, &put, err));
    lots_piece_close(piece);
    *piece = put;
    return LOTS_OK;
}

static bool is_at_hand(const lots_piece *piece) { return piece->image == NULL && !piece->spilled; }

/* Append the rows of an image. */
static lots_status append_image(const lots_piece *from, const uint8_t *image, lots_piece *to, lots_error *err)
{
    lots_reader reader = lots_reader_over(image, (size_t)from->bytes);
    size_t taken;
    LOTS_TRY(lots_vec_reserve(&to->origins, from->origin_count, err));
    if (!lots_narrow_get(&reader, (uint64_t *)to->origins.data + to->origins.count, from->origin_count, sizeof(uint64_t)))
        return lots_fail(err, LOTS_CORRUPT, "a spill file does not hold the rows that were written to it");
    to->origins.count += from->origin_count;
    return lots_batch_unspill(&to->batch, reader.at, (size_t)(reader.end - reader.at), &taken, err);
}

static lots_status append_spilled(const lots_piece *from, lots_piece *to, lots_error *err)
{
    void *image = NULL;
    LOTS_TRY(lots_realloc(&image, (size_t)from->bytes, 1, err));
    lots_status status = lots_file_read_at(&from->pile->file, from->at, image, (size_t)from->bytes, err);
    if (status == LOTS_OK)
        status = append_image(from, image, to, err);
    lots_free(image);
    return status;
}

static lots_status append_rows(const lots_piece *from, lots_piece *to, lots_error *err)
{
    LOTS_TRY(lots_batch_append(&to->batch, &from->batch, NULL, err));
    LOTS_TRY(lots_vec_reserve(&to->origins, from->origins.count, err));
    if (from->origins.count > 0)
        memcpy((uint64_t *)to->origins.data + to->origins.count, from->origins.data,
               from->origins.count * sizeof(uint64_t));
    to->origins.count += from->origins.count;
    return LOTS_OK;
}

lots_status lots_piece_append(lots_piece *to, const lots_piece *from, lots_error *err)
{
    if (from->image != NULL)
        LOTS_TRY(append_image(from, from->image, to, err));
    else if (from->spilled)
        LOTS_TRY(append_spilled(from, to, err));
    else
        LOTS_TRY(append_rows(from, to, err));
    to->rows = to->batch.rows;
    return LOTS_OK;
}

lots_status lots_piece_read(const lots_piece *piece, const lots_column *columns, uint32_t column_count, lots_piece *room,
                            const lots_piece **out, lots_error *err)
{
    *out = piece;
    *room = empty_piece(piece->target, piece->interner);
    if (is_at_hand(piece))
        return LOTS_OK;
    LOTS_TRY(lots_piece_open(room, piece->target, piece->interner, columns, column_count, err));
    lots_status status = lots_piece_append(room, piece, err);
    if (status != LOTS_OK)
        lots_piece_close(room);
    *out = room;
    return status;
}

lots_status lots_piece_take(lots_piece *piece, const lots_column *columns, uint32_t column_count, lots_error *err)
{
    lots_piece room;
    const lots_piece *read;
    if (is_at_hand(piece))
        return LOTS_OK;
    LOTS_TRY(lots_piece_read(piece, columns, column_count, &room, &read, err));
    lots_piece_close(piece);
    *piece = room;
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
    *out = empty_piece(from->target, from->interner);
    out->rows = count;
    LOTS_TRY(lots_vec_extend(&out->origins, count, &room, err));
    for (uint32_t i = 0; i < count; i++)
        ((uint64_t *)room)[i] = LOTS_AT(uint64_t, &from->origins, order[i]);
    lots_status status = choose_rows(&from->batch, order, count, &out->batch, err);
    if (status != LOTS_OK)
        lots_vec_free(&out->origins);
    return status;
}
