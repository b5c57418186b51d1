/* image.h - pictures: decode, turn upright, resize, encode.  Floor 2.
 *
 * The results are, to the bit, what OpenCV 4.6 gives to Caffe, since trained
 * weights have seen those pixels.  What a picture is follows from its bytes,
 * never from its name.  Every message begins with the `name` handed in: a
 * path or a record's key.
 */
#ifndef CREMA_DATA_IMAGE_H
#define CREMA_DATA_IMAGE_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero is an empty picture, and one picture may be filled again and again:
 * its memory is kept. */
struct crema_image {
    int height, width, channels; /* channels: 1, 3 (B,G,R) or 4 (B,G,R,A) */
    uint8_t *pixels;             /* [height][width][channels] */
    size_t capacity;             /* bytes behind pixels */
    bool damaged; /* its file is cut or wrong: what could be read is there */
};

enum crema_image_mode {
    CREMA_IMAGE_COLOR,     /* 3 channels, upright */
    CREMA_IMAGE_GRAY,      /* 1 channel, upright */
    CREMA_IMAGE_UNCHANGED, /* 1, 3 or 4 channels, as stored: not turned */
};

enum crema_image_format {
    CREMA_IMAGE_UNKNOWN,
    CREMA_IMAGE_JPEG,
    CREMA_IMAGE_PNG,
    CREMA_IMAGE_BMP,
    CREMA_IMAGE_PNM, /* PBM, PGM and PPM */
};

/* Larger pictures are refused. */
enum { CREMA_IMAGE_MAX_SIDE = 1 << 20, CREMA_IMAGE_MAX_PIXELS = 1 << 28 };

void crema_image_free(struct crema_image *);
/* Sets the sizes and makes room; the pixels are not set. */
enum crema_status crema_image_reserve(struct crema_ctx *, const char *name,
                                      int height, int width, int channels,
                                      struct crema_image *out) CREMA_MUST_USE;

enum crema_image_format crema_image_sniff(const void *bytes, size_t length);
/* "jpg", "jpeg", "png", "bmp", "pbm", "pgm", "ppm", "pnm", in any case, with a
 * dot before it or not. */
enum crema_image_format crema_image_format_named(const char *ending);

struct crema_image_size {
    enum crema_image_format format;
    int height, width, channels; /* as stored */
};
/* What a picture's first bytes say; false: they say no size.  The rest may be
 * damaged all the same. */
bool crema_image_header(const void *bytes, size_t length,
                        struct crema_image_size *out);

/* Is it a JPEG that every decoder takes, and makes the same picture of but for
 * rounding?  Baseline, whole as far as its ends tell, Y Cb Cr in one scan with
 * usual sampling; *size is then set.  Only the codes themselves may be damaged;
 * how the picture is to be turned is not asked. */
bool crema_jpeg_plain(const void *bytes, size_t length,
                      struct crema_image_size *size);

/* A file's bytes to pixels; on failure out holds nothing of use. */
enum crema_status crema_image_decode(struct crema_ctx *, const char *name,
                                     const void *bytes, size_t length,
                                     enum crema_image_mode mode,
                                     struct crema_image *out) CREMA_MUST_USE;
enum crema_status crema_image_read(struct crema_ctx *, const char *path,
                                   enum crema_image_mode mode,
                                   struct crema_image *out) CREMA_MUST_USE;

/* Bilinear, in the fixed point of OpenCV's INTER_LINEAR; out is not image. */
enum crema_status crema_image_resize(struct crema_ctx *,
                                     const struct crema_image *, int height,
                                     int width,
                                     struct crema_image *out) CREMA_MUST_USE;

/* EXIF orientation 1 to 8; other values, like 1, change nothing. */
enum crema_status crema_image_turn(struct crema_ctx *, const char *name,
                                   int orientation,
                                   struct crema_image *) CREMA_MUST_USE;

/* Of 1 or 3 channels; JPEG in quality 95, 4:2:0.  free() *bytes. */
enum crema_status crema_image_encode(struct crema_ctx *,
                                     const struct crema_image *,
                                     enum crema_image_format, uint8_t **bytes,
                                     size_t *length) CREMA_MUST_USE;

#endif
