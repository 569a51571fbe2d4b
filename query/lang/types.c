/* types.c: how types are named and compared. See types.h. */
#include "query/lang/types.h"

#include <stdio.h>

static const char *kind_name(lots_type_kind kind)
{
    switch (kind) {
    case LOTS_TYPE_MISSING: return "missing";
    case LOTS_TYPE_BOOL: return "bool";
    case LOTS_TYPE_INT: return "int";
    case LOTS_TYPE_DECIMAL: return "decimal";
    case LOTS_TYPE_FLOAT: return "float";
    case LOTS_TYPE_DATE: return "date";
    case LOTS_TYPE_DAYS: return "duration in days";
    case LOTS_TYPE_MONTHS: return "duration in months";
    case LOTS_TYPE_INTERVAL: return "interval";
    case LOTS_TYPE_CATEGORY: return "category";
    case LOTS_TYPE_TEXT: return "text";
    case LOTS_TYPE_CODE: return "code";
    case LOTS_TYPE_SET: return "set";
    case LOTS_TYPE_EVENTS: return "events";
    case LOTS_TYPE_TUPLE: return "tuple";
    }
    return "?";
}

void lots_type_format(const lots_type *type, char out[96])
{
    if (type->kind == LOTS_TYPE_DECIMAL)
        snprintf(out, 96, "decimal(%u)", (unsigned)type->scale);
    else if (type->kind == LOTS_TYPE_SET)
        snprintf(out, 96, "set of %s", kind_name(type->element));
    else if (type->kind == LOTS_TYPE_EVENTS)
        snprintf(out, 96, "%s", type->single ? "event" : "events");
    else if (type->kind == LOTS_TYPE_CATEGORY && type->domain != NULL)
        snprintf(out, 96, "category '%.63s'", type->domain);
    else
        snprintf(out, 96, "%s", kind_name(type->kind));
}

bool lots_type_same(const lots_type *a, const lots_type *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case LOTS_TYPE_DECIMAL: return a->scale == b->scale;
    case LOTS_TYPE_CATEGORY: return a->dictionary == b->dictionary;
    case LOTS_TYPE_EVENTS: return a->relation == b->relation && a->single == b->single;
    case LOTS_TYPE_SET:
        return a->element == b->element && (a->element != LOTS_TYPE_DECIMAL || a->scale == b->scale) &&
               (a->element != LOTS_TYPE_CATEGORY || a->dictionary == b->dictionary);
    default: return true;
    }
}

bool lots_type_is_number(const lots_type *type)
{
    return type->kind == LOTS_TYPE_INT || type->kind == LOTS_TYPE_DECIMAL || type->kind == LOTS_TYPE_FLOAT;
}
