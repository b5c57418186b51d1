/* cuts.h - a batch of cuts of pictures, some of which are still encoded: for
 * devices that decode by themselves.  Floor 1.
 */
#ifndef CREMA_DEVICE_CUTS_H
#define CREMA_DEVICE_CUTS_H

#include "base/error.h"
#include "device/formula/picture.h"

/* Larger pictures are decoded by the processor, as memory is set aside for the
 * largest; and so are those of a side below the least, which cost it little. */
enum {
    CREMA_ENCODED_BYTES = 192 << 10,
    CREMA_ENCODED_PIXELS = 1 << 19,
    CREMA_ENCODED_LEAST = 64
};

/* What lies in a cut's place. */
struct crema_encoded {
    uint32_t length;   /* of a JPEG's bytes; 0: the cut itself */
    int height, width; /* of the picture, in pixels of 3 channels */
};

struct crema_cuts {
    int64_t n;
    int64_t rows, row; /* a cut is rows x row bytes */
    uint8_t *bytes;    /* cut i begins at bytes + i * stride */
    size_t stride;
    struct crema_encoded *encoded; /* [n]; NULL: all are cuts */
    const int32_t *places;         /* [n][CREMA_PLACE_NUMBERS] */
    /* Puts cut i where its JPEG was, decoded by the processor. */
    enum crema_status (*decode)(struct crema_ctx *, const struct crema_cuts *,
                                int64_t i);
    const void *user; /* of decode */
};

#endif
