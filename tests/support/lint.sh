#!/bin/sh
# The structure of the tree, held: ingest -> core <- query, only query/cli sees both; lang <- exec <- plan and out <- cli; malloc has one door; SQLite has two.
bad=0
say() { # what, lines
    [ -z "$2" ] && return
    bad=1
    echo "lint: $1:"
    echo "$2" | sed 's/^/  /'
}
say 'core sees more than core' "$(grep -nE '#include "(ingest|query|bench|tests)/' -r core)"
say 'ingest sees query' "$(grep -nE '#include "(query|bench|tests)/' -r ingest)"
say 'query sees ingest outside query/cli' "$(grep -nE '#include "(ingest|bench|tests)/' -r query | grep -v '^query/cli/')"
say 'query/lang sees more than lang' "$(grep -nE '#include "query/(exec|plan|out|cli)/' -r query/lang)"
say 'query/exec sees more than lang' "$(grep -nE '#include "query/(plan|out|cli)/' -r query/exec)"
say 'query/plan sees more than lang and exec' "$(grep -nE '#include "query/(out|cli)/' -r query/plan)"
say 'query/out sees the plan or the commands' "$(grep -nE '#include "query/(plan|cli)/' -r query/out)"
say 'raw malloc outside core/base' "$(grep -nE '\b(malloc|calloc|realloc|free)\(' -r core ingest query --include='*.c' --include='*.h' | grep -vE '^core/base/(memory|arena)\.c:|lots_free\(|_free\(|^[^:]*:[0-9]*: *(/?\*|//)')"
say 'SQLite outside its files' "$(grep -nE '#include <sqlite3.h>' -r core ingest query | grep -vE '^core/store/catalog[a-z_]*\.[ch]:|^ingest/sqlite_source\.c:|^query/out/sqlite')"
say 'left-over markers' "$(grep -nE '\b(TODO|FIXME|XXX)\b' -r core ingest query tests Makefile --include='*.c' --include='*.h' --include='Makefile')"
exit $bad
