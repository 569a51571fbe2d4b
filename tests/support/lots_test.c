#include "tests/support/lots_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void lots_test_directory(char out[512])
{
    const char *base = getenv("TMPDIR");
    snprintf(out, 512, "%s/lots-test-XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(out) == NULL)
        fail_msg("no directory for the test: %s", out);
}

const char *lots_test_shared(const char *below)
{
    static char path[512];
    const char *root = getenv("LOTS_SHARED");
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", root != NULL ? root : "../shared", below);
    return stat(path, &found) == 0 ? path : NULL;
}

bool lots_test_full(void) { return getenv("LOTS_TEST_FULL") != NULL; }

uint64_t lots_test_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
