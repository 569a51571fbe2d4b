/* options.c: see options.h. */
#include "query/cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "query/lang/hint.h"

enum { NAMES_MAX = 32 }; /* options of one command */

static lots_status fail_unknown(const lots_options *options, const char *word, size_t bytes, lots_error *err)
{
    const char *names[NAMES_MAX + 1];
    size_t count = 0;
    for (size_t i = 0; i < options->count && i < NAMES_MAX; i++)
        names[count++] = options->list[i].name;
    names[count++] = "help";
    lots_fail(err, LOTS_USAGE, "there is no option '%s'", word);
    const char *near = bytes < 3 ? NULL : lots_hint_nearest(word + 2, bytes - 2, names, count);
    if (near != NULL)
        lots_error_hint(err, "did you mean --%s?", near);
    else
        lots_error_hint(err, "--help lists the options");
    return LOTS_USAGE;
}

static int find_name(const lots_options *options, const char *name, size_t bytes)
{
    for (size_t i = 0; i < options->count; i++)
        if (strlen(options->list[i].name) == bytes && memcmp(options->list[i].name, name, bytes) == 0)
            return (int)i;
    return LOTS_OPTION_END;
}

static int find_letter(const lots_options *options, char letter)
{
    for (size_t i = 0; i < options->count; i++)
        if (options->list[i].letter == letter)
            return (int)i;
    return LOTS_OPTION_END;
}

/* `attached`: the value written in the same word, or NULL. */
static lots_status take_value(lots_options *options, int which, const char *attached, const char **value, lots_error *err)
{
    const lots_option *option = &options->list[which];
    if (!option->takes_value)
        return attached == NULL ? LOTS_OK : lots_fail(err, LOTS_USAGE, "--%s takes no value", option->name);
    if (attached != NULL) {
        *value = attached;
        return LOTS_OK;
    }
    if (options->at >= options->argc)
        return lots_fail(err, LOTS_USAGE, "--%s needs a value", option->name);
    *value = options->argv[options->at++];
    return LOTS_OK;
}

static lots_status long_option(lots_options *options, const char *word, int *which, const char **value, lots_error *err)
{
    const char *equals = strchr(word, '=');
    size_t bytes = equals != NULL ? (size_t)(equals - word) : strlen(word);
    if (strcmp(word, "--help") == 0) {
        *which = LOTS_OPTION_HELP;
        return LOTS_OK;
    }
    *which = find_name(options, word + 2, bytes - 2);
    if (*which < 0)
        return fail_unknown(options, word, bytes, err);
    return take_value(options, *which, equals != NULL ? equals + 1 : NULL, value, err);
}

static lots_status short_option(lots_options *options, const char *word, int *which, const char **value, lots_error *err)
{
    if (strcmp(word, "-h") == 0) {
        *which = LOTS_OPTION_HELP;
        return LOTS_OK;
    }
    *which = find_letter(options, word[1]);
    if (*which < 0)
        return fail_unknown(options, word, 0, err);
    return take_value(options, *which, word[2] != '\0' ? word + 2 : NULL, value, err);
}

lots_status lots_options_next(lots_options *options, int *which, const char **value, lots_error *err)
{
    *value = NULL;
    *which = LOTS_OPTION_END;
    if (options->at >= options->argc)
        return LOTS_OK;
    const char *word = options->argv[options->at++];
    if (!options->operands_only && strcmp(word, "--") == 0) {
        options->operands_only = true;
        return lots_options_next(options, which, value, err);
    }
    if (!options->operands_only && word[0] == '-' && word[1] == '-')
        return long_option(options, word, which, value, err);
    if (!options->operands_only && word[0] == '-' && word[1] != '\0')
        return short_option(options, word, which, value, err);
    *which = LOTS_OPTION_OPERAND;
    *value = word;
    return LOTS_OK;
}

lots_status lots_options_each(lots_options *options, lots_status (*take)(void *context, int which, const char *value,
                                                                         lots_error *err),
                              void *context, bool *help, lots_error *err)
{
    const char *value = NULL;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(options, &which, &value, err));
        *help = which == LOTS_OPTION_HELP;
        if (*help || which == LOTS_OPTION_END)
            return LOTS_OK;
        LOTS_TRY(take(context, which, value, err));
    }
}

lots_status lots_option_number(const char *option, const char *value, uint64_t most, uint64_t *out, lots_error *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = value[0] >= '0' && value[0] <= '9' ? strtoull(value, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || number > most)
        return lots_fail(err, LOTS_USAGE, "--%s wants a whole number from 0 to %llu, not '%s'", option,
                         (unsigned long long)most, value);
    *out = number;
    return LOTS_OK;
}

lots_status lots_option_size(const char *option, const char *value, size_t least, size_t *out, lots_error *err)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    errno = 0;
    unsigned long long number = value[0] >= '0' && value[0] <= '9' ? strtoull(value, &end, 10) : 0;
    bool good = end != NULL && errno == 0 && number > 0;
    if (good && *end != '\0') {
        const char *unit = strchr(units, *end >= 'a' ? *end - ('a' - 'A') : *end);
        unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
        good = unit != NULL && (end[1] == '\0' || strcmp(end + 1, "B") == 0 || strcmp(end + 1, "iB") == 0) &&
               number <= (SIZE_MAX >> shift);
        number <<= good ? shift : 0;
    }
    if (!good)
        return lots_fail(err, LOTS_USAGE, "--%s wants a size such as 512M or 2G, not '%s'", option, value);
    if (number < least) {
        lots_fail(err, LOTS_USAGE, "--%s %s is too little: the least is %zuM", option, value, least >> 20);
        if (*end == '\0')
            lots_error_hint(err, "a number alone is bytes: did you mean %sM?", value);
        return LOTS_USAGE;
    }
    *out = (size_t)number;
    return LOTS_OK;
}

lots_status lots_option_part(const char *option, const char *value, double *out, lots_error *err)
{
    char *end = NULL;
    double number = (value[0] >= '0' && value[0] <= '9') || value[0] == '.' ? strtod(value, &end) : -1;
    if (end != NULL && *end == '%') {
        number /= 100;
        end++;
    }
    if (end == NULL || *end != '\0' || !(number >= 0 && number <= 1))
        return lots_fail(err, LOTS_USAGE, "--%s wants a part such as 0.1%% or 0.001, not '%s'", option, value);
    *out = number;
    return LOTS_OK;
}
