/* load.c: one load from beginning to end; what the steps do is in load_*.c. See load.h and load_inner.h. */
#include "ingest/load.h"

#include "core/base/memory.h"
#include "ingest/load_inner.h"
#include "ingest/map_builtin.h"

/* ---- layouts ---- */

const char *lots_load_formats(size_t index)
{
    const lots_map_builtin *map = lots_map_builtin_at(index);
    return map != NULL ? map->name : NULL;
}

const char *lots_load_format_text(const char *name)
{
    for (size_t i = 0; lots_map_builtin_at(i) != NULL; i++)
        if (strcmp(lots_map_builtin_at(i)->name, name) == 0)
            return lots_map_builtin_at(i)->text;
    return NULL;
}

static lots_status read_mapping(lots_load *load, lots_error *err)
{
    const lots_load_options *options = load->options;
    char name[64] = "built-in ";
    if ((options->format == NULL) == (options->map_path == NULL))
        return lots_fail(err, LOTS_USAGE, "either the name of a built-in layout or a mapping file");
    if (options->map_path != NULL)
        return lots_mapping_open(&load->mapping, options->map_path, err);
    const char *text = lots_load_format_text(options->format);
    if (text == NULL) {
        lots_bytes names = {0};
        lots_status status = LOTS_OK;
        for (size_t i = 0; lots_load_formats(i) != NULL && status == LOTS_OK; i++)
            status = lots_bytes_printf(&names, err, "%s%s", i == 0 ? "" : ", ", lots_load_formats(i));
        status = lots_fail(err, LOTS_USAGE, "there is no built-in layout '%s'", options->format);
        lots_error_hint(err, "there are: %.*s", (int)names.count, names.count == 0 ? "" : (const char *)names.data);
        lots_bytes_free(&names);
        return status;
    }
    size_t bytes = strlen(options->format);
    memcpy(name + 9, options->format, bytes < 54 ? bytes + 1 : 54);
    return lots_mapping_read(&load->mapping, text, strlen(text), name, err);
}

/* ---- the registry ---- */

static lots_status place_identities(lots_load *load, lots_error *err)
{
    char *folder;
    if (load->options->identities == NULL)
        return LOTS_OK;
    LOTS_TRY(lots_path_whole(&folder, load->options->identities, err));
    lots_status status = lots_registry_place_identities(load->writer, folder, err);
    lots_free(folder);
    return status;
}

static lots_status open_registry(lots_load *load, lots_error *err)
{
    const char *path = load->options->registry;
    lots_schema declared = {0};
    LOTS_TRY(lots_mapping_schema(&load->mapping, &declared, err));
    lots_status status = lots_registry_begin(&load->writer, path, !load->options->append, &load->base, err);
    if (status == LOTS_USAGE && !load->options->append)
        lots_error_hint(err, "to add to a registry say --append");
    if (status == LOTS_OK)
        status = place_identities(load, err);
    if (status == LOTS_OK && load->base != NULL)
        status = lots_schema_merge(lots_registry_schema(load->base), &declared, &load->schema, err);
    if (status != LOTS_OK || load->base != NULL)
        lots_schema_free(&declared);
    else
        load->schema = declared;
    LOTS_TRY(status);
    return lots_mapping_children(&load->mapping, &load->children, err);
}

/* ---- targets ---- */

static lots_status add_domain(lots_load *load, const char *name, uint32_t *out, lots_error *err)
{
    void *domains = load->domains;
    for (*out = 0; *out < load->domain_count; (*out)++)
        if (strcmp(load->domains[*out], name) == 0)
            return LOTS_OK;
    LOTS_TRY(lots_realloc(&domains, (size_t)load->domain_count + 1, sizeof *load->domains, err));
    load->domains = domains;
    memcpy(load->domains[load->domain_count++], name, LOTS_NAME_MAX + 1);
    return LOTS_OK;
}

static lots_status set_columns(lots_load *load, lots_load_target *target, const lots_column *columns, uint32_t count,
                               lots_error *err)
{
    void *room;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, count, sizeof *target->domains, err));
    target->columns = columns;
    target->column_count = count;
    target->domains = room;
    for (uint32_t i = 0; i < count; i++) {
        target->domains[i] = UINT32_MAX;
        if (columns[i].kind == LOTS_KIND_CATEGORY)
            LOTS_TRY(add_domain(load, columns[i].domain, &target->domains[i], err));
    }
    return LOTS_OK;
}

static uint32_t count_sources(const lots_mapping *mapping, lots_map_target kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < mapping->source_count; i++)
        count += mapping->sources[i].target == kind;
    return count;
}

static lots_status describe_schema(lots_load *load, lots_error *err)
{
    for (uint32_t i = 0; i < load->stream_count; i++) {
        const lots_stream *stream = &load->schema.streams[i];
        load->targets[i] = (lots_load_target){.kind = LOTS_MAP_STREAM, .index = i, .name = stream->name, .child = "",
                                              .stream = stream};
        LOTS_TRY(set_columns(load, &load->targets[i], stream->columns, stream->column_count, err));
    }
    for (uint32_t i = 0; i < load->table_count; i++) {
        const lots_table_schema *table = &load->schema.tables[i];
        lots_load_target *target = &load->targets[load->stream_count + load->child_count + i];
        *target = (lots_load_target){.kind = LOTS_MAP_TABLE, .index = i, .name = table->name, .child = ""};
        LOTS_TRY(set_columns(load, target, table->columns, table->column_count, err));
    }
    return LOTS_OK;
}

static lots_status describe_child(lots_load *load, const lots_map_source *source, uint32_t number, lots_error *err)
{
    const lots_stream *stream = &load->children.streams[number + 1];
    lots_load_target *target = &load->targets[load->stream_count + number];
    *target = (lots_load_target){.kind = LOTS_MAP_CHILD, .index = number, .child = source->name, .stream = stream,
                                 .name = lots_mapping_target_name(&load->mapping, source),
                                 .orphans_counted = source->orphans_counted};
    return set_columns(load, target, stream->columns, stream->column_count, err);
}

/* Which target each source's rows are for; children, labels and hierarchies have one each. */
static lots_status describe_sources(lots_load *load, lots_error *err)
{
    const lots_mapping *mapping = &load->mapping;
    uint32_t child = 0, codes = load->stream_count + load->child_count + load->table_count;
    for (uint32_t i = 0; i < mapping->source_count; i++) {
        const lots_map_source *source = &mapping->sources[i];
        const char *name = lots_mapping_target_name(mapping, source);
        switch (source->target) {
        case LOTS_MAP_STREAM:
            load->target_of_source[i] = (uint32_t)lots_schema_find_stream(&load->schema, name, strlen(name));
            break;
        case LOTS_MAP_CHILD:
            load->target_of_source[i] = load->stream_count + child;
            LOTS_TRY(describe_child(load, source, child++, err));
            break;
        case LOTS_MAP_TABLE:
            load->target_of_source[i] = load->stream_count + load->child_count +
                                        (uint32_t)lots_schema_find_table(&load->schema, name, strlen(name));
            break;
        case LOTS_MAP_LABELS:
        case LOTS_MAP_HIERARCHY:
            load->target_of_source[i] = codes;
            load->targets[codes++] = (lots_load_target){.kind = source->target, .index = source->index, .name = name,
                                                        .child = source->target == LOTS_MAP_LABELS ? "labels"
                                                                                                   : "hierarchy"};
            break;
        }
    }
    return LOTS_OK;
}

static lots_status describe_targets(lots_load *load, lots_error *err)
{
    const lots_mapping *mapping = &load->mapping;
    void *room;
    load->stream_count = load->schema.stream_count;
    load->child_count = count_sources(mapping, LOTS_MAP_CHILD);
    load->table_count = load->schema.table_count;
    load->target_count = load->stream_count + load->child_count + load->table_count +
                         count_sources(mapping, LOTS_MAP_LABELS) + count_sources(mapping, LOTS_MAP_HIERARCHY);
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, load->target_count, sizeof *load->targets, err));
    load->targets = room;
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, mapping->source_count, sizeof *load->target_of_source, err));
    load->target_of_source = room;
    LOTS_TRY(describe_schema(load, err));
    LOTS_TRY(describe_sources(load, err));
    LOTS_TRY(lots_arena_alloc(&load->arena, &room, load->domain_count, sizeof *load->domain_names, err));
    load->domain_names = room;
    for (uint32_t i = 0; i < load->domain_count; i++)
        load->domain_names[i] = load->domains[i];
    return LOTS_OK;
}

/* ---- workers ---- */

static lots_status open_tally(const lots_load *load, lots_load_tally *tally, lots_error *err)
{
    void *room;
    lots_rejects_init(&tally->rejects);
    LOTS_TRY(lots_alloc(&room, load->stream_count, sizeof *tally->streams, err));
    tally->streams = room;
    LOTS_TRY(lots_alloc(&room, load->target_count, sizeof *tally->targets, err));
    tally->targets = room;
    LOTS_TRY(lots_alloc(&room, load->stream_count, sizeof *tally->seen, err));
    tally->seen = room;
    for (uint32_t i = 0; i < load->stream_count; i++)
        tally->seen[i] = (lots_coverage){.from = LOTS_DAY_MAX, .until = LOTS_DAY_MIN};
    return LOTS_OK;
}

static lots_status intern_word(lots_load *load, uint32_t domain, const char *text, lots_error *err)
{
    lots_id id;
    return lots_dictionary_intern(load->converters[0].interner.domains[domain], text, strlen(text), &id, err);
}

/* Values that a mapping declares are words of their category even when no row has them. */
static lots_status intern_column(lots_load *load, const lots_map_column *column, lots_error *err)
{
    uint32_t domain;
    if (column->kind != LOTS_KIND_CATEGORY)
        return LOTS_OK;
    LOTS_TRY(add_domain(load, column->domain[0] != '\0' ? column->domain : column->name, &domain, err));
    for (uint32_t i = 0; i < column->map.count; i++)
        LOTS_TRY(intern_word(load, domain, column->map.values[i], err));
    if (column->other != NULL)
        LOTS_TRY(intern_word(load, domain, column->other, err));
    return column->constant != NULL && !column->has_map ? intern_word(load, domain, column->constant, err) : LOTS_OK;
}

static lots_status intern_declared(lots_load *load, lots_error *err)
{
    for (uint32_t i = 0; i < load->mapping.source_count; i++)
        for (uint32_t j = 0; j < load->mapping.sources[i].column_count; j++)
            if (load->mapping.sources[i].target <= LOTS_MAP_TABLE)
                LOTS_TRY(intern_column(load, &load->mapping.sources[i].columns[j], err));
    for (uint32_t i = 0; i < load->stream_count; i++) {
        const lots_stream *stream = &load->schema.streams[i];
        int32_t level = lots_stream_find_role(stream, LOTS_ROLE_LEVEL);
        for (uint32_t j = 0; level >= 0 && j < stream->level_count; j++)
            LOTS_TRY(intern_word(load, load->targets[i].domains[level], stream->levels[j].value, err));
    }
    return LOTS_OK;
}

static lots_status open_workers(lots_load *load, lots_error *err)
{
    void *room;
    LOTS_TRY(lots_pool_open(&load->pool, load->options->threads, err));
    unsigned threads = lots_pool_threads(load->pool);
    LOTS_TRY(lots_alloc(&room, threads, sizeof *load->converters, err));
    load->converters = room;
    LOTS_TRY(lots_alloc(&room, threads, sizeof *load->tallies, err));
    load->tallies = room;
    for (; load->threads < threads; load->threads++) {
        LOTS_TRY(lots_converter_open(&load->converters[load->threads], &load->mapping, load->threads, load->targets,
                                     load->target_count, load->domain_count, err));
        lots_status status = open_tally(load, &load->tallies[load->threads], err);
        if (status != LOTS_OK) {
            load->threads++;
            return status;
        }
    }
    return intern_declared(load, err);
}

static lots_status open_pile(const lots_load *load, lots_pile *pile, const char *name, lots_pile_budget *budget, bool images,
                             lots_error *err)
{
    char *path;
    LOTS_TRY(lots_path_join(&path, load->spill_folder, name, err));
    lots_status status = lots_pile_open(pile, budget, images, path, err);
    lots_free(path);
    return status;
}

/* The folder for what doesn't fit in memory: beside the registry, where there is room for the result too. The registry's
 * lock is held, so what is there already was left by a load that died. */
static lots_status open_piles(lots_load *load, lots_error *err)
{
    size_t memory = load->options->memory_bytes != 0 ? load->options->memory_bytes : LOTS_LOAD_MEMORY;
    LOTS_TRY(lots_arena_printf(&load->arena, &load->spill_folder, err, "%s.spill", load->options->registry));
    LOTS_TRY(lots_path_remove_tree(load->spill_folder, err));
    LOTS_TRY(lots_directory_create(load->spill_folder, false, err));
    load->budget.limit_bytes = memory / 8 * 3;
    load->settled_budget.limit_bytes = memory / 2; /* hardly reached: a wave has a segment for each worker */
    LOTS_TRY(open_pile(load, &load->raw_pile, "raw", &load->budget, true, err));
    LOTS_TRY(open_pile(load, &load->bucket_pile, "buckets", &load->budget, true, err));
    return open_pile(load, &load->settled_pile, "settled", &load->settled_budget, false, err);
}

/* ---- the whole ---- */

/* What was read is in pieces: the trees of names are no longer needed, nor is the memory of rows dealt. */
static void drop_names(lots_load *load)
{
    for (unsigned i = 0; i < load->threads; i++)
        lots_interner_close(&load->converters[i].interner);
}

static lots_status run(lots_load *load, lots_error *err)
{
    LOTS_TRY(read_mapping(load, err));
    LOTS_TRY(lots_load_find_inputs(load, err));
    LOTS_TRY(open_registry(load, err));
    LOTS_TRY(describe_targets(load, err));
    LOTS_TRY(open_piles(load, err));
    LOTS_TRY(open_workers(load, err));
    LOTS_TRY(lots_load_parse(load, err));
    LOTS_TRY(lots_load_number(load, err));
    drop_names(load);
    LOTS_TRY(lots_load_deal(load, err));
    if (load->options->feed != NULL)
        return lots_load_feed_all(load, err);
    return lots_load_settle_and_write(load, err);
}

static void close_rows(lots_load *load)
{
    for (size_t i = 0; i < load->raw.count; i++)
        lots_piece_close(&LOTS_AT(lots_piece, &load->raw, i));
    lots_vec_free(&load->raw);
    for (uint32_t i = 0; i < load->bucket_count; i++) {
        lots_load_bucket *bucket = &load->buckets[i];
        for (size_t j = 0; j < bucket->pieces.count; j++)
            lots_piece_close(&LOTS_AT(lots_piece, &bucket->pieces, j));
        for (uint32_t s = 0; s < load->stream_count; s++)
            lots_piece_close(&bucket->settled[s]);
        lots_vec_free(&bucket->pieces);
    }
    lots_free(load->buckets);
    lots_pile_close(&load->raw_pile);
    lots_pile_close(&load->bucket_pile);
    lots_pile_close(&load->settled_pile);
}

static void close_load(lots_load *load)
{
    lots_error ignored;
    close_rows(load);
    for (unsigned i = 0; i < load->threads; i++) {
        lots_converter_close(&load->converters[i]);
        lots_rejects_free(&load->tallies[i].rejects);
        lots_free(load->tallies[i].streams);
        lots_free(load->tallies[i].targets);
        lots_free(load->tallies[i].seen);
    }
    lots_free(load->converters);
    lots_free(load->tallies);
    lots_numbering_free(&load->numbering);
    lots_free(load->events);
    if (load->spill_folder != NULL && lots_path_remove_tree(load->spill_folder, &ignored) != LOTS_OK)
        load->spill_folder = NULL; /* the next load removes it */
    lots_registry_end(load->writer);
    lots_schema_free(&load->schema);
    lots_schema_free(&load->children);
    for (size_t i = 0; i < load->inputs.count; i++)
        lots_vec_free(&LOTS_AT(lots_load_input, &load->inputs, i).sources);
    lots_vec_free(&load->inputs);
    lots_free(load->domains);
    lots_pool_close(load->pool);
    lots_mapping_free(&load->mapping);
    lots_arena_free(&load->arena);
    pthread_mutex_destroy(&load->lock);
}

lots_status lots_load_run(const lots_load_options *options, lots_load_result *result, lots_error *err)
{
    lots_load load = {.options = options, .result = result, .inputs = LOTS_VEC(lots_load_input),
                      .raw = LOTS_VEC(lots_piece)};
    *result = (lots_load_result){0};
    if (pthread_mutex_init(&load.lock, NULL) != 0)
        return lots_fail(err, LOTS_MEMORY, "can't make a lock");
    lots_arena_init(&load.arena, 0);
    lots_status status = run(&load, err);
    result->bytes_spilled = load.budget.spilled_bytes + load.settled_budget.spilled_bytes;
    close_load(&load);
    return status;
}
