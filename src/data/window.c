/* window.c - where the pixels of a window come from, and where they go.
 *
 * In single precision, rounding half away from zero, as Caffe does: other
 * roundings shift windows by a pixel.
 */
#include "data/window.h"

#include <math.h>

/* One axis of it. */
struct axis {
    int first, last; /* pixels of the picture */
    int before;      /* of the square, that stay empty */
    int after;
    int to; /* pixels of the square that are filled */
};

/* Half the length of a side. */
static float half(int first, int last)
{
    return (float)(last - first + 1) / 2;
}

/* The window reaches `reach` to both sides of its middle. */
static struct axis enlarge(int first, int last, float reach, int length,
                           int size)
{
    float middle = (float)first + half(first, last);
    struct axis a = { .first = (int)roundf(middle - reach),
                      .last = (int)roundf(middle + reach) };
    float scale = (float)size / (float)(a.last - a.first + 1);
    int before = a.first < 0 ? -a.first : 0;
    int after = a.last >= length ? a.last - length + 1 : 0;

    a.first += before;
    a.last -= after;
    a.before = (int)roundf((float)before * scale);
    a.after = (int)roundf((float)after * scale);
    a.to = (int)roundf((float)(a.last - a.first + 1) * scale);
    return a;
}

/* Roundings may add up to a pixel too much. */
static int fit(int to, int begin, int size)
{
    return begin + to > size ? size - begin : to;
}

static bool far_away(const int end[4])
{
    enum { FAR = 1 << 24 }; /* single precision has no half pixels there */

    for (int i = 0; i < 4; i++)
        if (end[i] < -FAR || end[i] > FAR) return true;
    return false;
}

bool crema_window_locate(const struct crema_window_rule *rule, const int end[4],
                         int width, int height, bool mirror,
                         struct crema_window_place *out)
{
    float scale = (float)rule->size / (float)(rule->size - 2 * rule->pad);
    float across = half(end[0], end[2]), down = half(end[1], end[3]);
    struct axis x = { end[0], end[2], 0, 0, rule->size };
    struct axis y = { end[1], end[3], 0, 0, rule->size };

    if (far_away(end)) return false;
    if (rule->square) across = down = fmaxf(across, down);
    if (rule->pad || rule->square) {
        x = enlarge(end[0], end[2], across * scale, width, rule->size);
        y = enlarge(end[1], end[3], down * scale, height, rule->size);
    }
    *out = (struct crema_window_place){
        .left = x.first,
        .top = y.first,
        .width = x.last - x.first + 1,
        .height = y.last - y.first + 1,
        .to_left = mirror ? x.after : x.before,
        .to_top = y.before,
    };
    out->to_width = fit(x.to, out->to_left, rule->size);
    out->to_height = fit(y.to, out->to_top, rule->size);
    return x.first >= 0 && y.first >= 0 && x.last < width && y.last < height &&
           out->width > 0 && out->height > 0 && out->to_width > 0 &&
           out->to_height > 0;
}
