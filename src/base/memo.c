/* memo.c - a list of lines, and the file it comes from.
 *
 *   crema memo 1 CHECKSUM
 *   KEY<tab>VALUE
 *   ...
 *
 * The checksum is over all that follows the first line; what was used last
 * stands last.
 */
#include "base/memo.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "crema memo 1 ";
enum { HEAD = sizeof head - 1, CHECKSUM = 16, FIRST = HEAD + CHECKSUM + 1 };

struct entry {
    char *key, *value; /* one block of memory, key first */
};

struct crema_memo {
    struct crema_ctx *ctx;                  /* borrowed: for the log */
    char *path;                             /* NULL: in memory only */
    struct entry entry[CREMA_MEMO_ENTRIES]; /* used last: last */
    int count;
    bool unwritable, unreadable; /* has been said */
    struct crema_ctx file;       /* reasons of what fails with the file */
};

/* ---- entries ----------------------------------------------------------- */

static int place_of(const struct crema_memo *m, const char *key)
{
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->entry[i].key, key) == 0) return i;
    return -1;
}

/* Takes entry i out of its place; the others move up. */
static struct entry take(struct crema_memo *m, int i)
{
    struct entry e = m->entry[i];

    m->count--;
    memmove(m->entry + i, m->entry + i + 1, sizeof e * (size_t)(m->count - i));
    return e;
}

/* False: out of memory. */
static bool append(struct crema_memo *m, const char *key, const char *value)
{
    size_t n = strlen(key) + 1, v = strlen(value) + 1;
    char *text = malloc(n + v);

    if (!text) return false;
    if (m->count == CREMA_MEMO_ENTRIES) free(take(m, 0).key);
    memcpy(text, key, n);
    memcpy(text + n, value, v);
    m->entry[m->count++] = (struct entry){ text, text + n };
    return true;
}

/* ---- the file ---------------------------------------------------------- */

/* FNV-1a, 64 bits */
static uint64_t checksum(const char *text, size_t length)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Is it a memo, whole and unchanged? */
static bool is_sound(const char *text, size_t length)
{
    char *end;

    if (length < FIRST || memcmp(text, head, HEAD) != 0) return false;
    if (text[FIRST - 1] != '\n' || strlen(text) != length) return false;
    return strtoull(text + HEAD, &end, 16) ==
               checksum(text + FIRST, length - FIRST) &&
           end == text + FIRST - 1;
}

/* The entries of a sound file; lines that are none are passed over. */
static bool parse(struct crema_memo *m, char *text)
{
    char *rest;

    for (char *line = strtok_r(text + FIRST, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        char *tab = strchr(line, '\t');

        if (!tab || strlen(line) >= CREMA_MEMO_LINE) continue;
        *tab = '\0';
        if (place_of(m, line) < 0 && !append(m, line, tab + 1)) return false;
    }
    return true;
}

/* Fills an empty memo; a file that is not there is an empty one. */
static enum crema_status load(struct crema_memo *m)
{
    enum crema_status status;
    char *text;
    size_t length;
    bool fits = true;

    if (!m->path || access(m->path, F_OK) != 0) return CREMA_OK;
    status = crema_file_read(&m->file, m->path, &text, &length);
    if (status == CREMA_ENOMEM) return crema_no_memory(m->ctx, m->path);
    if (status == CREMA_OK && is_sound(text, length))
        fits = parse(m, text);
    else if (!m->unreadable) {
        m->unreadable = true;
        crema_log(m->ctx, CREMA_WARNING, "%s is not used: %s", m->path,
                  status ? m->file.message : "it is damaged, or not ours");
    }
    if (status == CREMA_OK) free(text);
    return fits ? CREMA_OK : crema_no_memory(m->ctx, m->path);
}

/* The whole file as text; free() it. */
static char *print(const struct crema_memo *m, size_t *length)
{
    size_t room = FIRST + 1, used = FIRST;
    char first[FIRST + 1], *text;

    for (int i = 0; i < m->count; i++)
        room += strlen(m->entry[i].key) + strlen(m->entry[i].value) + 2;
    text = malloc(room);
    if (!text) return NULL;
    for (int i = 0; i < m->count; i++)
        used += (size_t)sprintf(text + used, "%s\t%s\n", m->entry[i].key,
                                m->entry[i].value);
    snprintf(first, sizeof first, "%s%016" PRIx64 "\n", head,
             checksum(text + FIRST, used - FIRST));
    memcpy(text, first, FIRST);
    *length = used;
    return text;
}

static enum crema_status write_text(struct crema_memo *m, const char *text,
                                    size_t length)
{
    struct crema_file *f;
    enum crema_status status;

    CREMA_TRY(crema_file_create(&m->file, m->path, &f));
    status = crema_file_write(f, text, length);
    if (status == CREMA_OK) return crema_file_commit(f);
    crema_file_abandon(f);
    return status;
}

static enum crema_status save(struct crema_memo *m)
{
    char *text;
    size_t length;

    if (!m->path || m->unwritable) return CREMA_OK;
    text = print(m, &length);
    if (!text) return crema_no_memory(m->ctx, m->path);
    if (write_text(m, text, length) != CREMA_OK) {
        m->unwritable = true;
        crema_log(m->ctx, CREMA_WARNING, "not kept for the next run: %s",
                  m->file.message);
    }
    free(text);
    return CREMA_OK;
}

/* Others' entries, which came since; ours are newer and stand behind. */
static enum crema_status merge(struct crema_memo *m)
{
    struct entry *ours;
    int n = m->count;
    enum crema_status status;

    if (!m->path) return CREMA_OK;
    ours = malloc(sizeof *ours * CREMA_MEMO_ENTRIES);
    if (!ours) return crema_no_memory(m->ctx, m->path);
    memcpy(ours, m->entry, sizeof *ours * (size_t)n);
    m->count = 0;
    status = load(m);
    for (int i = 0; i < n; i++) {
        int other = place_of(m, ours[i].key);

        if (other >= 0) free(take(m, other).key);
        if (m->count == CREMA_MEMO_ENTRIES) free(take(m, 0).key);
        m->entry[m->count++] = ours[i];
    }
    free(ours);
    return status;
}

/* ---- public ------------------------------------------------------------ */

enum crema_status crema_memo_open(struct crema_ctx *ctx, const char *path,
                                  struct crema_memo **out)
{
    struct crema_memo *m = calloc(1, sizeof *m);
    enum crema_status status;

    if (!m) return crema_no_memory(ctx, "a memo");
    m->ctx = ctx;
    if (path && !(m->path = strdup(path))) {
        crema_memo_close(m);
        return crema_no_memory(ctx, "a memo");
    }
    status = load(m);
    if (status != CREMA_OK) {
        crema_memo_close(m);
        return status;
    }
    *out = m;
    return CREMA_OK;
}

void crema_memo_close(struct crema_memo *m)
{
    if (!m) return;
    while (m->count) free(m->entry[--m->count].key);
    free(m->path);
    free(m);
}

const char *crema_memo_find(struct crema_memo *m, const char *key)
{
    int i = place_of(m, key);
    struct entry e;

    if (i < 0) return NULL;
    e = take(m, i);
    m->entry[m->count++] = e;
    return e.value;
}

enum crema_status crema_memo_put(struct crema_memo *m, const char *key,
                                 const char *value)
{
    int i;

    if (strlen(key) + strlen(value) + 1 >= CREMA_MEMO_LINE) return CREMA_OK;
    CREMA_TRY(merge(m));
    i = place_of(m, key);
    if (i >= 0) free(take(m, i).key);
    if (!append(m, key, value)) return crema_no_memory(m->ctx, "a memo");
    return save(m);
}

/* Folders above that are there already are fine. */
static bool make_folder(const char *path)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST;
}

bool crema_memo_path(const char *name, char *out, size_t size)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool given = cache && *cache == '/'; /* a relative one does not count */
    int n = given ? snprintf(out, size, "%s", cache)
                  : snprintf(out, size, "%s/.cache", home ? home : "");

    if ((!given && (!home || *home != '/')) || n < 0 ||
        (size_t)n + strlen(name) + sizeof "/crema/" > size)
        return false;
    if (!make_folder(out)) return false;
    strcat(out, "/crema");
    if (!make_folder(out)) return false;
    strcat(out, "/");
    strcat(out, name);
    return true;
}
