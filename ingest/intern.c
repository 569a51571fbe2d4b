/* intern.c: see intern.h. */
#include "ingest/intern.h"

#include "core/base/memory.h"

/* ---- one worker's ---- */

static lots_status open_builders(lots_interner *interner, uint32_t domains, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_art_init(&interner->ids, err));
    LOTS_TRY(lots_dictionary_builder_open(&interner->codes, NULL, err));
    LOTS_TRY(lots_alloc(&room, domains, sizeof *interner->domains, err));
    interner->domains = room;
    for (; interner->domain_count < domains; interner->domain_count++)
        LOTS_TRY(lots_dictionary_builder_open(&interner->domains[interner->domain_count], NULL, err));
    return LOTS_OK;
}

lots_status lots_interner_open(lots_interner *out, uint32_t domains, lots_error *err)
{
    *out = (lots_interner){.keys = LOTS_VEC(lots_intern_key), .marks = LOTS_VEC(uint8_t), .rows = LOTS_VEC(uint32_t)};
    lots_status status = open_builders(out, domains, err);
    if (status != LOTS_OK)
        lots_interner_close(out);
    return status;
}

void lots_interner_close(lots_interner *interner)
{
    for (uint32_t i = 0; i < interner->domain_count; i++)
        lots_dictionary_builder_close(interner->domains[i]);
    lots_free(interner->domains);
    if (interner->codes != NULL)
        lots_dictionary_builder_close(interner->codes);
    lots_art_destroy(interner->ids);
    lots_vec_free(&interner->keys);
    lots_vec_free(&interner->marks);
    lots_vec_free(&interner->rows);
    *interner = (lots_interner){0};
}

static bool is_last(const lots_interner *interner, const char *id, size_t bytes)
{
    if (interner->last >= interner->keys.count)
        return false;
    const lots_intern_key *key = &LOTS_AT(lots_intern_key, &interner->keys, interner->last);
    return key->bytes == bytes && memcmp(key->text, id, bytes) == 0;
}

lots_status lots_interner_patient(lots_interner *interner, const char *id, size_t bytes, uint32_t *out,
                                  lots_error *err)
{
    const uint8_t *stored;
    uint64_t number;
    bool existed;
    if (is_last(interner, id, bytes)) {
        *out = interner->last;
        return LOTS_OK;
    }
    if (interner->keys.count >= LOTS_NO_PATIENT - 1)
        return lots_fail(err, LOTS_LIMIT, "more than %u patients", LOTS_NO_PATIENT - 1);
    LOTS_TRY(lots_art_intern_lent(interner->ids, id, bytes, interner->keys.count, &stored, &number, &existed, err));
    *out = interner->last = (uint32_t)number;
    if (existed)
        return LOTS_OK;
    lots_intern_key key = {stored, (uint32_t)bytes};
    LOTS_TRY(lots_vec_push(&interner->keys, &key, err));
    LOTS_TRY(lots_vec_extend(&interner->marks, 1, NULL, err));
    return lots_vec_extend(&interner->rows, 1, NULL, err);
}

/* ---- the union of patients ---- */

/* One sorted list of ids being merged: an interner's, or the base's. */
typedef struct id_list {
    const lots_interner *interner; /* NULL: the base's */
    lots_vec order;                /* uint32_t: local numbers in the order of their ids */
    lots_error *err;
    lots_status status;
    size_t at, count;
    lots_intern_key head;
} id_list;

typedef struct merge_job {
    lots_numbering *out;
    const lots_numbering_options *options;
    id_list *lists;
    uint32_t list_count;
} merge_job;

static bool collect(void *context, const uint8_t *key, size_t key_bytes, uint64_t value)
{
    id_list *list = context;
    uint32_t local = (uint32_t)value;
    (void)key;
    (void)key_bytes;
    list->status = lots_vec_push(&list->order, &local, list->err);
    return list->status != LOTS_OK;
}

static void load_head(const merge_job *job, id_list *list)
{
    if (list->at == list->count)
        return;
    if (list->interner != NULL) {
        uint32_t local = LOTS_AT(uint32_t, &list->order, list->at);
        list->head = LOTS_AT(lots_intern_key, &list->interner->keys, local);
    } else {
        uint64_t first = job->options->base_ends[list->at], end = job->options->base_ends[list->at + 1];
        list->head = (lots_intern_key){job->options->base_ids->data + first, (uint32_t)(end - first)};
    }
}

static int compare_keys(lots_intern_key a, lots_intern_key b)
{
    size_t shared = a.bytes < b.bytes ? a.bytes : b.bytes;
    int sign = shared == 0 ? 0 : memcmp(a.text, b.text, shared);
    return sign != 0 ? sign : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

/* The list with the least head, or NULL at the end. Lists are few: one a worker. */
static const id_list *least(const merge_job *job)
{
    const id_list *best = NULL;
    for (uint32_t i = 0; i < job->list_count; i++) {
        const id_list *list = &job->lists[i];
        if (list->at < list->count && (best == NULL || compare_keys(list->head, best->head) < 0))
            best = list;
    }
    return best;
}

static uint8_t mark_of(const id_list *list)
{
    if (list->interner == NULL)
        return LOTS_PERSON_KNOWN;
    return LOTS_AT(uint8_t, &list->interner->marks, LOTS_AT(uint32_t, &list->order, list->at));
}

/* What all lists whose head is `key` say of it. */
static uint8_t marks_of(const merge_job *job, lots_intern_key key)
{
    uint8_t marks = 0;
    for (uint32_t i = 0; i < job->list_count; i++) {
        const id_list *list = &job->lists[i];
        if (list->at < list->count && compare_keys(list->head, key) == 0)
            marks |= mark_of(list);
    }
    return marks;
}

static void give_number(merge_job *job, lots_intern_key key, uint32_t number)
{
    for (uint32_t i = 0; i < job->list_count; i++) {
        id_list *list = &job->lists[i];
        if (list->at == list->count || compare_keys(list->head, key) != 0)
            continue;
        if (list->interner == NULL)
            LOTS_AT(uint32_t, &job->out->base, list->at) = number;
        else
            LOTS_AT(uint32_t, &job->out->people[i], LOTS_AT(uint32_t, &list->order, list->at)) = number;
        list->at++;
        load_head(job, list);
    }
}

static lots_status merge_one(merge_job *job, const id_list *from, lots_error *err)
{
    lots_numbering *out = job->out;
    lots_intern_key key = from->head;
    uint8_t marks = marks_of(job, key);
    bool taken = (marks & LOTS_PERSON_KNOWN) != 0 || ((marks & LOTS_PERSON_PRESENT) != 0 &&
                                                      !job->options->unknown_refused);
    uint64_t end = out->ids.count + key.bytes;
    if (!taken) {
        give_number(job, key, LOTS_NO_PATIENT);
        return LOTS_OK;
    }
    if (out->patients == LOTS_NO_PATIENT - 1)
        return lots_fail(err, LOTS_LIMIT, "more than %u patients", LOTS_NO_PATIENT - 1);
    LOTS_TRY(lots_bytes_append(&out->ids, key.text, key.bytes, err));
    LOTS_TRY(lots_vec_push(&out->id_ends, &end, err));
    out->from_events += (marks & LOTS_PERSON_KNOWN) == 0;
    give_number(job, key, out->patients++);
    return LOTS_OK;
}

static lots_status open_list(merge_job *job, uint32_t index, const lots_interner *interner, lots_error *err)
{
    id_list *list = &job->lists[index];
    bool stopped;
    *list = (id_list){.interner = interner, .order = LOTS_VEC(uint32_t), .err = err};
    if (interner == NULL) {
        list->count = job->options->base_patients;
        load_head(job, list);
        return lots_vec_extend(&job->out->base, list->count, NULL, err);
    }
    LOTS_TRY(lots_art_iter(interner->ids, collect, list, &stopped, err));
    LOTS_TRY(list->status);
    list->count = list->order.count;
    load_head(job, list);
    return lots_vec_extend(&job->out->people[index], list->count, NULL, err);
}

static lots_status merge_people(merge_job *job, const lots_interner *interners, uint32_t count, lots_error *err)
{
    const uint64_t zero = 0;
    LOTS_TRY(lots_vec_push(&job->out->id_ends, &zero, err));
    for (; job->list_count < count; job->list_count++)
        LOTS_TRY(open_list(job, job->list_count, &interners[job->list_count], err));
    LOTS_TRY(open_list(job, job->list_count, NULL, err));
    job->list_count++;
    for (const id_list *from = least(job); from != NULL; from = least(job))
        LOTS_TRY(merge_one(job, from, err));
    return LOTS_OK;
}

static lots_status number_people(lots_numbering *out, const lots_interner *interners, uint32_t count,
                                 const lots_numbering_options *options, lots_error *err)
{
    merge_job job = {.out = out, .options = options};
    void *room;
    LOTS_TRY(lots_alloc(&room, (size_t)count + 1, sizeof *job.lists, err));
    job.lists = room;
    lots_status status = merge_people(&job, interners, count, err);
    for (uint32_t i = 0; i <= count; i++)
        lots_vec_free(&job.lists[i].order);
    lots_free(job.lists);
    return status;
}

/* ---- the union of dictionaries ---- */

/* Intern all entries of a worker's dictionary; ranks (vec of lots_id) gets the builder's id of each rank. */
static lots_status take_entries(lots_dictionary_builder *all, const lots_dictionary *from, lots_vec *ranks,
                                lots_error *err)
{
    uint32_t count = lots_dictionary_count(from);
    for (lots_id rank = 0; rank < count; rank++) {
        size_t bytes, label_bytes;
        lots_id id;
        const char *key = lots_dictionary_key(from, rank, &bytes);
        LOTS_TRY(lots_dictionary_intern(all, key, bytes, &id, err));
        LOTS_TRY(lots_vec_push(ranks, &id, err));
        const char *label = lots_dictionary_label_of(from, rank, &label_bytes);
        if (label != NULL)
            LOTS_TRY(lots_dictionary_label(all, id, label, label_bytes, err));
    }
    for (lots_id rank = 0; rank < count; rank++) {
        uint32_t below_count;
        const lots_id *below = lots_dictionary_below(from, rank, &below_count);
        for (uint32_t i = 0; i < below_count; i++)
            LOTS_TRY(lots_dictionary_relate(all, LOTS_AT(lots_id, ranks, rank), LOTS_AT(lots_id, ranks, below[i]),
                                            err));
    }
    return LOTS_OK;
}

/* `map` (vec of lots_id) gets the union's provisional id of each local id. */
static lots_status take_builder(lots_dictionary_builder *all, lots_dictionary_builder *from, lots_vec *map,
                                lots_error *err)
{
    lots_dictionary *sorted;
    lots_id *to_rank; /* a dictionary without a base numbers its stable ids by rank */
    lots_vec ranks = LOTS_VEC(lots_id);
    LOTS_TRY(lots_dictionary_finish(from, &sorted, &to_rank, err));
    lots_status status = take_entries(all, sorted, &ranks, err);
    const lots_id *rank_of = lots_dictionary_rank_of_stable(sorted);
    for (uint32_t i = 0; status == LOTS_OK && i < lots_dictionary_builder_count(from); i++)
        status = lots_vec_push(map, &LOTS_AT(lots_id, &ranks, rank_of[to_rank[i]]), err);
    lots_vec_free(&ranks);
    lots_dictionary_close(sorted);
    lots_free(to_rank);
    return status;
}

static lots_status merge_builders(lots_numbering *out, lots_dictionary_builder *all, const lots_interner *interners,
                                  uint32_t count, uint32_t which, lots_dictionary **dictionary, lots_error *err)
{
    lots_id *to_stable;
    uint32_t stride = 1 + out->domain_count;
    for (uint32_t i = 0; i < count; i++) {
        lots_dictionary_builder *from = which == 0 ? interners[i].codes : interners[i].domains[which - 1];
        LOTS_TRY(take_builder(all, from, &out->ids_of[i * stride + which], err));
    }
    LOTS_TRY(lots_dictionary_finish(all, dictionary, &to_stable, err));
    for (uint32_t i = 0; i < count; i++) {
        lots_vec *map = &out->ids_of[i * stride + which];
        for (size_t j = 0; j < map->count; j++)
            LOTS_AT(lots_id, map, j) = to_stable[LOTS_AT(lots_id, map, j)];
    }
    lots_free(to_stable);
    return LOTS_OK;
}

/* Dictionary 0 is that of codes, the others the domains'. */
static lots_status merge_dictionary(lots_numbering *out, const lots_interner *interners, uint32_t count,
                                    const lots_numbering_options *options, uint32_t which, lots_error *err)
{
    const lots_dictionary *base = NULL;
    lots_dictionary_builder *all;
    if (options->base != NULL)
        base = which == 0 ? lots_registry_codes(options->base)
                          : lots_registry_domain(options->base, options->domain_names[which - 1]);
    LOTS_TRY(lots_dictionary_builder_open(&all, base, err));
    lots_status status = merge_builders(out, all, interners, count, which,
                                        which == 0 ? &out->codes : &out->domains[which - 1], err);
    lots_dictionary_builder_close(all);
    return status;
}

static lots_status make(lots_numbering *out, const lots_interner *interners, uint32_t count, uint32_t domains,
                        const lots_numbering_options *options, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_alloc(&room, count, sizeof *out->people, err));
    out->people = room;
    for (uint32_t i = 0; i < count; i++)
        out->people[i] = LOTS_VEC(uint32_t);
    LOTS_TRY(lots_alloc(&room, (size_t)count * (1 + domains), sizeof *out->ids_of, err));
    out->ids_of = room;
    for (uint32_t i = 0; i < count * (1 + domains); i++)
        out->ids_of[i] = LOTS_VEC(lots_id);
    out->interner_count = count;
    LOTS_TRY(lots_alloc(&room, domains, sizeof *out->domains, err));
    out->domains = room;
    out->domain_count = domains;
    LOTS_TRY(number_people(out, interners, count, options, err));
    for (uint32_t which = 0; which <= domains; which++)
        LOTS_TRY(merge_dictionary(out, interners, count, options, which, err));
    return LOTS_OK;
}

lots_status lots_numbering_make(lots_numbering *out, const lots_interner *interners, uint32_t count,
                                const lots_numbering_options *options, lots_error *err)
{
    *out = (lots_numbering){.id_ends = LOTS_VEC(uint64_t), .base = LOTS_VEC(uint32_t)};
    lots_status status = make(out, interners, count, count == 0 ? 0 : interners[0].domain_count, options, err);
    if (status != LOTS_OK)
        lots_numbering_free(out);
    return status;
}

void lots_numbering_free(lots_numbering *numbering)
{
    for (uint32_t i = 0; i < numbering->interner_count; i++)
        lots_vec_free(&numbering->people[i]);
    for (uint32_t i = 0; numbering->ids_of != NULL && i < numbering->interner_count * (1 + numbering->domain_count); i++)
        lots_vec_free(&numbering->ids_of[i]);
    for (uint32_t i = 0; i < numbering->domain_count; i++)
        lots_dictionary_close(numbering->domains[i]);
    lots_dictionary_close(numbering->codes);
    lots_free(numbering->people);
    lots_free(numbering->ids_of);
    lots_free(numbering->domains);
    lots_bytes_free(&numbering->ids);
    lots_vec_free(&numbering->id_ends);
    lots_vec_free(&numbering->base);
    *numbering = (lots_numbering){0};
}

const lots_vec *lots_numbering_map(const lots_numbering *numbering, uint32_t interner, uint32_t domain)
{
    uint32_t which = domain == UINT32_MAX ? 0 : domain + 1;
    return &numbering->ids_of[interner * (1 + numbering->domain_count) + which];
}
