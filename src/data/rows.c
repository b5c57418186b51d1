/* rows.c - loops that turn a row of bytes into floats, written so that the
 * compiler makes vector code of them, for the widest registers it may find. */
#include "data/rows.h"

#include "base/wide.h"

/* Backwards means: out[n - 1 - i] is made of in[i]. */

CREMA_WIDE static void bytes_one_mean(const uint8_t *restrict in, size_t n,
                                      float mean, float scale,
                                      float *restrict out)
{
    for (size_t i = 0; i < n; i++) out[i] = ((float)in[i] - mean) * scale;
}

CREMA_WIDE static void bytes_means(const uint8_t *restrict in, size_t n,
                                   const float *restrict means, float scale,
                                   float *restrict out)
{
    for (size_t i = 0; i < n; i++) out[i] = ((float)in[i] - means[i]) * scale;
}

CREMA_WIDE static void floats_one_mean(const float *restrict in, size_t n,
                                       float mean, float scale,
                                       float *restrict out)
{
    for (size_t i = 0; i < n; i++) out[i] = (in[i] - mean) * scale;
}

CREMA_WIDE static void floats_means(const float *restrict in, size_t n,
                                    const float *restrict means, float scale,
                                    float *restrict out)
{
    for (size_t i = 0; i < n; i++) out[i] = (in[i] - means[i]) * scale;
}

/* Backwards in place; floats, since reversing bytes wants instructions that
 * not every machine has. */
CREMA_WIDE static void reverse(float *row, size_t n)
{
    float *restrict front = row, *restrict back = row + (n + 1) / 2;
    size_t half = n / 2;

    for (size_t i = 0; i < half; i++) {
        float f = front[i], b = back[half - 1 - i];

        front[i] = b;
        back[half - 1 - i] = f;
    }
}

void crema_row_bytes(const struct crema_row *row, const uint8_t *in)
{
    if (row->means)
        bytes_means(in, row->n, row->means, row->scale, row->out);
    else
        bytes_one_mean(in, row->n, row->mean, row->scale, row->out);
}

void crema_row_floats(const struct crema_row *row, const float *in)
{
    if (row->means)
        floats_means(in, row->n, row->means, row->scale, row->out);
    else
        floats_one_mean(in, row->n, row->mean, row->scale, row->out);
}

void crema_row_bytes_mirrored(const struct crema_row *row, const uint8_t *in)
{
    crema_row_bytes(row, in);
    reverse(row->out, row->n);
}

void crema_row_floats_mirrored(const struct crema_row *row, const float *in)
{
    crema_row_floats(row, in);
    reverse(row->out, row->n);
}

CREMA_WIDE static void split3(const uint8_t *restrict in, size_t n,
                              uint8_t *restrict b, uint8_t *restrict g,
                              uint8_t *restrict r)
{
    for (size_t i = 0; i < n; i++) {
        b[i] = in[3 * i];
        g[i] = in[3 * i + 1];
        r[i] = in[3 * i + 2];
    }
}

void crema_row_split(const uint8_t *in, size_t n, int channels, uint8_t *out)
{
    if (channels == 3) {
        split3(in, n, out, out + n, out + 2 * n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < (size_t)channels; c++) out[c * n + i] = *in++;
}
