/* convert_cifar.c - the binary files of CIFAR-10 and CIFAR-100.
 *
 * A record is a label (CIFAR-100: the coarse one, then the fine one), then a
 * picture of 32 x 32: 1024 bytes of red, 1024 of green, 1024 of blue.  Nothing
 * stands before or between records, so a file's size tells which kind it is.
 */
#include "convert_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, CHANNELS = 3, PICTURE = 3 * PLANE };

struct cifar {
    struct convert_source base;
    struct convert_options options;
    char **files; /* borrowed */
    int nfiles, at, labels;
    FILE *file; /* files[at - 1] */
};

/* How many labels stand before each picture: 1, 2, or 0: it is no such file. */
static int labels_of(const char *path, uint64_t *records)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    for (int labels = 1; labels <= 2; labels++)
        if (st.st_size % (PICTURE + labels) == 0) {
            *records = (uint64_t)st.st_size / (PICTURE + (unsigned)labels);
            return labels;
        }
    return 0;
}

bool convert_is_cifar(const char *path)
{
    static const uint8_t idx[3] = { 0, 0, 8 }, gzip[2] = { 0x1f, 0x8b };
    uint8_t head[3] = { 0 };
    uint64_t records;
    FILE *f = labels_of(path, &records) ? fopen(path, "rb") : NULL;
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;

    if (f) fclose(f);
    return n == sizeof head && memcmp(head, idx, sizeof idx) != 0 &&
           memcmp(head, gzip, sizeof gzip) != 0;
}

static enum crema_status cut(const struct cifar *c, const char *path)
{
    return crema_fail(c->base.ctx, CREMA_EIO,
                      "%s is no binary file of CIFAR: its size is no multiple "
                      "of %d bytes (CIFAR-100: of %d)",
                      path, PICTURE + 1, PICTURE + 2);
}

static enum crema_status open_next(struct cifar *c)
{
    const char *path;

    if (c->file) fclose(c->file);
    c->file = NULL;
    if (c->at >= c->nfiles)
        return crema_fail(c->base.ctx, CREMA_EIO, "%s is cut short",
                          c->files[c->nfiles - 1]);
    path = c->files[c->at++];
    c->file = fopen(path, "rb");
    if (c->file) return CREMA_OK;
    return crema_fail(c->base.ctx, CREMA_EIO, "cannot open %s: %s", path,
                      strerror(errno));
}

static void swap_red_and_blue(uint8_t *pixels)
{
    uint8_t plane[PLANE];

    memcpy(plane, pixels, PLANE);
    memcpy(pixels, pixels + 2 * PLANE, PLANE);
    memcpy(pixels + 2 * PLANE, plane, PLANE);
}

static enum crema_status next(struct convert_source *source, uint8_t *pixels,
                              int *label)
{
    struct cifar *c = (struct cifar *)source;
    size_t n = (size_t)c->labels;
    uint8_t labels[2];

    if (!c->file) CREMA_TRY(open_next(c));
    while (fread(labels, 1, n, c->file) != n) CREMA_TRY(open_next(c));
    if (fread(pixels, PICTURE, 1, c->file) != 1)
        return cut(c, c->files[c->at - 1]);
    *label = labels[c->options.coarse ? 0 : n - 1];
    if (c->options.bgr) swap_red_and_blue(pixels);
    return CREMA_OK;
}

static void close_cifar(struct convert_source *source)
{
    struct cifar *c = (struct cifar *)source;

    if (c->file) fclose(c->file);
    free(c);
}

static const struct convert_kind kind = { "CIFAR", next, close_cifar };

static enum crema_status count_all(struct cifar *c)
{
    for (int i = 0; i < c->nfiles; i++) {
        uint64_t records = 0;
        int labels = labels_of(c->files[i], &records);

        if (!labels) return cut(c, c->files[i]);
        if (i && labels != c->labels)
            return crema_fail(c->base.ctx, CREMA_EINVAL,
                              "%s is of CIFAR-%d, %s of CIFAR-%d", c->files[0],
                              c->labels == 1 ? 10 : 100, c->files[i],
                              labels == 1 ? 10 : 100);
        c->labels = labels;
        c->base.count += records;
    }
    if (c->options.coarse && c->labels == 1)
        return crema_fail(c->base.ctx, CREMA_EINVAL,
                          "--coarse is for CIFAR-100; %s has one label for "
                          "each picture",
                          c->files[0]);
    return CREMA_OK;
}

enum crema_status convert_open_cifar(struct crema_ctx *ctx, char **files,
                                     int nfiles,
                                     const struct convert_options *options,
                                     struct convert_source **out)
{
    struct cifar *c = calloc(1, sizeof *c);
    enum crema_status status;

    if (!c) return crema_no_memory(ctx, files[0]);
    c->base = (struct convert_source){ .kind = &kind,
                                       .ctx = ctx,
                                       .path = files[0],
                                       .channels = CHANNELS,
                                       .height = SIDE,
                                       .width = SIDE };
    c->options = *options;
    c->files = files;
    c->nfiles = nfiles;
    status = count_all(c);
    if (status != CREMA_OK) {
        close_cifar(&c->base);
        return status;
    }
    *out = &c->base;
    return CREMA_OK;
}
