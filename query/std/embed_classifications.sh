#!/bin/sh
# Write the classifications named as arguments as a C source to standard output: those that are built into the program.
echo '/* Made by query/std/embed_classifications.sh from the files of query/std/classifications. */'
echo '#include "query/lang/classification.h"'
echo 'const lots_classification_text lots_classification_texts[] = {'
for file in "$@"; do
    printf '    {"%s",\n' "$(basename "$file" .csv)"
    sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/?/\\?/g' -e 's/^/     "/' -e 's/$/\\n"/' "$file"
    echo '    },'
done
echo '};'
echo 'const size_t lots_classification_text_count = sizeof lots_classification_texts / sizeof *lots_classification_texts;'
