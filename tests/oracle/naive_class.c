/* naive_class.c: classifications, read from their files (query/std/classifications/README.md), and what they say of codes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle/naive_inner.h"

enum { FIELDS = 64, LINE_BYTES = 1 << 16, GROUPS = 600, WEIGHT_SETS = 16, PATH_BYTES = 200 };

typedef struct code_rule {
    uint32_t group, system;
    bool exact;
    const char *low, *high; /* high NULL: no range */
} code_rule;

typedef struct group_rule {
    bool makes; /* groups[0] is made of the others; else it hides them */
    uint32_t groups[FIELDS];
    uint32_t count;
} group_rule;

typedef struct naive_classes {
    const struct naive_classes *next;
    const char *path;
    const char *systems[FIELDS], *system_names[FIELDS]; /* each with all the names it goes by, between blanks */
    uint32_t system_count;
    const char *groups[GROUPS];
    bool helper[GROUPS];
    uint32_t group_count;
    const char *sets[WEIGHT_SETS];
    uint32_t decimals[WEIGHT_SETS];
    uint32_t set_count;
    int64_t weights[WEIGHT_SETS][GROUPS];
    code_rule *codes;
    uint32_t code_count, code_room;
    group_rule *rules;
    uint32_t rule_count;
} naive_classes;

/* ---- reading ---- */

static const char *keep(naive_run *run, const char *text)
{
    char *out = naive_get(run, strlen(text) + 1, 1);
    return strcpy(out, text);
}

/* Fields of a line, in place. */
static uint32_t split_line(char *line, char separator, char *fields[FIELDS])
{
    uint32_t count = 0;
    char *out = line;
    for (char *at = line; count < FIELDS;) {
        const bool quoted = *at == '"';
        fields[count++] = out;
        at += quoted;
        while (*at != 0 && *at != '\n' && *at != '\r' && (quoted || *at != separator)) {
            if (quoted && *at == '"' && at[1] != '"')
                break;
            at += quoted && *at == '"';
            *out++ = *at++;
        }
        at += quoted && *at == '"';
        const bool more = *at == separator;
        *out++ = 0;
        if (!more)
            break;
        at++;
    }
    return count;
}

static uint32_t find_text(const char *const *texts, uint32_t count, const char *wanted)
{
    uint32_t at = 0;
    while (at < count && strcmp(texts[at], wanted) != 0)
        at++;
    return at;
}

static uint32_t group_called(naive_run *run, const naive_classes *c, const char *name)
{
    const uint32_t at = find_text(c->groups, c->group_count, name);
    if (at == c->group_count)
        naive_refuse(run, "naive: %s: no group %s", c->path, name);
    return at < c->group_count ? at : 0;
}

/* Letters and digits, in upper case. */
static const char *bare(naive_run *run, const char *text, size_t bytes)
{
    char *out = naive_get(run, bytes + 1, 1);
    size_t used = 0;
    for (size_t i = 0; i < bytes; i++)
        if (strchr(".,-_", text[i]) == NULL)
            out[used++] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    return out;
}

static void read_codes(naive_run *run, naive_classes *c, char *const *fields)
{
    for (const char *at = fields[4]; *at != 0;) {
        const size_t bytes = strcspn(at, " ");
        const char *dash = memchr(at, '-', bytes);
        if (c->code_count == c->code_room) {
            c->code_room = 2 * c->code_room + 64;
            code_rule *grown = naive_get(run, c->code_room, sizeof *grown);
            if (c->code_count > 0)
                memcpy(grown, c->codes, c->code_count * sizeof *grown);
            c->codes = grown;
        }
        code_rule *rule = &c->codes[c->code_count];
        *rule = (code_rule){group_called(run, c, fields[1]), find_text(c->systems, c->system_count, fields[2]),
                            strcmp(fields[3], "exact") == 0,
                            bare(run, at, dash != NULL ? (size_t)(dash - at) : bytes), NULL};
        if (dash != NULL)
            rule->high = bare(run, dash + 1, bytes - (size_t)(dash + 1 - at));
        c->code_count += bytes > 0;
        at += bytes + (at[bytes] == ' ');
    }
}

/* Of a number with at most so many decimals, its digits as a whole number. */
static int64_t scaled(const char *text, uint32_t decimals)
{
    const bool negative = *text == '-';
    int64_t out = 0;
    uint32_t after = 0;
    bool point = false;
    for (const char *at = text + negative; *at != 0; at++) {
        if (*at == '.') {
            point = true;
            continue;
        }
        out = out * 10 + (*at - '0');
        after += point;
    }
    for (; after < decimals; after++)
        out *= 10;
    return negative ? -out : out;
}

static void read_rule(naive_run *run, naive_classes *c, char *const *fields, uint32_t count)
{
    group_rule *grown = naive_get(run, c->rule_count + 1, sizeof *grown);
    if (c->rule_count > 0)
        memcpy(grown, c->rules, c->rule_count * sizeof *grown);
    c->rules = grown;
    group_rule *rule = &c->rules[c->rule_count++];
    rule->makes = strcmp(fields[0], "makes") == 0;
    for (uint32_t i = 1; i < count; i++)
        if (fields[i][0] != 0)
            rule->groups[rule->count++] = group_called(run, c, fields[i]);
}

static void read_line(naive_run *run, naive_classes *c, char *const *fields, uint32_t count)
{
    const char *what = fields[0];
    if (strcmp(what, "system") == 0) {
        char names[400];
        snprintf(names, sizeof names, "%s %s", fields[1], count > 5 ? fields[5] : "");
        c->systems[c->system_count] = keep(run, fields[1]);
        c->system_names[c->system_count++] = keep(run, names);
    } else if (strcmp(what, "weights") == 0) {
        c->sets[c->set_count] = keep(run, fields[1]);
        c->decimals[c->set_count++] = count > 2 ? (uint32_t)atoi(fields[2]) : 0;
    } else if (strcmp(what, "group") == 0) {
        c->helper[c->group_count] = count > 3 && strcmp(fields[3], "helper") == 0;
        c->groups[c->group_count++] = keep(run, fields[1]);
    } else if (strcmp(what, "weight") == 0) {
        const uint32_t set = find_text(c->sets, c->set_count, fields[2]);
        c->weights[set][group_called(run, c, fields[1])] = scaled(fields[3], c->decimals[set]);
    } else if (strcmp(what, "codes") == 0) {
        read_codes(run, c, fields);
    } else if (strcmp(what, "hides") == 0 || strcmp(what, "makes") == 0) {
        read_rule(run, c, fields, count);
    }
}

static const naive_classes *read_classes(naive_run *run, const char *path)
{
    static char line[LINE_BYTES];
    char *fields[FIELDS] = {NULL};
    for (const naive_classes *c = run->classes; c != NULL; c = c->next)
        if (strcmp(c->path, path) == 0)
            return c;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    naive_classes *out = naive_get(run, 1, sizeof *out);
    *out = (naive_classes){.next = run->classes, .path = keep(run, path)};
    run->classes = out;
    char separator = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (separator == 0)
            separator = strchr(line, ';') != NULL ? ';' : ',';
        read_line(run, out, fields, split_line(line, separator, fields));
    }
    fclose(file);
    return out;
}

/* A name is a shipped one, a text the path of a file. */
static const naive_classes *classes_called(naive_run *run, const char *name, bool shipped)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, shipped ? "query/std/classifications/%s.csv" : "%s", name);
    return read_classes(run, path);
}

/* ---- codes and groups ---- */

static int next_letter(const char **at, const char *end)
{
    while (*at < end && strchr(".,-_", **at) != NULL)
        ++*at;
    const char letter = *at < end ? *(*at)++ : 0;
    return letter >= 'a' && letter <= 'z' ? letter - 32 : letter;
}

/* Is the registry's system called by one of these names? Case and marks don't matter. */
static bool goes_by(const char *names, const char *system)
{
    for (const char *at = names; *at != 0;) {
        const char *end = at + strcspn(at, " "), *name = at, *wanted = system, *wanted_end = system + strlen(system);
        int a = 1, b = 1;
        while (a == b && a != 0) {
            a = next_letter(&name, end);
            b = next_letter(&wanted, wanted_end);
        }
        if (a == b && end > at)
            return true;
        at = end + (*end == ' ');
    }
    return false;
}

static bool code_fits(const code_rule *rule, const naive_value *code)
{
    if (rule->high == NULL && rule->low[0] != code->text[0]) /* most of them, at once */
        return false;
    if (rule->high != NULL)
        return strcmp(code->text, rule->low) >= 0 && strncmp(code->text, rule->high, strlen(rule->high)) <= 0;
    return rule->exact ? strcmp(code->text, rule->low) == 0 : strncmp(code->text, rule->low, strlen(rule->low)) == 0;
}

static void find_groups(const naive_classes *c, const naive_value *codes, bool present[GROUPS])
{
    const naive_value *items = codes->kind == NAIVE_SET ? codes->items : codes;
    const uint32_t count = codes->missing ? 0 : codes->kind == NAIVE_SET ? codes->count : 1;
    memset(present, 0, GROUPS * sizeof *present);
    for (uint32_t i = 0; i < count; i++) {
        bool own[FIELDS] = {false};
        for (uint32_t system = 0; !items[i].missing && system < c->system_count; system++)
            own[system] = goes_by(c->system_names[system], items[i].system);
        for (uint32_t k = 0; k < c->code_count; k++)
            if (own[c->codes[k].system] && code_fits(&c->codes[k], &items[i]))
                present[c->codes[k].group] = true;
    }
}

static void apply_rules(const naive_classes *c, bool present[GROUPS])
{
    bool judged[GROUPS];
    for (uint32_t r = 0; r < c->rule_count; r++) {
        const group_rule *rule = &c->rules[r];
        bool all = rule->makes;
        for (uint32_t i = 1; i < rule->count; i++)
            all = all && present[rule->groups[i]];
        if (all)
            present[rule->groups[0]] = true;
    }
    memcpy(judged, present, sizeof judged);
    for (uint32_t r = 0; r < c->rule_count; r++)
        for (uint32_t i = 1; !c->rules[r].makes && judged[c->rules[r].groups[0]] && i < c->rules[r].count; i++)
            present[c->rules[r].groups[i]] = false;
}

static naive_value groups_value(naive_run *run, const naive_classes *c, const bool present[GROUPS])
{
    naive_value *items = naive_get(run, c->group_count, sizeof *items);
    uint32_t count = 0;
    for (uint32_t g = 0; g < c->group_count; g++)
        if (present[g] && !c->helper[g])
            items[count++] = naive_text(c->groups[g]);
    return naive_distinct(run, items, count);
}

static naive_value score_value(const naive_classes *c, const bool present[GROUPS], uint32_t set)
{
    int64_t sum = 0;
    for (uint32_t g = 0; g < c->group_count; g++)
        sum += present[g] && !c->helper[g] ? c->weights[set][g] : 0;
    return naive_decimal(sum, c->decimals[set]);
}

/* ---- calls ---- */

static naive_value codes_of(naive_run *run, const naive_env *env, const lots_ast_call *call, uint32_t argument)
{
    const lots_ast_clause *over = naive_clause(call, LOTS_AST_CLAUSE_OVER);
    if (over == NULL)
        return naive_argument(run, env, call, argument);
    const naive_value set = naive_eval(run, env, over->value);
    if (set.kind != NAIVE_EVENTS)
        return naive_refuse(run, "naive: groups over what?");
    return naive_values_over(run, env, set.events, call->args[argument].value);
}

static const naive_classes *named(naive_run *run, const lots_ast_node *node, const char **set)
{
    *set = NULL;
    if (node->kind == LOTS_AST_MEMBER && node->member.base->kind == LOTS_AST_NAME) {
        *set = node->member.name.text;
        node = node->member.base;
    }
    if (node->kind == LOTS_AST_STRING)
        return classes_called(run, node->string.text, false);
    return node->kind == LOTS_AST_NAME ? classes_called(run, node->name.text, true) : NULL;
}

static naive_value ruled(naive_run *run, const naive_env *env, const lots_ast_call *call)
{
    const char *set_name;
    const naive_classes *c = call->arg_count == 2 ? named(run, call->args[0].value, &set_name) : NULL;
    bool present[GROUPS];
    if (c == NULL)
        return naive_refuse(run, "naive: which classification?");
    const naive_value codes = codes_of(run, env, call, 1);
    if (codes.missing)
        return codes;
    find_groups(c, &codes, present);
    apply_rules(c, present);
    if (call->name.text[0] == 'g')
        return groups_value(run, c, present);
    const uint32_t set = set_name != NULL ? find_text(c->sets, c->set_count, set_name) : 0;
    return set < c->set_count ? score_value(c, present, set) : naive_refuse(run, "naive: no weights %s", set_name);
}

bool naive_classify(naive_run *run, const naive_env *env, const lots_ast_call *call, naive_value *out)
{
    const char *name = call->name.text;
    bool present[GROUPS];
    if (strcmp(name, "groups") == 0 || strcmp(name, "score") == 0) {
        *out = ruled(run, env, call);
        return true;
    }
    const naive_classes *c = call->arg_count == 1 && strchr(name, '/') == NULL ? classes_called(run, name, true) : NULL;
    if (c == NULL)
        return false;
    *out = codes_of(run, env, call, 0);
    if (out->missing)
        return true;
    find_groups(c, out, present);
    *out = groups_value(run, c, present);
    return true;
}

naive_value naive_code_class(naive_run *run, const naive_value *codes, const char *name)
{
    const bool block = strcmp(name, "block") == 0;
    naive_value *items = naive_get(run, codes->count + 1, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < (codes->kind == NAIVE_SET ? codes->count : 1) && !codes->missing; i++) {
        const naive_value *code = codes->kind == NAIVE_SET ? &codes->items[i] : codes;
        const bool drug = strcmp(code->system, "atc") == 0;
        const naive_classes *c = classes_called(run, drug ? "atc_main" : block ? "icd10_blocks" : "icd10_chapters", true);
        bool present[GROUPS];
        if (c == NULL || (drug && block))
            return naive_refuse(run, "naive: no %s", name);
        find_groups(c, code, present);
        const naive_value groups = groups_value(run, c, present);
        if (groups.count > 0)
            items[count++] = groups.items[0];
    }
    if (codes->kind == NAIVE_SET)
        return naive_distinct(run, items, count);
    return count > 0 ? items[0] : naive_missing(NAIVE_TEXT);
}
