/* lmdb_partial.c - the folder of a database that is not finished yet. */
#include "data/lmdb_partial.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char begun[] = "-- transactions --\n";

static void name_in(const char *folder, const char *name, char out[PATH_MAX])
{
    if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        out[0] = '\0';
}

/* LMDB makes the file and then writes its header, at once: an empty one is as
 * good as none. */
static bool has_data(const char *folder)
{
    char file[PATH_MAX];
    struct stat st;

    name_in(folder, "data.mdb", file);
    return stat(file, &st) == 0 && st.st_size > 0;
}

static enum crema_status failed(const struct crema_partial *p, int error)
{
    return crema_fail(p->ctx, CREMA_EIO, "cannot write database %s: %s",
                      p->folder, strerror(error));
}

/* The journal, locked. */
static enum crema_status open_journal(struct crema_partial *p, bool restart)
{
    char file[PATH_MAX];

    name_in(p->folder, "journal", file);
    p->fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0664);
    if (p->fd < 0) return failed(p, errno);
    if (flock(p->fd, LOCK_EX | LOCK_NB) != 0)
        return crema_fail(p->ctx, CREMA_EIO,
                          "%s: another process is at work on it", p->folder);
    if (!restart) return CREMA_OK;
    name_in(p->folder, "data.mdb", file);
    if (unlink(file) != 0 && errno != ENOENT) return failed(p, errno);
    name_in(p->folder, "lock.mdb", file);
    if (unlink(file) != 0 && errno != ENOENT) return failed(p, errno);
    return CREMA_OK;
}

static int write_all(int fd, const char *text)
{
    size_t length = strlen(text);

    while (length) {
        ssize_t n = write(fd, text, length);

        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : EIO;
        text += n;
        length -= (size_t)n;
    }
    return fdatasync(fd) == 0 ? 0 : errno;
}

static enum crema_status begin_journal(struct crema_partial *p,
                                       const char *note)
{
    int error = ftruncate(p->fd, 0) == 0 ? 0 : errno;

    if (!error) error = write_all(p->fd, note);
    if (!error) error = write_all(p->fd, begun);
    return error ? failed(p, error) : CREMA_OK;
}

static enum crema_status read_journal(const struct crema_partial *p,
                                      char **text)
{
    char file[PATH_MAX];
    size_t length;

    name_in(p->folder, "journal", file);
    return crema_file_read(p->ctx, file, text, &length);
}

/* Was it begun with this note? */
static enum crema_status compare_note(const struct crema_partial *p,
                                      const char *note)
{
    size_t length = strlen(note);
    enum crema_status status = CREMA_OK;
    char *text;

    CREMA_TRY(read_journal(p, &text));
    if (strncmp(text, note, length) != 0 ||
        strncmp(text + length, begun, sizeof begun - 1) != 0)
        status = crema_fail(p->ctx, CREMA_EINVAL,
                            "%s was begun with other flags or another list: "
                            "give those, or --restart to begin anew",
                            p->folder);
    free(text);
    return status;
}

enum crema_status crema_partial_open(struct crema_ctx *ctx, const char *folder,
                                     const char *note, bool restart,
                                     struct crema_partial *out, bool *found)
{
    struct crema_partial p = { .ctx = ctx, .folder = folder, .fd = -1 };
    char file[PATH_MAX];
    struct stat st;
    enum crema_status status;

    name_in(folder, "journal", file);
    if (mkdir(folder, 0777) != 0) {
        if (errno != EEXIST) return failed(&p, errno);
        if (has_data(folder) && stat(file, &st) != 0)
            return crema_fail(ctx, CREMA_EINVAL,
                              "%s stands in the way: it is no unfinished "
                              "database",
                              folder);
    }
    status = open_journal(&p, restart);
    *found = status == CREMA_OK && has_data(folder);
    if (*found)
        status = compare_note(&p, note);
    else if (status == CREMA_OK)
        status = begin_journal(&p, note);
    if (status != CREMA_OK) {
        crema_partial_close(&p);
        return status;
    }
    *out = p;
    return CREMA_OK;
}

enum crema_status crema_partial_state(const struct crema_partial *p,
                                      uint64_t transaction,
                                      char state[CREMA_LMDB_STATE])
{
    bool known = false;
    char *text, *line;

    CREMA_TRY(read_journal(p, &text));
    line = strstr(text, begun);
    line = line ? line + sizeof begun - 1 : text + strlen(text);
    while (*line) {
        size_t length = strcspn(line, "\n");
        char *end;
        uint64_t number = strtoull(line, &end, 10);

        /* the last line of a number counts, and only when it is whole */
        if (number == transaction && *end == ' ' && line[length] == '\n') {
            int n = (int)(line + length - end - 1);

            snprintf(state, CREMA_LMDB_STATE, "%.*s", n, end + 1);
            known = true;
        }
        line += length + (line[length] == '\n');
    }
    free(text);
    if (known) return CREMA_OK;
    return crema_fail(p->ctx, CREMA_EIO,
                      "%s cannot be gone on with, its journal knows nothing of "
                      "its last records: --restart begins anew",
                      p->folder);
}

int crema_partial_note(const struct crema_partial *p, uint64_t transaction,
                       const char *state)
{
    char line[CREMA_LMDB_STATE + 32];

    /* what a line that was not finished has left is no line of ours */
    snprintf(line, sizeof line, "\n%" PRIu64 " %s\n", transaction, state);
    return write_all(p->fd, line);
}

void crema_partial_close(struct crema_partial *p)
{
    if (p->fd >= 0) close(p->fd);
    p->fd = -1;
}
