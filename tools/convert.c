/* convert.c - other people's data into databases: so far the idx files that
 * MNIST and its likes come in.
 *
 * An idx file: two zero bytes, the kind of number (8: bytes), how many
 * dimensions, each as 4 bytes (high byte first), then the numbers.  Labels
 * have one dimension; pictures have count x height x width, or count x
 * channels x height x width.
 */
#include "console.h"
#include "data/lmdb.h"
#include "data_tools.h"
#include "flags.h"
#include "proto/datum.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MAX_DIMS = 4, LABELS = 256 };

/* Plain or compressed by gzip: zlib sees for itself. */
struct idx {
    struct crema_ctx *ctx;
    const char *path;
    gzFile file;
    int ndims;
    uint32_t dims[MAX_DIMS];
};

static enum crema_status read_bytes(struct idx *idx, void *out, size_t bytes)
{
    int got = gzread(idx->file, out, (unsigned)bytes);
    int error = 0;

    if (got >= 0 && (size_t)got == bytes) return CREMA_OK;
    return crema_fail(idx->ctx, CREMA_EIO, "%s is cut short or damaged%s%s",
                      idx->path, got < 0 ? ": " : "",
                      got < 0 ? gzerror(idx->file, &error) : "");
}

static enum crema_status read_head(struct idx *idx)
{
    enum { BYTES = 8 };
    uint8_t head[4], dim[4];

    CREMA_TRY(read_bytes(idx, head, sizeof head));
    if (head[0] || head[1] || head[3] < 1 || head[3] > MAX_DIMS)
        return crema_fail(idx->ctx, CREMA_EINVAL,
                          "%s is no idx file: it begins with %02x %02x %02x "
                          "%02x",
                          idx->path, head[0], head[1], head[2], head[3]);
    if (head[2] != BYTES)
        return crema_fail(idx->ctx, CREMA_EUNSUPPORTED,
                          "%s holds numbers of kind %d; bytes (8) are read",
                          idx->path, head[2]);
    idx->ndims = head[3];
    for (int i = 0; i < idx->ndims; i++) {
        CREMA_TRY(read_bytes(idx, dim, sizeof dim));
        idx->dims[i] = (uint32_t)dim[0] << 24 | (uint32_t)dim[1] << 16 |
                       (uint32_t)dim[2] << 8 | dim[3];
    }
    return CREMA_OK;
}

static enum crema_status open_idx(struct crema_ctx *ctx, const char *path,
                                  struct idx *idx)
{
    *idx = (struct idx){ .ctx = ctx, .path = path };
    errno = 0;
    idx->file = gzopen(path, "rb");
    if (!idx->file)
        return crema_fail(ctx, CREMA_EIO, "cannot open %s: %s", path,
                          errno ? strerror(errno) : "out of memory");
    gzbuffer(idx->file, 1 << 17);
    return read_head(idx);
}

/* Pictures and their labels, and what becomes of them. */
struct conversion {
    struct crema_ctx *ctx;
    struct console *console;
    struct idx pictures, labels;
    struct crema_lmdb_writer *writer;
    struct crema_bytes record;
    uint8_t *pixels;
    struct crema_datum datum; /* its shape and size are set */
    long first, count;        /* flags: pictures passed over, records at most */
    const char *classes;      /* numbers and commas; NULL: all */
    bool wanted[LABELS];
};

static void swap(struct idx *a, struct idx *b)
{
    struct idx c = *a;

    *a = *b;
    *b = c;
}

static enum crema_status check(struct conversion *c)
{
    const struct idx *p = &c->pictures, *l = &c->labels;
    double pixels = 1;

    for (int i = 1; i < p->ndims; i++) pixels *= p->dims[i];
    if (l->ndims != 1 || p->ndims < 3)
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "wants a file of pictures and one of labels, but %s "
                          "has %d dimensions and %s %d",
                          p->path, p->ndims, l->path, l->ndims);
    if (p->dims[0] != l->dims[0])
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "%s has %u pictures, %s has %u labels", p->path,
                          p->dims[0], l->path, l->dims[0]);
    if (p->dims[0] == 0 || pixels < 1 || pixels > 1 << 28)
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "%s has %u pictures of %g bytes", p->path, p->dims[0],
                          pixels);
    c->datum.size = (size_t)pixels;
    c->datum.channels = p->ndims == 4 ? (int)p->dims[1] : 1;
    c->datum.height = (int)p->dims[p->ndims - 2];
    c->datum.width = (int)p->dims[p->ndims - 1];
    c->datum.has_label = true;
    return CREMA_OK;
}

static enum crema_status read_classes(struct conversion *c)
{
    const char *p = c->classes;

    for (int i = 0; !p && i < LABELS; i++) c->wanted[i] = true;
    while (p) {
        char *end;
        unsigned long label = strtoul(p, &end, 10);

        if (*p < '0' || *p > '9' || label >= LABELS || (*end && *end != ','))
            return crema_fail(c->ctx, CREMA_EINVAL,
                              "--classes %s: wants numbers of 0 to %d and "
                              "commas",
                              c->classes, LABELS - 1);
        c->wanted[label] = true;
        p = *end ? end + 1 : NULL;
    }
    return CREMA_OK;
}

/* Picture i, just read, as a record. */
static enum crema_status put(struct conversion *c, uint32_t i)
{
    char key[16];
    int length = snprintf(key, sizeof key, "%08u", i);
    struct crema_slice name = { key, (size_t)length }, value;

    c->datum.data = c->pixels;
    c->record.length = 0;
    CREMA_TRY(crema_datum_write(&c->record, &c->datum, NULL));
    value = (struct crema_slice){ c->record.data, c->record.length };
    return crema_lmdb_put(c->writer, name, value);
}

static enum crema_status convert_all(struct conversion *c)
{
    uint32_t pictures = c->pictures.dims[0];
    long records = 0;

    c->pixels = malloc(c->datum.size);
    if (!c->pixels) return crema_no_memory(c->ctx, "a picture");
    for (uint32_t i = 0; i < pictures; i++) {
        uint8_t label;

        if (c->count && records == c->count) break;
        CREMA_TRY(read_bytes(&c->pictures, c->pixels, c->datum.size));
        CREMA_TRY(read_bytes(&c->labels, &label, 1));
        if ((long)i < c->first || !c->wanted[label]) continue;
        c->datum.label = label;
        CREMA_TRY(put(c, i));
        records++;
        console_progress(c->console, "pictures", i + 1, pictures);
    }
    if (!records)
        return crema_fail(c->ctx, CREMA_EINVAL,
                          "none of the %u pictures of %s is wanted", pictures,
                          c->pictures.path);
    console_say(c->console, CREMA_INFO,
                "%ld records of %d x %d x %d (channels x height x width)",
                records, c->datum.channels, c->datum.height, c->datum.width);
    return CREMA_OK;
}

static enum crema_status convert(struct conversion *c, char **words)
{
    enum crema_status status;

    CREMA_TRY(read_classes(c));
    CREMA_TRY(open_idx(c->ctx, words[0], &c->pictures));
    CREMA_TRY(open_idx(c->ctx, words[1], &c->labels));
    if (c->pictures.ndims == 1) swap(&c->pictures, &c->labels);
    CREMA_TRY(check(c));
    CREMA_TRY(crema_lmdb_create(c->ctx, words[2], &c->writer));
    status = convert_all(c);
    if (status == CREMA_OK) return crema_lmdb_commit(c->writer);
    crema_lmdb_abandon(c->writer);
    return status;
}

static void close_all(struct conversion *c)
{
    if (c->pictures.file) gzclose(c->pictures.file);
    if (c->labels.file) gzclose(c->labels.file);
    free(c->record.data);
    free(c->pixels);
}

int tool_convert(int argc, char **argv)
{
    struct console console;
    struct conversion c = { .console = &console };
    const struct flag table[] = {
        { "first", FLAG_INT, &c.first, "N", "pictures to pass over" },
        { "count", FLAG_INT, &c.count, "N", "records to write; 0: all" },
        { "classes", FLAG_TEXT, &c.classes, "A,B",
          "only pictures with these labels" },
    };
    const struct flags flags = {
        .program = "crema convert",
        .words = "IMAGES LABELS DB",
        .summary = "Puts idx files, as MNIST comes in, plain or .gz, into a "
                   "database.",
        .table = table,
        .count = sizeof table / sizeof *table,
        .min_words = 3,
        .max_words = 3,
    };
    int status = flags_parse(&flags, &argc, argv);

    if (status < 0 && (c.first < 0 || c.count < 0))
        status = flags_wrong(&flags, "--first and --count want at least 0");
    if (status >= 0) return status;
    console_open(&console, "convert", stderr);
    c.ctx = crema_ctx_new(console_log, &console);
    c.record.ctx = c.ctx;
    status = 1;
    if (c.ctx && convert(&c, argv + 1) == CREMA_OK)
        status = 0;
    else if (c.ctx)
        console_failed(&console, c.ctx);
    close_all(&c);
    crema_ctx_free(c.ctx);
    console_close(&console);
    return status;
}
