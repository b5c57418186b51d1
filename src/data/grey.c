/* grey.c - grey of a colour, in the fixed point each format's reader has.
 *
 *   y = (wr r + wg g + wb b [+ half]) >> shift
 */
#include "data/codec.h"

#include <math.h>

uint8_t crema_grey_png(int r, int g, int b)
{
    /* Equal parts already are a grey: truncation would darken it. */
    if (r == g && g == b) return (uint8_t)r;
    return (uint8_t)((9797 * r + 19234 * g + 3737 * b) >> 15);
}

uint8_t crema_grey_png16(uint32_t r, uint32_t g, uint32_t b)
{
    return (uint8_t)((9797 * r + 19234 * g + 3737 * b + 16384) >> 23);
}

uint8_t crema_grey_bmp(int r, int g, int b)
{
    return (uint8_t)((4899 * r + 9617 * g + 1868 * b + 8192) >> 14);
}

static void power_table(uint8_t table[256], double exponent)
{
    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)floor(255 * pow(v / 255.0, exponent) + .5);
}

void crema_grey_gamma_init(struct crema_grey_gamma *tables, uint32_t gamma)
{
    power_table(tables->to, 100000.0 / gamma);
    power_table(tables->from, gamma / 100000.0);
}

uint8_t crema_grey_gamma(const struct crema_grey_gamma *tables, int r, int g,
                         int b)
{
    int y;

    if (r == g && g == b) return (uint8_t)r;
    y = 9797 * tables->to[r] + 19234 * tables->to[g] + 3737 * tables->to[b];
    return tables->from[(y + 16384) >> 15];
}
