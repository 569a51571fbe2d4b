/* catalog_describe.c: the rows in which a person with sqlite3 reads the schema of a generation. Nothing reads them back:
 * the schema's image in `generation` is what counts. */
#include "core/store/catalog_tables.h"

static const char *span_name(lots_span span)
{
    switch (span) {
    case LOTS_SPAN_POINT:
        return "point";
    case LOTS_SPAN_CLOSED:
        return "closed";
    case LOTS_SPAN_OPEN:
        break;
    }
    return "open";
}

static lots_status describe_columns(lots_sql *sql, const char *insert, uint64_t generation, const char *owner,
                                    const lots_column *columns, uint32_t count, lots_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        const lots_column *column = &columns[i];
        LOTS_TRY(LOTS_SQL_RUN(sql, err, insert, lots_cell_number(generation), lots_cell_text(owner), lots_cell_number(i),
                              lots_cell_text(column->name), lots_cell_text(lots_kind_name(column->kind)),
                              lots_cell_number(column->scale), lots_cell_number((uint64_t)column->role),
                              lots_cell_text(column->domain), lots_cell_text(column->system),
                              lots_cell_number(column->closed), lots_cell_number(column->cold)));
    }
    return LOTS_OK;
}

static lots_status describe_stream(lots_sql *sql, uint64_t generation, uint32_t ordinal, const lots_stream *stream,
                                   lots_error *err)
{
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO stream VALUES(?1,?2,?3,?4,?5,?6,?7)", lots_cell_number(generation),
                          lots_cell_number(ordinal), lots_cell_text(stream->name),
                          lots_cell_text(span_name(stream->span)), lots_cell_number(stream->undated),
                          lots_cell_number(stream->no_identity), lots_cell_number((uint64_t)stream->ghost_days)));
    for (uint32_t i = 0; i < stream->level_count; i++) {
        const lots_level *level = &stream->levels[i];
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO level VALUES(?1,?2,?3,?4,?5)", lots_cell_number(generation),
                              lots_cell_text(stream->name), lots_cell_text(level->value),
                              lots_cell_number(level->rank),
                              level->has_span ? lots_cell_text(span_name(level->span)) : lots_cell_null()));
    }
    return describe_columns(sql, "INSERT INTO stream_column VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)", generation,
                            stream->name, stream->columns, stream->column_count, err);
}

static lots_cell column_name(const lots_table_schema *table, int32_t column)
{
    return column < 0 ? lots_cell_null() : lots_cell_text(table->columns[column].name);
}

static lots_status describe_table(lots_sql *sql, uint64_t generation, uint32_t ordinal,
                                  const lots_table_schema *table, lots_error *err)
{
    LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO registry_table VALUES(?1,?2,?3,?4,?5,?6)",
                          lots_cell_number(generation), lots_cell_number(ordinal), lots_cell_text(table->name),
                          column_name(table, table->key_column), column_name(table, table->valid_from_column),
                          column_name(table, table->valid_to_column)));
    return describe_columns(sql, "INSERT INTO table_column VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)", generation,
                            table->name, table->columns, table->column_count, err);
}

lots_status lots_catalog_describe(lots_sql *sql, uint64_t generation, const lots_schema *schema, lots_error *err)
{
    for (uint32_t i = 0; i < schema->system_count; i++) {
        const lots_code_system *system = &schema->systems[i];
        LOTS_TRY(LOTS_SQL_RUN(sql, err, "INSERT INTO code_system VALUES(?1,?2,?3,?4)", lots_cell_number(generation),
                              lots_cell_text(system->name), lots_cell_text(lots_code_form_name(system->form)),
                              lots_cell_text(system->version)));
    }
    for (uint32_t i = 0; i < schema->stream_count; i++)
        LOTS_TRY(describe_stream(sql, generation, i, &schema->streams[i], err));
    for (uint32_t i = 0; i < schema->table_count; i++)
        LOTS_TRY(describe_table(sql, generation, i, &schema->tables[i], err));
    return LOTS_OK;
}
