/* datum.h - one record of a database, read without copying.  Floor 1. */
#ifndef CREMA_PROTO_DATUM_H
#define CREMA_PROTO_DATUM_H

#include "proto/wire.h"

/* What is in a record, borrowing from its bytes. */
struct crema_datum {
    int channels, height, width; /* 0 when not said, as for encoded ones */
    const uint8_t *data;         /* C x H x W bytes, or an image file */
    size_t size;                 /* of data in bytes; 0 when floats hold it */
    bool encoded;                /* data is an image file */
    double label;                /* the last one; 0 when not said */
    bool has_label;
    size_t nlabels;         /* some forks have more than one */
    size_t nfloats;         /* numbers in float_data */
    const uint8_t *message; /* all of it */
    size_t message_size;
};

/* NULL, or what is wrong with the record.  Any bytes may be given. */
const char *crema_datum_read(const void *message, size_t size,
                             struct crema_datum *) CREMA_MUST_USE;
/* Copies float_data, nfloats numbers. */
void crema_datum_floats(const struct crema_datum *, float *out);
/* Copies all labels, nlabels numbers. */
void crema_datum_labels(const struct crema_datum *, float *out);

/* Appends the record that says: shape, label if there is one, data, nfloats
 * of `floats`, and encoded, as Caffe's tools write it. */
enum crema_status crema_datum_write(struct crema_bytes *,
                                    const struct crema_datum *,
                                    const float *floats) CREMA_MUST_USE;

#endif
