/* imageset.h - one picture of a list on its way into a database; private to
 * convert_imageset. */
#ifndef CREMA_TOOLS_IMAGESET_H
#define CREMA_TOOLS_IMAGESET_H

#include "data/image.h"
#include "data/list.h"
#include "proto/datum.h"

/* As the flags say. */
struct imageset {
    bool gray, shuffle, check_size, encoded, strict;
    long resize_width, resize_height, threads, seed;
    int backend;
    const char *encode_type; /* "" unless given */
    const char *root, *list, *database;
};

/* One line of the list. */
struct imageset_job {
    const struct crema_list_item *item;
    enum crema_status status;
    char *message;             /* when it failed */
    struct crema_bytes record; /* a Datum */
    int channels, height, width;
};

/* What one thread needs. */
struct imageset_hands {
    struct crema_ctx *ctx;
    struct crema_image image, resized;
};

/* Reads the job's picture and makes its record. */
enum crema_status imageset_convert(const struct imageset *,
                                   struct imageset_hands *,
                                   struct imageset_job *) CREMA_MUST_USE;

#endif
