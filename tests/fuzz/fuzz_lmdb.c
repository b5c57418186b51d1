/* fuzz_lmdb.c - any bytes as a database's file, looked into by crema db: the
 * child that reads it may fall, the answer is 0 or 1 all the same. */
#include "verbs.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What libFuzzer makes of every exit, the child's included. */
enum { CAUGHT = 77 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0) abort();
}

/* What crema db says is of no interest: both go nowhere, and come back. */
static int say_nothing(int fd)
{
    int kept = dup(fd), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (kept < 0 || nowhere < 0 || dup2(nowhere, fd) < 0) abort();
    close(nowhere);
    return kept;
}

static void speak_again(int fd, int kept)
{
    if (dup2(kept, fd) < 0) abort();
    close(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char verb[] = "db", check[] = "--check", path[] = "fuzz_lmdb.db";
    char *words[] = { verb, check, path, NULL };
    int out, err, status;

    mkdir(path, 0700);
    write_file("fuzz_lmdb.db/data.mdb", data, size);
    fflush(stdout);
    out = say_nothing(STDOUT_FILENO);
    err = say_nothing(STDERR_FILENO);
    status = verb_db(3, words);
    fflush(stdout);
    speak_again(STDOUT_FILENO, out);
    speak_again(STDERR_FILENO, err);
    if (status != 0 && status != 1 && status != CAUGHT) abort();
    return 0;
}
