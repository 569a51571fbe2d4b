#!/bin/sh
# Write the query files named as arguments as a C source to standard output: the library that is built into the program.
echo '/* Made by query/std/embed.sh from the query files of query/std. */'
echo '#include "query/lang/library.h"'
echo 'const lots_library_text lots_library[] = {'
for file in "$@"; do
    printf '    {"std/%s",\n' "$(basename "$file")"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/     "/' -e 's/$/\\n"/' "$file"
    echo '    },'
done
echo '};'
echo 'const size_t lots_library_count = sizeof lots_library / sizeof *lots_library;'
