/* command_pin.c: `lots pin`: keep a generation under a name, let it go, list what is kept. */
#include "core/base/memory.h"
#include "core/store/registry.h"
#include "query/cli/command.h"
#include "query/cli/options.h"
#include "query/out/listing.h"

static lots_status list_pins(lots_program *program, const char *path, lots_error *err)
{
    static const lots_listing_column columns[] = {{"pin", LOTS_TYPE_TEXT}, {"generation", LOTS_TYPE_INT}};
    lots_output_options options = lots_program_output(program, NULL);
    lots_listing listing = lots_listing_begin(columns, 2);
    lots_pin *pins = NULL;
    size_t count = 0;
    LOTS_TRY(lots_registry_pins(path, &pins, &count, err));
    lots_status status = LOTS_OK;
    for (size_t i = 0; i < count && status == LOTS_OK; i++) {
        status = lots_listing_text(&listing, pins[i].name, err);
        if (status == LOTS_OK)
            status = lots_listing_int(&listing, pins[i].generation, err);
    }
    if (status == LOTS_OK)
        status = lots_listing_write(&listing, LOTS_FORMAT_TABLE, &options, &program->out, err);
    lots_listing_free(&listing);
    lots_free(pins);
    return status;
}

static lots_status pin_generation(lots_program *program, const char *path, const char *name, const char *number,
                                  lots_error *err)
{
    uint64_t generation = 0;
    if (number != NULL) {
        LOTS_TRY(lots_option_number("generation", number, INT64_MAX, &generation, err));
        if (generation == 0)
            return lots_fail(err, LOTS_USAGE, "generations count from 1");
    } else {
        lots_registry *registry = NULL;
        LOTS_TRY(lots_registry_open(&registry, path, NULL, err));
        generation = lots_registry_generation(registry);
        lots_registry_close(registry);
    }
    LOTS_TRY(lots_registry_pin(path, name, generation, err));
    return lots_bytes_printf(&program->out.text, err, "generation %llu is kept as '%s'\n",
                             (unsigned long long)generation, name);
}

static lots_status run_pin(lots_program *program, int argc, char **argv, lots_error *err)
{
    static const lots_option list[] = {{"drop", 0, false}};
    lots_options words = {list, 1, argv, argc, 0, false};
    const char *operands[3] = {NULL, NULL, NULL}, *value = NULL;
    size_t count = 0;
    bool drop = false;
    for (int which = 0;;) {
        LOTS_TRY(lots_options_next(&words, &which, &value, err));
        if (which == LOTS_OPTION_HELP)
            return lots_sink_text(&program->out, lots_command_pin.help, err);
        if (which == LOTS_OPTION_END)
            break;
        if (which == 0)
            drop = true;
        else if (count == 3)
            return lots_fail(err, LOTS_USAGE, "'%s' is one word too many", value);
        else
            operands[count++] = value;
    }
    if (count == 0 || (drop && count != 2))
        return lots_fail(err, LOTS_USAGE, count == 0 ? "which registry? lots pin REG.lots NAME [GENERATION]"
                                                     : "--drop wants a registry and a name");
    if (count == 1)
        return list_pins(program, operands[0], err);
    if (!drop)
        return pin_generation(program, operands[0], operands[1], operands[2], err);
    LOTS_TRY(lots_registry_pin(operands[0], operands[1], 0, err));
    return lots_bytes_printf(&program->out.text, err, "'%s' is dropped\n", operands[1]);
}

const lots_command lots_command_pin = {
    "pin", "keep a generation for good",
    "Examples:\n"
    "  lots pin reg.lots paper-2024\n"
    "  lots pin reg.lots paper-2024 --drop\n"
    "  lots pin reg.lots\n"
    "\n"
    "lots pin REG.lots [NAME [GENERATION]]\n"
    "\n"
    "Keep a generation (the current one, or that number) under a name, so that later loads don't remove it;\n"
    "`lots query --generation NAME` reads it. Without a name: list what is kept.\n"
    "\n"
    "      --drop           let the name go\n",
    run_pin};
