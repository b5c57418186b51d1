/* rows.h - the inner loops of transform.c; private to this folder. */
#ifndef CREMA_DATA_ROWS_H
#define CREMA_DATA_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* One row: out = (in - mean) * scale, read backwards when mirrored. */
struct crema_row {
    size_t n;
    const float *means; /* n of them, or NULL: */
    float mean;         /* one for all */
    float scale;
    float *out;
};

void crema_row_bytes(const struct crema_row *, const uint8_t *in);
void crema_row_bytes_mirrored(const struct crema_row *, const uint8_t *in);
void crema_row_floats(const struct crema_row *, const float *in);
void crema_row_floats_mirrored(const struct crema_row *, const float *in);

/* out[c * n + i] = in[i * channels + c]: n pixels into planes. */
void crema_row_split(const uint8_t *in, size_t n, int channels, uint8_t *out);

#endif
