/* driver.c - runs a fuzz target without a fuzzer: driver SECONDS FOLDER..
 *
 * Each file of the folders as it is, cut at every length (of a long file: at
 * many), and then, until the time is up, with bytes changed, cut out and moved;
 * the same changes in every run.  A sanitizer says what went wrong; run again
 * with FUZZ_KEEP=1, and the input lies in fuzz_input.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/philox.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One input, in memory of exactly its size, so that a sanitizer sees its end.
 */
static void try(const char *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    FILE *file = getenv("FUZZ_KEEP") ? fopen("fuzz_input", "wb") : NULL;

    if (file) {
        fwrite(data, 1, size, file);
        fclose(file);
    }
    if (!copy) return;
    if (size) memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void cut(const char *data, size_t size)
{
    size_t step = size / 400 + 1;

    for (size_t n = 0; n < size; n += step) try(data, n);
    try(data, size);
}

/* Change number `round` of a file: 1 to 8 places, at each a new byte, a bit
 * turned, or a stretch of the file copied there. */
static void mutate(char *data, size_t size, uint32_t round)
{
    struct crema_philox r = crema_philox(round, 0, 0, 0, 1, 2);
    uint32_t places = 1 + r.v[0] % 8;

    for (uint32_t i = 0; i < places; i++) {
        r = crema_philox(round, i + 1, 0, 0, 1, 2);
        size_t at = r.v[0] % size, from = r.v[3] % size, n = 1 + r.v[2] % 16;

        if (r.v[1] % 3 == 0) data[at] = (char)r.v[2];
        if (r.v[1] % 3 == 1) data[at] ^= (char)(1u << r.v[2] % 8);
        if (r.v[1] % 3 == 2 && at + n <= size && from + n <= size)
            memmove(data + at, data + from, n);
    }
}

static void feed(char *data, size_t size, uint32_t round, uint32_t i)
{
    if (round == 0) cut(data, size);
    if (round == 0 || size == 0) return;
    mutate(data, size, round * 1000 + i);
    try(data, round % 4 ? size : size - round % size);
}

/* All files at and below the folder, in order; how many there were. */
static int files(const char *folder, struct crema_ctx *ctx, uint32_t round)
{
    struct dirent **entry;
    int n = scandir(folder, &entry, NULL, alphasort), done = 0;

    for (int i = 0; i < n; i++) {
        char path[4096], *data;
        size_t size;

        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (entry[i]->d_type == DT_DIR && entry[i]->d_name[0] != '.')
            done += files(path, ctx, round);
        free(entry[i]);
        if (crema_file_read(ctx, path, &data, &size) != CREMA_OK) continue;
        done++;
        feed(data, size, round, (uint32_t)i);
        free(data);
    }
    if (n >= 0) free(entry);
    return done;
}

int main(int argc, char **argv)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    double end = crema_seconds() + (argc > 2 ? atof(argv[1]) : 0);
    uint32_t rounds = 0;
    int found = argc > 2;

    for (int i = 2; ctx && i < argc; i++)
        if (files(argv[i], ctx, 0) == 0) found = 0;
    if (!ctx || !found) {
        fprintf(stderr, "usage: %s SECONDS FOLDER.., with files in each\n",
                argv[0]);
        return 2;
    }
    while (crema_seconds() < end) {
        rounds++;
        for (int i = 2; i < argc; i++)
            files(argv[i], ctx, rounds + (uint32_t)(i - 2) * 1000003);
    }
    printf("%u rounds of changes\n", rounds);
    crema_ctx_free(ctx);
    return 0;
}
