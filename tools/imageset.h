/* imageset.h - one picture of a list on its way into a database; private to
 * convert_imageset. */
#ifndef CREMA_TOOLS_IMAGESET_H
#define CREMA_TOOLS_IMAGESET_H

#include "data/image.h"
#include "data/list.h"
#include "proto/datum.h"

/* How a picture of another shape gets the wanted one. */
enum imageset_resize {
    IMAGESET_WARP, /* stretched, as in Caffe */
    IMAGESET_CROP, /* its middle, as large as fits */
    IMAGESET_FILL, /* the whole of it, with black beside it */
};

/* As the flags say. */
struct imageset {
    bool gray, shuffle, check_size, encoded, strict, restart;
    long resize_width, resize_height, threads, seed;
    int backend, resize_mode; /* enum imageset_resize */
    double split;             /* 0: not */
    const char *encode_type;  /* "" unless given */
    const char *root, *list, *database;
    const char *labels; /* file to write; NULL: as the database is called */
};

/* One line of the list. */
struct imageset_job {
    const struct crema_list_item *item;
    enum crema_status status;
    char *message;             /* when it failed */
    struct crema_bytes record; /* a Datum */
    int channels, height, width;
    bool damaged; /* its file is, but a picture was in it */
};

/* What one thread needs. */
struct imageset_hands {
    struct crema_ctx *ctx;
    struct crema_image image, resized, cut;
};

/* Reads the job's picture and makes its record. */
enum crema_status imageset_convert(const struct imageset *,
                                   struct imageset_hands *,
                                   struct imageset_job *) CREMA_MUST_USE;

#endif
