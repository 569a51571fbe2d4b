/* ast_print.h: what the two halves of the printer share. For ast_print.c and ast_print_pipeline.c only. */
#ifndef LOTS_QUERY_AST_PRINT_H
#define LOTS_QUERY_AST_PRINT_H

#include "query/lang/ast.h"

typedef struct lots_ast_printer {
    lots_bytes *out;
    lots_error *err;
    lots_ast_stand_in stand_in; /* NULL: calls are printed as they are */
    void *context;
} lots_ast_printer;

LOTS_MUST lots_status lots_print_text(lots_ast_printer *p, const char *text);
LOTS_MUST lots_status lots_print_name(lots_ast_printer *p, const lots_ast_name *name);
/* 'text', quotes doubled. */
LOTS_MUST lots_status lots_print_string(lots_ast_printer *p, lots_ast_text text);
/* A value in a place of that level: in brackets when it is looser. */
LOTS_MUST lots_status lots_print_value(lots_ast_printer *p, const lots_ast_node *node, lots_ast_level level);
LOTS_MUST lots_status lots_print_bracketed(lots_ast_printer *p, const lots_ast_node *node);
/* A sum behind one of the plain names top, bottom, gap, max: in brackets if it began with a minus. */
LOTS_MUST lots_status lots_print_amount(lots_ast_printer *p, const lots_ast_node *node);
LOTS_MUST lots_status lots_print_items(lots_ast_printer *p, const lots_ast_items *items);
LOTS_MUST lots_status lots_print_keys(lots_ast_printer *p, const lots_ast_keys *keys);

#endif
