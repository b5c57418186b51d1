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

/* An exponent within 5 % of 1 counts as 1 in libpng. */
static double power(double hundred_thousandths)
{
    bool one = hundred_thousandths >= 95000 && hundred_thousandths <= 105000;

    return one ? 1 : hundred_thousandths / 1e5;
}

static void power_table(uint8_t table[256], double exponent)
{
    for (int v = 0; v < 256; v++)
        table[v] = (uint8_t)floor(255 * pow(v / 255.0, exponent) + .5);
}

static void deep_power_table(uint16_t *table, int entries, double exponent)
{
    double most = entries - 1;

    for (int v = 0; v < entries; v++)
        table[v] = (uint16_t)floor(65535 * pow(v / most, exponent) + .5);
}

/* An 8-bit value ends where the next one is nearer: at 257 times it and half
 * of that, in 16 bits. */
static void deep_same_table(uint8_t *table, int entries)
{
    int value = 0;

    for (int v = 0; v < entries; v++) {
        while (value < 255 &&
               v > ((value * 257 + 128) * (entries - 1) + 32768) / 65535)
            value++;
        table[v] = (uint8_t)value;
    }
}

bool crema_grey_gamma_init(struct crema_grey_gamma *tables, uint32_t gamma,
                           int bits)
{
    int deep = bits < 8 ? 8 : bits > 11 ? 11 : bits;
    int entries = 1 << (bits ? deep : 11);
    /* each rounded to 1/100000, as libpng has them */
    double to = floor(1e10 / gamma + .5);
    double from = floor(1e10 / to + .5);

    if (power(to) == 1 && power(from) == 1) return false;
    power_table(tables->to, power(to));
    power_table(tables->from, power(from));
    tables->shift = bits ? 16 - deep : 5;
    deep_power_table(tables->deep_to, entries, power(to));
    deep_power_table(tables->deep_from, entries, power(from));
    deep_same_table(tables->deep_same, entries);
    return true;
}

uint8_t crema_grey_gamma16(const struct crema_grey_gamma *tables, uint32_t r,
                           uint32_t g, uint32_t b)
{
    const uint16_t *to = tables->deep_to;
    uint32_t y;

    if (r == g && g == b) return tables->deep_same[r >> tables->shift];
    y = 9797u * to[r >> tables->shift] + 19234u * to[g >> tables->shift] +
        3737u * to[b >> tables->shift];
    y = (y + 16384) >> 15;
    return (uint8_t)(tables->deep_from[y >> tables->shift] >> 8);
}

uint8_t crema_grey_gamma(const struct crema_grey_gamma *tables, int r, int g,
                         int b)
{
    int y;

    if (r == g && g == b) return (uint8_t)r;
    y = 9797 * tables->to[r] + 19234 * tables->to[g] + 3737 * tables->to[b];
    return tables->from[(y + 16384) >> 15];
}
