/* check.c: `lots check`. The idea: every kept generation (current first, then the pinned) is opened as far as it goes;
 * every file it names becomes an item; items are looked into by a pool of threads, each writing only its own faults; then
 * the faults are reported in the order of the items. Files that nothing names are told apart: they harm nobody. */
#include "core/store/check.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/os.h"
#include "core/base/pool.h"
#include "core/store/catalog.h"
#include "core/store/check_view.h"
#include "core/store/registry_hold.h"
#include "core/store/stored_file.h"

/* One fault, with texts in the arena of its item. */
typedef struct fault {
    char *stream, *column, *what;
    uint32_t chunk;
} fault;

typedef struct check_item {
    lots_folder folder;
    const check_view *view;
    uint64_t number;
    size_t index;       /* of the segment or table in the view */
    char label[160];
    bool full;
    lots_vec faults;    /* fault */
    lots_arena arena;
    lots_status failed; /* a fault could not be kept */
    uint64_t blocks, segment_faults;
    lots_bytes first_id, last_id; /* identities: of the segment's first and last patient */
    bool has_ids;
} check_item;

typedef struct check {
    const char *path;
    const lots_check_options *options;
    lots_check_result *result;
    check_view *views;
    size_t view_count;
    lots_vec items; /* check_item */
} check;

/* ---- faults ---- */

static lots_status keep_fault(check_item *item, const char *stream, const char *column, uint32_t chunk,
                              const char *what)
{
    fault kept = {.chunk = chunk};
    if (stream != NULL)
        LOTS_TRY(lots_arena_text(&item->arena, &kept.stream, stream, strlen(stream), NULL));
    if (column != NULL)
        LOTS_TRY(lots_arena_text(&item->arena, &kept.column, column, strlen(column), NULL));
    LOTS_TRY(lots_arena_text(&item->arena, &kept.what, what, strlen(what), NULL));
    return lots_vec_push(&item->faults, &kept, NULL);
}

/* As lots_fault_report, for what runs within an item. */
static void add_fault(void *context, const char *file, const char *stream, const char *column, uint32_t chunk,
                      const char *what)
{
    check_item *item = context;
    (void)file;
    if (item->failed == LOTS_OK)
        item->failed = keep_fault(item, stream, column, chunk, what);
}

static lots_status add_damage(check_item *item, lots_status status, const lots_error *found, lots_error *err)
{
    if (status == LOTS_OK)
        return LOTS_OK;
    if (status == LOTS_CORRUPT || status == LOTS_IO) {
        add_fault(item, NULL, NULL, NULL, 0, found->text);
        return LOTS_OK;
    }
    if (err != NULL)
        *err = *found;
    return status;
}

static void tell(check *job, const char *file, const char *stream, const char *column, uint32_t chunk,
                 const char *what)
{
    job->result->faults++;
    if (job->options->report != NULL)
        job->options->report(job->options->context, file, stream, column, chunk, what);
}

/* As check_told. */
static void tell_file(void *context, const char *file, const char *what)
{
    tell(context, file, NULL, NULL, 0, what);
}

static void tell_catalog(void *context, const char *what)
{
    tell(context, LOTS_CATALOG_FILE, NULL, NULL, 0, what);
}

/* ---- looking into one file ---- */

static lots_status path_of(const check_item *item, const char *path, char **out, lots_error *err)
{
    char *folder;
    if (item->folder == LOTS_FOLDER_IDENTITIES)
        return lots_folder_file(out, item->view->identities, item->folder, item->number, NULL, err);
    LOTS_TRY(lots_folder_path(&folder, path, item->folder, err));
    lots_status status = lots_folder_file(out, folder, item->folder, item->number, NULL, err);
    lots_free(folder);
    return status;
}

static const lots_manifest_entry *entry_of(const check_item *item)
{
    return &LOTS_AT(lots_segment_facts, &item->view->facts.segments, item->index).entry;
}

static void compare_segment(check_item *item, const lots_segment *segment)
{
    const lots_segment_facts *facts = &LOTS_AT(lots_segment_facts, &item->view->facts.segments, item->index);
    const lots_schema *schema = &item->view->schema;
    if (lots_segment_patients(segment) != facts->entry.patients || lots_segment_bytes(segment) != facts->entry.bytes)
        add_fault(item, NULL, NULL, NULL, 0, "patients or bytes are not those that the catalog says");
    for (uint32_t i = 1; i < schema->stream_count; i++) {
        uint64_t expected = 0;
        for (uint32_t j = 0; j < facts->stream_count; j++)
            if (strcmp(facts->streams[j].stream, schema->streams[i].name) == 0)
                expected = facts->streams[j].events;
        if (lots_segment_events(segment, i) != expected)
            add_fault(item, NULL, schema->streams[i].name, NULL, 0, "events are not as many as the catalog says");
    }
}

static lots_status check_segment(check_item *item, const char *path, lots_error *err)
{
    const check_view *view = item->view;
    const lots_segment_dictionaries dictionaries = {view->codes, (const lots_dictionary *const *)view->domains,
                                                    view->domain_names, view->domain_count};
    lots_segment *segment;
    lots_error found;
    if (!view->has_schema)
        return LOTS_OK;
    lots_status status =
        lots_segment_open(&segment, path, entry_of(item)->id, &view->schema, &dictionaries, &found);
    if (status != LOTS_OK)
        return add_damage(item, status, &found, err);
    compare_segment(item, segment);
    if (item->full) {
        status = lots_segment_check(segment, add_fault, item, &item->segment_faults, &item->blocks, &found);
        status = status == LOTS_CORRUPT ? LOTS_OK : add_damage(item, status, &found, err);
    }
    lots_segment_close(segment);
    return status;
}

static lots_status read_ends(check_item *item, lots_identity *identity, lots_error *err)
{
    uint32_t count = lots_identity_count(identity);
    if (count == 0)
        return LOTS_OK;
    LOTS_TRY(lots_identity_get(identity, 0, &item->first_id, err));
    LOTS_TRY(lots_identity_get(identity, count - 1, &item->last_id, err));
    item->has_ids = true;
    return LOTS_OK;
}

static lots_status check_identity(check_item *item, const char *path, lots_error *err)
{
    lots_identity *identity;
    lots_error found;
    lots_status status = lots_identity_open(&identity, path, entry_of(item)->id, &found);
    if (status != LOTS_OK)
        return add_damage(item, status, &found, err);
    if (lots_identity_count(identity) != entry_of(item)->patients)
        add_fault(item, NULL, NULL, NULL, 0, "ids are not as many as the segment's patients");
    if (item->full)
        status = lots_identity_check(identity, &found);
    if (status == LOTS_OK && item->full)
        status = read_ends(item, identity, &found);
    status = add_damage(item, status, &found, err);
    lots_identity_close(identity);
    return status;
}

static lots_status check_table(check_item *item, const char *path, lots_error *err)
{
    const lots_file_facts *facts = &LOTS_AT(lots_file_facts, &item->view->facts.tables, item->index);
    lots_batch batch;
    lots_error found;
    if (!item->view->has_schema || item->index >= item->view->schema.table_count)
        return LOTS_OK;
    lots_status status = lots_stored_table(path, facts, &item->view->schema.tables[item->index], &batch,
                                           &item->blocks, &found);
    if (status == LOTS_OK)
        lots_batch_close(&batch);
    return add_damage(item, status, &found, err);
}

static lots_status check_item_at(check_item *item, const char *directory, lots_error *err)
{
    char *path;
    if (item->folder == LOTS_FOLDER_TABLES)
        return check_table(item, directory, err);
    LOTS_TRY(path_of(item, directory, &path, err));
    lots_status status = LOTS_OK;
    if (!lots_path_exists(path))
        add_fault(item, NULL, NULL, NULL, 0, "it is missing");
    else if (item->folder == LOTS_FOLDER_SEGMENTS)
        status = check_segment(item, path, err);
    else
        status = check_identity(item, path, err);
    lots_free(path);
    return status;
}

static lots_status run_item(void *context, size_t task, unsigned worker, lots_error *err)
{
    check *job = context;
    check_item *item = &LOTS_AT(check_item, &job->items, task);
    (void)worker;
    LOTS_TRY(check_item_at(item, job->path, err));
    return item->failed == LOTS_OK ? LOTS_OK : lots_fail(err, item->failed, "out of memory: faults of '%s'", item->label);
}

/* ---- the items ---- */

static bool is_listed(const check *job, lots_folder folder, uint64_t number)
{
    for (size_t i = 0; i < job->items.count; i++) {
        const check_item *item = &LOTS_AT(check_item, &job->items, i);
        if (item->folder == folder && item->number == number)
            return true;
    }
    return false;
}

static lots_status list_item(check *job, const check_view *view, lots_folder folder, uint64_t number, const char *name,
                             size_t index, lots_error *err)
{
    check_item item = {.folder = folder, .view = view, .number = number, .index = index, .full = job->options->full};
    if (view != job->views && is_listed(job, folder, number))
        return LOTS_OK;
    item.faults = LOTS_VEC(fault);
    lots_arena_init(&item.arena, 0);
    lots_folder_label(item.label, folder, number, name);
    return lots_vec_push(&job->items, &item, err);
}

/* A registry without any identity file is a research copy; one with some must have all. */
static lots_status has_identities(const check_view *view, bool *out, lots_error *err)
{
    *out = false;
    for (size_t i = 0; i < view->facts.segments.count && !*out; i++) {
        char *path;
        uint64_t id = LOTS_AT(lots_segment_facts, &view->facts.segments, i).entry.id;
        LOTS_TRY(lots_folder_file(&path, view->identities, LOTS_FOLDER_IDENTITIES, id, NULL, err));
        *out = lots_path_exists(path);
        lots_free(path);
    }
    return LOTS_OK;
}

static lots_status list_view(check *job, const check_view *view, lots_error *err)
{
    bool identities;
    LOTS_TRY(has_identities(view, &identities, err));
    for (size_t i = 0; i < view->facts.tables.count; i++) {
        const lots_file_facts *facts = &LOTS_AT(lots_file_facts, &view->facts.tables, i);
        LOTS_TRY(list_item(job, view, LOTS_FOLDER_TABLES, facts->number, facts->name, i, err));
    }
    for (size_t i = 0; i < view->facts.segments.count; i++) {
        uint64_t id = LOTS_AT(lots_segment_facts, &view->facts.segments, i).entry.id;
        LOTS_TRY(list_item(job, view, LOTS_FOLDER_SEGMENTS, id, NULL, i, err));
        if (identities)
            LOTS_TRY(list_item(job, view, LOTS_FOLDER_IDENTITIES, id, NULL, i, err));
    }
    job->result->files += view->facts.dictionaries.count;
    return LOTS_OK;
}

static int compare_ids(const lots_bytes *a, const lots_bytes *b)
{
    size_t shorter = a->count < b->count ? a->count : b->count;
    int order = shorter > 0 ? memcmp(a->data, b->data, shorter) : 0;
    return order != 0 ? order : (a->count > b->count) - (a->count < b->count);
}

/* Across the segments of the current generation: within one, lots_identity_check looks. */
static void check_id_order(check *job)
{
    const check_item *last = NULL;
    for (size_t i = 0; i < job->items.count; i++) {
        const check_item *item = &LOTS_AT(check_item, &job->items, i);
        if (item->folder != LOTS_FOLDER_IDENTITIES || item->view != job->views || !item->has_ids)
            continue;
        if (last != NULL && compare_ids(&last->last_id, &item->first_id) >= 0)
            tell(job, item->label, NULL, NULL, 0, "its first id is not above the last one of the segment before");
        last = item;
    }
}

static void report_items(check *job)
{
    for (size_t i = 0; i < job->items.count; i++) {
        const check_item *item = &LOTS_AT(check_item, &job->items, i);
        job->result->files++;
        job->result->blocks += item->blocks;
        for (size_t j = 0; j < item->faults.count; j++) {
            const fault *found = &LOTS_AT(fault, &item->faults, j);
            tell(job, item->label, found->stream, found->column, found->chunk, found->what);
        }
    }
}

static lots_status run_items(check *job, lots_error *err)
{
    lots_pool *pool;
    LOTS_TRY(lots_pool_open(&pool, job->options->threads, err));
    lots_status status = lots_pool_run(pool, job->items.count, run_item, job, NULL, err);
    lots_pool_close(pool);
    return status;
}

static void free_items(check *job)
{
    for (size_t i = 0; i < job->items.count; i++) {
        check_item *item = &LOTS_AT(check_item, &job->items, i);
        lots_vec_free(&item->faults);
        lots_arena_free(&item->arena);
        lots_bytes_free(&item->first_id);
        lots_bytes_free(&item->last_id);
    }
    lots_vec_free(&job->items);
}

/* ---- leftovers ---- */

static void tell_leftover(check *job, const char *folder, const char *name, bool swept)
{
    char label[512];
    snprintf(label, sizeof label, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", name);
    job->result->leftovers++;
    if (job->options->leftover != NULL)
        job->options->leftover(job->options->context, label, swept);
}

static bool is_among(const lots_vec *numbers, uint64_t number)
{
    for (size_t i = 0; i < numbers->count; i++)
        if (LOTS_AT(uint64_t, numbers, i) == number)
            return true;
    return false;
}

/* `shared`: the folder may hold what is not of the registry. */
static void look_at(check *job, lots_folder folder, bool shared, const char *name, const lots_vec *numbers)
{
    uint64_t number;
    const bool ours = lots_folder_parse(folder, name, &number);
    if (ours ? !is_among(numbers, number) : !shared)
        tell_leftover(job, lots_folder_name(folder), name, ours);
}

static lots_status find_leftovers_in(check *job, lots_folder folder, const lots_vec *numbers, lots_error *err)
{
    char *path, **names;
    size_t count;
    const bool identities = folder == LOTS_FOLDER_IDENTITIES;
    const bool shared = identities && lots_generation_setting(&job->views[0].facts, "identities") != NULL;
    if (identities && job->options->identities != NULL) /* a copy, which no write touches */
        return LOTS_OK;
    if (identities)
        LOTS_TRY(lots_text_copy(&path, job->views[0].identities, strlen(job->views[0].identities), err));
    else
        LOTS_TRY(lots_folder_path(&path, job->path, folder, err));
    bool there = lots_path_is_directory(path);
    lots_status status = there ? lots_directory_list(path, &names, &count, err) : LOTS_OK;
    lots_free(path);
    if (!there || status != LOTS_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        look_at(job, folder, shared, names[i], numbers);
    lots_names_free(names, count);
    return LOTS_OK;
}

static bool belongs_at_top(const char *name)
{
    if (strcmp(name, LOTS_CATALOG_FILE) == 0 || strcmp(name, LOTS_CATALOG_FILE "-journal") == 0 ||
        strcmp(name, LOTS_LOCK_FILE) == 0)
        return true;
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++)
        if (strcmp(name, lots_folder_name((lots_folder)i)) == 0)
            return true;
    return false;
}

static lots_status find_leftovers_at_top(check *job, lots_error *err)
{
    char **names;
    size_t count;
    LOTS_TRY(lots_directory_list(job->path, &names, &count, err));
    for (size_t i = 0; i < count; i++)
        if (!belongs_at_top(names[i]))
            tell_leftover(job, "", names[i], false);
    lots_names_free(names, count);
    return LOTS_OK;
}

static lots_status find_leftovers(check *job, lots_error *err)
{
    lots_vec numbers[LOTS_FOLDER_COUNT];
    LOTS_TRY(find_leftovers_at_top(job, err));
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++)
        numbers[i] = LOTS_VEC(uint64_t);
    lots_status status = lots_catalog_numbers(job->path, numbers, err);
    for (int i = 0; i < LOTS_FOLDER_COUNT && status == LOTS_OK; i++)
        status = find_leftovers_in(job, (lots_folder)i, &numbers[i], err);
    for (int i = 0; i < LOTS_FOLDER_COUNT; i++)
        lots_vec_free(&numbers[i]);
    return status;
}

/* ---- the whole ---- */

static lots_status open_view(check *job, uint64_t generation, lots_error *err)
{
    bool opened;
    LOTS_TRY(lots_check_view_open(&job->views[job->view_count], job->path, generation, job->options->identities,
                                  tell_file, job, &opened, err));
    job->view_count += opened;
    return LOTS_OK;
}

static bool has_view(const check *job, uint64_t generation)
{
    for (size_t i = 0; i < job->view_count; i++)
        if (job->views[i].facts.id == generation)
            return true;
    return false;
}

/* The current generation and those that are pinned. */
static lots_status open_views(check *job, const lots_vec *pins, lots_error *err)
{
    void *items;
    LOTS_TRY(lots_alloc(&items, pins->count + 1, sizeof(check_view), err));
    job->views = items;
    LOTS_TRY(open_view(job, 0, err));
    for (size_t i = 0; i < pins->count && job->view_count > 0; i++) {
        uint64_t generation = LOTS_AT(lots_pin, pins, i).generation;
        if (!has_view(job, generation))
            LOTS_TRY(open_view(job, generation, err));
    }
    return LOTS_OK;
}

static lots_status check_views(check *job, lots_error *err)
{
    if (job->view_count == 0)
        return LOTS_OK;
    for (size_t i = 0; i < job->view_count; i++)
        LOTS_TRY(list_view(job, &job->views[i], err));
    LOTS_TRY(run_items(job, err));
    report_items(job);
    check_id_order(job);
    return find_leftovers(job, err);
}

/* *sound: the catalog can be read at all. */
static lots_status check_catalog(check *job, lots_vec *pins, bool *sound, lots_error *err)
{
    lots_vec generations = LOTS_VEC(uint64_t);
    lots_error found;
    uint64_t current;
    job->result->files++;
    lots_status status = job->options->full ? lots_catalog_check(job->path, tell_catalog, job, &found) : LOTS_OK;
    if (status == LOTS_OK)
        status = lots_catalog_kept(job->path, &generations, pins, &current, &found);
    lots_vec_free(&generations);
    *sound = status == LOTS_OK;
    if (status == LOTS_CORRUPT) {
        tell_catalog(job, found.text);
        return LOTS_OK;
    }
    if (status != LOTS_OK && err != NULL)
        *err = found;
    return status;
}

static lots_status run(check *job, lots_error *err)
{
    lots_vec pins = LOTS_VEC(lots_pin);
    bool sound;
    LOTS_TRY(lots_catalog_version(job->path, err));
    lots_status status = check_catalog(job, &pins, &sound, err);
    if (status == LOTS_OK && sound)
        status = open_views(job, &pins, err);
    lots_vec_free(&pins);
    return status == LOTS_OK ? check_views(job, err) : status;
}

lots_status lots_check_run(const char *path, const lots_check_options *options, lots_check_result *result,
                           lots_error *err)
{
    *result = (lots_check_result){0};
    check job = {.path = path, .options = options, .result = result, .items = LOTS_VEC(check_item)};
    LOTS_TRY(lots_registry_find(path, err));
    lots_status status = run(&job, err);
    free_items(&job);
    for (size_t i = 0; i < job.view_count; i++)
        lots_check_view_close(&job.views[i]);
    lots_free(job.views);
    if (status == LOTS_OK && result->faults > 0)
        return lots_fail(err, LOTS_CORRUPT, "registry '%s' has %ju fault%s", path, (uintmax_t)result->faults,
                         result->faults == 1 ? "" : "s");
    return status;
}
