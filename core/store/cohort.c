/* cohort.c: see cohort.h. A set is stored as a block of bits (FORMAT.md): u8 encoding, u8 the value of a constant block, and
 * the payload; its hash covers all of it. */
#include "core/store/cohort.h"

#include <stdio.h>

#include "core/base/hash.h"
#include "core/codec/block.h"
#include "core/index/bitset.h"
#include "core/store/catalog.h"
#include "core/store/registry_audit.h"
#include "core/store/registry_hold.h"

void lots_cohort_list_free(lots_cohort_list *list)
{
    lots_vec_free(&list->cohorts);
    lots_arena_free(&list->arena);
}

const lots_cohort *lots_cohort_find(const lots_cohort_list *list, const char *name, size_t bytes)
{
    for (size_t i = 0; i < list->cohorts.count; i++) {
        const lots_cohort *cohort = &LOTS_AT(lots_cohort, &list->cohorts, i);
        if (strlen(cohort->name) == bytes && memcmp(cohort->name, name, bytes) == 0)
            return cohort;
    }
    return NULL;
}

lots_status lots_cohort_list_read(const char *path, lots_cohort_list *out, lots_error *err)
{
    lots_arena_init(&out->arena, 0);
    out->cohorts = LOTS_VEC(lots_cohort);
    lots_status status = lots_registry_find(path, err);
    if (status == LOTS_OK)
        status = lots_catalog_cohorts(path, out, err);
    if (status != LOTS_OK)
        lots_cohort_list_free(out);
    return status;
}

/* ---- sets ---- */

static lots_status pack_set(const lots_cohort *cohort, const uint64_t *bits, lots_bytes *out, lots_error *err)
{
    lots_values values = {.phys = LOTS_PHYS_BITS, .count = (uint32_t)cohort->patients, .data = bits};
    lots_block_options options = {.cold = true};
    lots_block_meta meta;
    LOTS_TRY(lots_bytes_put8(out, 0, err));
    LOTS_TRY(lots_bytes_put8(out, 0, err));
    if (cohort->patients == 0)
        return LOTS_OK;
    LOTS_TRY(lots_block_encode(&values, &options, 0, out, &meta, err));
    out->data[0] = meta.encoding;
    out->data[1] = meta.min > 0;
    return LOTS_OK;
}

static lots_status fail_set(const lots_cohort *cohort, lots_error *err)
{
    return lots_fail(err, LOTS_CORRUPT, "the set of the cohort '%s' does not hold the patients it says", cohort->name);
}

static lots_status unpack_set(const lots_cohort *cohort, const uint8_t *data, size_t bytes, lots_arena *arena,
                              uint64_t *out, lots_error *err)
{
    if (bytes < 2 || bytes - 2 > UINT32_MAX || cohort->patients > UINT32_MAX)
        return fail_set(cohort, err);
    if (cohort->patients == 0)
        return LOTS_OK;
    lots_block_meta meta = {.encoding = data[0],
                            .phys = LOTS_PHYS_BITS,
                            .count = (uint32_t)cohort->patients,
                            .bytes = (uint32_t)(bytes - 2),
                            .min = data[1] != 0,
                            .max = cohort->count > 0};
    lots_values_out values = {.data = out};
    LOTS_TRY(lots_block_decode(&meta, data + 2, &values, arena, err));
    return lots_bits_count(out, cohort->patients) == cohort->count ? LOTS_OK : fail_set(cohort, err);
}

lots_status lots_cohort_bits(const char *path, const lots_cohort *cohort, lots_arena *arena, uint64_t **out,
                             bool *found, lots_error *err)
{
    const uint8_t *data;
    size_t bytes;
    void *words;
    LOTS_TRY(lots_arena_vector(arena, &words, lots_bit_words(cohort->patients), sizeof(uint64_t), err));
    LOTS_TRY(lots_catalog_cohort_set(path, cohort, arena, &data, &bytes, err));
    *out = words;
    *found = data != NULL;
    return *found ? unpack_set(cohort, data, bytes, arena, words, err) : LOTS_OK;
}

/* ---- saving ---- */

static lots_status save_set(const char *path, lots_cohort *cohort, const uint64_t *bits, lots_bytes *set,
                            const lots_audit_entry *entry, lots_error *err)
{
    LOTS_TRY(pack_set(cohort, bits, set, err));
    cohort->bits_hash = lots_hash(set->data, set->count, 0);
    LOTS_TRY(lots_registry_find(path, err));
    LOTS_TRY(lots_catalog_require_sound(path, err));
    return lots_catalog_save_cohort(path, cohort, set, entry, err);
}

lots_status lots_cohort_save(const char *path, const lots_cohort *cohort, const uint64_t *bits, const char *query,
                             const char *purpose, lots_error *err)
{
    char user[64], now[32];
    lots_cohort saved = *cohort;
    lots_bytes set = {0};
    LOTS_TRY(lots_registry_who(user, now, err));
    saved.version = LOTS_VERSION;
    saved.time = now;
    saved.user = user;
    lots_audit_entry entry = {now, user, query, purpose, cohort->generation, 0};
    lots_status status = save_set(path, &saved, bits, &set, &entry, err);
    lots_bytes_free(&set);
    return status;
}

lots_status lots_cohort_drop(const char *path, const char *name, lots_error *err)
{
    char user[64], now[32], purpose[64 + LOTS_NAME_MAX];
    uint64_t generation;
    LOTS_TRY(lots_registry_who(user, now, err));
    LOTS_TRY(lots_registry_find(path, err));
    LOTS_TRY(lots_catalog_require_sound(path, err));
    LOTS_TRY(lots_catalog_current(path, &generation, err));
    snprintf(purpose, sizeof purpose, "cohort %.*s dropped", (int)LOTS_NAME_MAX, name);
    lots_audit_entry entry = {now, user, "", purpose, generation, 0};
    return lots_catalog_drop_cohort(path, name, &entry, err);
}
