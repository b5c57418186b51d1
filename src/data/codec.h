/* codec.h - what the picture formats give to image.c; private to this folder.
 */
#ifndef CREMA_DATA_CODEC_H
#define CREMA_DATA_CODEC_H

#include "data/image.h"

/* A picture file in memory. */
struct crema_codec_input {
    const char *name; /* for messages */
    const uint8_t *bytes;
    size_t length;
};

/* Pixels as stored, not turned; *orientation is set when the file has one. */
typedef enum crema_status crema_codec_decode(struct crema_ctx *,
                                             const struct crema_codec_input *,
                                             enum crema_image_mode,
                                             struct crema_image *out,
                                             int *orientation);
crema_codec_decode crema_jpeg_decode, crema_png_decode, crema_bmp_decode,
    crema_pnm_decode;

typedef enum crema_status crema_codec_encode(struct crema_ctx *,
                                             const struct crema_image *,
                                             uint8_t **bytes, size_t *length);
crema_codec_encode crema_jpeg_encode, crema_png_encode, crema_bmp_encode,
    crema_pnm_encode;

/* For crema_image_header. */
bool crema_pnm_size(const uint8_t *bytes, size_t length,
                    struct crema_image_size *out);

/* The orientation in a TIFF header and its first folder; 1 when there is none.
 */
int crema_exif_orientation(const uint8_t *tiff, size_t length);
/* The same, found in a JPEG file's APP1 segment. */
int crema_exif_in_jpeg(const uint8_t *bytes, size_t length);

/* Grey of 8-bit colours as PNG, and as BMP, PPM and CMYK pictures, have it. */
uint8_t crema_grey_png(int r, int g, int b);
uint8_t crema_grey_bmp(int r, int g, int b);

/* Grey of PNG colours when the file tells its gamma; the deep tables are for
 * 16 bits, of which libpng looks at the upper 11, or as few as 8 where the file
 * tells that no more are significant. */
enum { CREMA_DEEP = 2048 };
struct crema_grey_gamma {
    uint8_t to[256];   /* stored value -> linear light */
    uint8_t from[256]; /* and back */
    int shift;         /* 16 bits to the place in the deep tables */
    uint16_t deep_to[CREMA_DEEP], deep_from[CREMA_DEEP];
    uint8_t deep_same[CREMA_DEEP]; /* a grey -> its 8 bits */
};
/* gamma: in units of 1/100000, as PNG stores it, not 0; bits: significant ones,
 * 0 where the file tells none.  False when it is so near to 1 that it has no
 * effect. */
bool crema_grey_gamma_init(struct crema_grey_gamma *, uint32_t gamma, int bits);
uint8_t crema_grey_gamma(const struct crema_grey_gamma *, int r, int g, int b);
uint8_t crema_grey_gamma16(const struct crema_grey_gamma *, uint32_t r,
                           uint32_t g, uint32_t b);
/* Of 16-bit colours, reduced to 8 bit. */
uint8_t crema_grey_png16(uint32_t r, uint32_t g, uint32_t b);

#endif
