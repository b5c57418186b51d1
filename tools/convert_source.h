/* convert_source.h - data sets in files of their own kinds, read picture by
 * picture; private to crema convert. */
#ifndef CREMA_TOOLS_CONVERT_SOURCE_H
#define CREMA_TOOLS_CONVERT_SOURCE_H

#include "base/error.h"

#include <stdint.h>

struct convert_source;

/* What a kind of files can do. */
struct convert_kind {
    const char *name;
    /* Reads the next picture into `pixels`, and its label. */
    enum crema_status (*next)(struct convert_source *, uint8_t *pixels,
                              int *label);
    void (*close)(struct convert_source *);
};

/* First member of each kind's own struct. */
struct convert_source {
    const struct convert_kind *kind;
    struct crema_ctx *ctx;
    const char *path; /* of the (first) file with pictures, for messages */
    uint64_t count;
    int channels, height, width;
};

struct convert_options {
    bool coarse; /* of two labels the first, of CIFAR-100 */
    bool bgr;    /* colours in the order of pictures, not of the file */
};

/* Two idx files, as MNIST comes in, plain or .gz: pictures and labels, in any
 * order. */
enum crema_status convert_open_idx(struct crema_ctx *, char **files,
                                   struct convert_source **out) CREMA_MUST_USE;
/* Any number of CIFAR's binary files, one behind the other. */
enum crema_status
convert_open_cifar(struct crema_ctx *, char **files, int nfiles,
                   const struct convert_options *,
                   struct convert_source **out) CREMA_MUST_USE;
/* Is it one of CIFAR's binary files, by its size and first bytes? */
bool convert_is_cifar(const char *file);

#endif
