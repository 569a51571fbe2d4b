/* bind_unknown.c: what is said of a name that nothing has: what it might have meant, or where it does mean something. */
#include <stdio.h>
#include <string.h>

#include "core/base/day.h"
#include "query/lang/bind_internal.h"
#include "query/lang/suggest.h"

static void suggest_columns(binder *b, suggestion *near, const scope *at)
{
    for (size_t i = 0; i < at->names.count; i++)
        suggest_try(near, LOTS_AT(named, &at->names, i).name, LOTS_AT(named, &at->names, i).bytes);
    if (at->alias != NULL)
        suggest_try(near, at->alias, at->alias_bytes);
    if (at->kind == SCOPE_PATIENT)
        for (uint32_t i = 0; i < b->schema->streams[0].column_count; i++)
            suggest_try(near, b->schema->streams[0].columns[i].name,
                        (uint32_t)strlen(b->schema->streams[0].columns[i].name));
    if (at->relation == UINT32_MAX || at->kind == SCOPE_PATIENT)
        return;
    const lots_relation *relation = bind_relation(b, at->relation);
    for (uint32_t i = 0; i < relation->column_count; i++)
        suggest_try(near, relation->columns[i].name, (uint32_t)strlen(relation->columns[i].name));
}

/* A let or param that stands further down, or is being defined. */
static bool stands_below(const binder *b, const lots_ast_name *name)
{
    for (size_t i = b->sight.visible; i < b->globals.count; i++) {
        const lots_ast_name *other = &LOTS_AT(global, &b->globals, i).statement->name;
        if (other->bytes == name->bytes && memcmp(other->text, name->text, name->bytes) == 0)
            return !LOTS_AT(global, &b->globals, i).argument;
    }
    return false;
}

static bool is_word_byte(char c)
{
    return c == '_' || (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is `column` called as it was reckoned, chronic(dx), and the name a word of it? */
static bool is_reckoned_with(const char *column, uint32_t bytes, const lots_ast_name *name)
{
    if (name->bytes == 0 || memchr(column, '(', bytes) == NULL)
        return false;
    for (uint32_t at = 0; at + name->bytes <= bytes; at++)
        if (memcmp(column + at, name->text, name->bytes) == 0 && (at == 0 || !is_word_byte(column[at - 1])) &&
            (at + name->bytes == bytes || !is_word_byte(column[at + name->bytes])))
            return true;
    return false;
}

/* A column in reach that is called so: how an unnamed key or result is reached can't be guessed. */
static bool find_reckoned(binder *b, const scope *from, const lots_ast_name *name, const char **column, uint32_t *bytes)
{
    for (const scope *at = from; at != NULL; at = at->outer) {
        const lots_relation *relation = at->relation == UINT32_MAX ? NULL : bind_relation(b, at->relation);
        for (size_t i = 0; i < at->names.count; i++) {
            *column = LOTS_AT(named, &at->names, i).name;
            *bytes = LOTS_AT(named, &at->names, i).bytes;
            if (is_reckoned_with(*column, *bytes, name))
                return true;
        }
        for (uint32_t i = 0; relation != NULL && i < relation->column_count; i++) {
            *column = relation->columns[i].name;
            *bytes = (uint32_t)strlen(*column);
            if (is_reckoned_with(*column, *bytes, name))
                return true;
        }
    }
    return false;
}

/* A word that means something only with a day. */
static bool wants_day(const lots_ast_name *name)
{
    return lots_ast_name_is(name, "age") || lots_ast_name_is(name, "alive");
}

/* A stream whose column it is; NULL. */
static const lots_stream *stream_with(const binder *b, const lots_ast_name *name)
{
    for (uint32_t i = 1; i < b->schema->stream_count; i++)
        if (lots_stream_find_column(&b->schema->streams[i], name->text, name->bytes) >= 0)
            return &b->schema->streams[i];
    return NULL;
}

static bool is_one_of(const lots_ast_name *name, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lots_ast_name_is(name, words[i]))
            return true;
    return false;
}

/* Words that mean a person elsewhere. */
static bool wants_persons(const lots_ast_name *name)
{
    static const char *const words[] = {"patient", "person", "persons", "people"};
    return is_one_of(name, words, sizeof words / sizeof *words);
}

/* Words that mean the day of asking elsewhere: an answer never depends on it. */
static bool wants_today(const lots_ast_name *name)
{
    static const char *const words[] = {"today", "now", "sysdate", "current_date"};
    return is_one_of(name, words, sizeof words / sizeof *words);
}

/* Who asks it of rows that don't have it has events in mind. */
static void hint_owner(binder *b, const lots_stream *owner, const lots_ast_name *name)
{
    const int bytes = (int)name->bytes;
    const lots_kind kind = owner->columns[lots_stream_find_column(owner, name->text, name->bytes)].kind;
    if (kind == LOTS_KIND_CODE || kind == LOTS_KIND_CODES)
        lots_error_hint(b->err, "%s have it: exists(%s where %.*s in {…}), … %.*s over %s, or first(%s).%.*s", owner->name,
                        owner->name, bytes, name->text, bytes, name->text, owner->name, owner->name, bytes, name->text);
    else
        lots_error_hint(b->err, "%s have it: … %.*s over %s, or first(%s).%.*s", owner->name, bytes, name->text, owner->name,
                        owner->name, bytes, name->text);
}

/* Words that mean an event's first day elsewhere. */
static bool wants_start(const lots_ast_name *name)
{
    static const char *const words[] = {"date", "visit_date", "event_date", "start_date"};
    return is_one_of(name, words, sizeof words / sizeof *words);
}

static void suggest_all(binder *b, const scope *from, suggestion *near)
{
    for (const scope *at = from; at != NULL; at = at->outer)
        suggest_columns(b, near, at);
    for (uint32_t i = 0; i < b->sight.argument_count; i++) {
        const lots_ast_name *other = &LOTS_AT(global, &b->globals, b->sight.argument_first + i).statement->name;
        suggest_try(near, other->text, other->bytes);
    }
    for (uint32_t i = 0; i < b->sight.visible; i++) {
        const lots_ast_name *other = &LOTS_AT(global, &b->globals, i).statement->name;
        suggest_try(near, other->text, other->bytes);
    }
    if (from->kind == SCOPE_TABLE)
        return;
    bind_suggest_cohorts(b, near);
    for (uint32_t i = 1; i < b->schema->stream_count; i++)
        suggest_try(near, b->schema->streams[i].name, (uint32_t)strlen(b->schema->streams[i].name));
}

/* What rows have, where nothing they have is like it. */
static void hint_columns(binder *b, const scope *from)
{
    const lots_relation *relation = from->relation == UINT32_MAX ? NULL : bind_relation(b, from->relation);
    const lots_stream *persons = &b->schema->streams[0];
    const uint32_t count = relation != NULL ? relation->column_count : persons->column_count;
    char columns[400] = "";
    size_t bytes = 0;
    uint32_t i = 0;
    for (; i < count; i++) {
        const char *name = relation != NULL ? relation->columns[i].name : persons->columns[i].name;
        if (bytes + strlen(name) + 3 > sizeof columns)
            break;
        bytes += (size_t)snprintf(columns + bytes, sizeof columns - bytes, "%s%s", i > 0 ? ", " : "", name);
    }
    lots_error_hint(b->err, "these rows have %s%s", columns, i < count ? ", …" : "");
}

static bool counts_rows(const lots_ast_name *name)
{
    return lots_ast_name_is(name, "count") || lots_ast_name_is(name, "patients");
}

/* Is it a column that the same `show` makes? */
static bool is_shown_beside(const binder *b, const lots_ast_name *name)
{
    for (uint32_t i = 0; b->question != NULL && i < b->question->stage_count; i++) {
        const lots_ast_stage *stage = &b->question->stages[i];
        if (stage->kind != LOTS_AST_STAGE_SHOW || name->span.at < stage->span.at || name->span.at >= stage->span.end)
            continue;
        for (uint32_t k = 0; k < stage->show.count; k++)
            if (stage->show.items[k].name.bytes == name->bytes && stage->show.items[k].name.text != NULL &&
                memcmp(stage->show.items[k].name.text, name->text, name->bytes) == 0)
                return true;
    }
    return false;
}

static bool is_date(const lots_ast_name *name)
{
    lots_day day;
    return lots_day_parse(name->text, name->bytes, &day);
}

lots_status bind_unknown(binder *b, scope *from, const lots_ast_name *name)
{
    suggestion near;
    suggest_begin(&near, name->text, name->bytes);
    suggest_all(b, from, &near);
    const bool table = from->kind == SCOPE_TABLE;
    if (bind_is_step(b, name)) {
        lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' is another step of the pattern, and which events a "
                                                               "step may bind can't depend on another step",
                                           (int)name->bytes, name->text);
        lots_error_hint(b->err, "a `where` stage after the pattern compares the events that were bound");
        return status;
    }
    if (bind_find_alias(from, name) != NULL) { /* events that have a name are values */
        lots_status status = lots_ast_fail(b->err, name->span, "'%.*s' is a patient, which is no value", (int)name->bytes,
                                           name->text);
        lots_error_hint(b->err, "say which column, as in %.*s.%s", (int)name->bytes, name->text,
                        b->schema->streams[0].columns[0].name);
        return status;
    }
    lots_status status = lots_ast_fail(b->err, name->span, "there is no '%.*s' here", (int)name->bytes, name->text);
    const lots_stream *owner = table ? NULL : stream_with(b, name);
    const char *column = NULL;
    uint32_t bytes = 0;
    if (stands_below(b, name))
        lots_error_hint(b->err, "a let sees what stands above it, and never itself");
    else if (find_reckoned(b, from, name, &column, &bytes))
        lots_error_hint(b->err, "the column is called \"%.*s\": write it with its quotes", (int)bytes, column);
    else if (owner != NULL)
        hint_owner(b, owner, name);
    else if (lots_schema_find_table(b->schema, name->text, name->bytes) >= 0)
        lots_error_hint(b->err, "it is a table of the registry: from table %.*s, join %.*s on …", (int)name->bytes, name->text,
                        (int)name->bytes, name->text);
    else if (!table && wants_day(name))
        lots_error_hint(b->err, "`%.*s` is as of a day: %.*s at 2023-01-01", (int)name->bytes, name->text, (int)name->bytes,
                        name->text);
    else if (wants_today(name))
        lots_error_hint(b->err, "the last day that the data reach is registry.until");
    else if (is_shown_beside(b, name))
        lots_error_hint(b->err, "the items of a `show` don't see one another: reckon with it in a `derive` after it");
    else if (table ? b->aggregation != NULL && counts_rows(name) : bind_is_function(name))
        lots_error_hint(b->err, "it is a function: write %.*s(%s)", (int)name->bytes, name->text, counts_rows(name) ? "" : "…");
    else if (!table && wants_start(name))
        lots_error_hint(b->err, "an event's first day is `start`, its last `end`");
    else if (near.found)
        lots_error_hint(b->err, "did you mean `%s`?", near.text);
    else if ((!table || b->aggregation != NULL) && wants_persons(name))
        lots_error_hint(b->err, "`from patients` has a row for each person, and patients() counts them");
    else if (table && bind_is_pivoted(b))
        lots_error_hint(b->err, "after pivot only the keys that are left have names");
    else if (table && bind_is_about_nobody(b))
        lots_error_hint(b->err, "these rows are a table's, about nobody: only its columns are in reach");
    else if (table && lots_schema_find_stream(b->schema, name->text, name->bytes) > 0)
        lots_error_hint(b->err, "the rows are groups: what each person has of %.*s is made in a `derive` before, as n = count(%.*s)",
                        (int)name->bytes, name->text, (int)name->bytes, name->text);
    else if (table)
        lots_error_hint(b->err, "after group by the rows are groups: only their keys and shown columns are in reach");
    else if (name->quoted && is_date(name))
        lots_error_hint(b->err, "a date stands without quotes, as %.*s", (int)name->bytes, name->text);
    else if (name->quoted)
        lots_error_hint(b->err, "\"…\" is a name; a text stands in '…'");
    else if (!table && from->kind != SCOPE_ARGS)
        hint_columns(b, from);
    return status;
}
