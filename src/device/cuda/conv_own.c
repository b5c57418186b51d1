/* conv_own.c - a convolution as our own kernels take it.
 *
 * Tiles are 128 pixels by 128 or 64 channels, multiplied by four warps.  On
 * paper: in 16 bits a step of 64 along K reads 32 KiB for 2 * 128 * 128 * 64
 * operations, 64 a byte; an H200's L2 gives some 6 TB/s, so tiles alone would
 * end near 400 TFLOP/s of the 600 that mma may reach there, but most of what
 * taps gather should come from L1.  Two blocks with three stages of 32 KiB, or
 * three with 24 KiB, fill the 228 KiB of a multiprocessor, and with 128 or 64
 * sums a lane the registers.
 *
 * AlexNet with 256 images on 132 multiprocessors: conv2 forward has 1458 tiles
 * of pixels, 128 outputs and 2 groups, 2916 blocks in 11.05 rounds of 264;
 * conv4 (192 outputs a group) fills three tiles of 64, 2028 blocks in 5.1
 * rounds of 396; conv5 one of 128, 676 blocks in 2.6 rounds.  conv2's dX, 48
 * channels a group, leaves a quarter of a tile of 64 idle.  dW has few tiles
 * and a long K, which is cut: conv2 into 13 parts for 20 tiles.
 */
#include "device/cuda/conv_own.h"

const int crema_conv_own_widths[CONV_OWN_WIDTHS] = { 128, 64 };

/* Pixels, and taps times channels, stay below; sides, pads and reach of the
 * kernel. */
static const int64_t MOST = (int64_t)1 << 30, LONGEST = 1 << 28;

/* What writing and reading a part's sums costs, in steps of a product. */
enum { PART_STEPS = 8, LEAST_STEPS = 4 };

/* ---- the case in numbers ------------------------------------------------- */

/* Its axes as rows and columns; one axis is columns. */
struct geometry {
    int64_t images, groups, c, k; /* c, k: channels of a group, x and y */
    int64_t x[2], y[2], kernel[2], stride[2], pad[2], dilation[2];
};

static struct geometry geometry_of(const struct conv_case *c)
{
    int n = c->conv.spatial;
    struct geometry g = { c->x.padded[0],
                          c->conv.groups,
                          c->x.padded[1] / c->conv.groups,
                          c->y.padded[1] / c->conv.groups,
                          { 1, 1 },
                          { 1, 1 },
                          { 1, 1 },
                          { 1, 1 },
                          { 0, 0 },
                          { 1, 1 } };

    for (int i = 0; i < n; i++) {
        int to = 2 - n + i;

        g.x[to] = c->x.padded[2 + i];
        g.y[to] = c->y.padded[2 + i];
        g.kernel[to] = c->conv.kernel[i];
        g.stride[to] = c->conv.stride[i];
        g.pad[to] = c->conv.pad[i];
        g.dilation[to] = c->conv.dilation[i];
    }
    return g;
}

static bool lies_well(const struct crema_layout *l, enum crema_type type)
{
    struct crema_shape seen = { .ndims = l->ndims };
    struct crema_layout want;

    for (int i = 0; i < l->ndims; i++) seen.dim[i] = l->padded[i];
    want = crema_layout_channels_last(&seen, type);
    if (l->type != type || l->nblocks > 0) return false;
    for (int i = 0; i < l->ndims; i++)
        if (l->stride[i] != want.stride[i]) return false;
    return true;
}

/* a * b * c, or MOST where that is more; none is below 0. */
static int64_t times(int64_t a, int64_t b, int64_t c)
{
    if (a == 0 || b == 0 || c == 0) return 0;
    if (a >= MOST || b > MOST / a || c > MOST / (a * b)) return MOST;
    return a * b * c;
}

static bool is_small(const struct geometry *g)
{
    int64_t most = g->c > g->k ? g->c : g->k;

    for (int i = 0; i < 2; i++)
        if (g->x[i] >= LONGEST || g->y[i] >= LONGEST || g->pad[i] >= LONGEST ||
            g->stride[i] >= LONGEST || g->dilation[i] >= LONGEST ||
            times(g->y[i], g->stride[i], 1) >= LONGEST ||
            times(g->kernel[i], g->dilation[i], 1) >= LONGEST)
            return false;
    return times(g->images, g->x[0], g->x[1]) < MOST &&
           times(g->images, g->y[0], g->y[1]) < MOST &&
           times(g->kernel[0], g->kernel[1], most) < MOST &&
           times(g->groups, most, 1) < MOST;
}

bool crema_conv_own_fits(const struct conv_case *c)
{
    int lanes = crema_own_lanes((int)c->x.type);
    bool is_half = c->x.type == CREMA_BF16 || c->x.type == CREMA_F16;
    struct geometry g;

    if (c->conv.spatial < 1 || c->conv.spatial > 2) return false;
    if (!is_half && (c->x.type != CREMA_F32 || !c->tf32)) return false;
    if (!lies_well(&c->x, c->x.type) || !lies_well(&c->w, c->x.type) ||
        !lies_well(&c->y, c->x.type))
        return false;
    g = geometry_of(c);
    if (g.c == 0 || g.k == 0 || g.c % lanes || g.k % lanes ||
        g.c != c->w.padded[1] || !is_small(&g))
        return false;
    return c->way != CONV_BWD_DATA ||
           (g.stride[0] <= OWN_PHASES && g.stride[1] <= OWN_PHASES);
}

bool crema_conv_own_is_width(const struct conv_case *c, int64_t width)
{
    int64_t n = (c->way == CONV_BWD_DATA ? c->x : c->y).padded[1];

    return width == 64 || (width == 128 && n / c->conv.groups > 64);
}

/* ---- phases ---------------------------------------------------------------
 */

/* Pixels of y, which read x. */
static struct crema_own_axis axis_of(const struct geometry *g, int i)
{
    return (struct crema_own_axis){ .first = 0,
                                    .step = 1,
                                    .count = (int32_t)g->y[i],
                                    .from = (int32_t)-g->pad[i],
                                    .stride = (int32_t)g->stride[i],
                                    .move = (int32_t)g->dilation[i],
                                    .taps = (int32_t)g->kernel[i],
                                    .tap = 0,
                                    .tap_step = 1 };
}

/* Pixels phase, phase + stride .. of x, which read y: pixel p was read at tap r
 * by y's pixel (p + pad - r dilation) / stride, where that is a whole number.
 */
static struct crema_own_axis phase_of(const struct geometry *g, int i,
                                      int64_t phase)
{
    int64_t s = g->stride[i], d = g->dilation[i], at = phase + g->pad[i];
    int64_t every = 1, first = 0;
    struct crema_own_axis a = {
        .first = (int32_t)phase, .step = (int32_t)s, .stride = 1, .tap_step = 1
    };

    while (every * d % s) every++;
    while (first < every && (at - first * d) % s) first++;
    if (phase < g->x[i]) a.count = (int32_t)((g->x[i] - phase - 1) / s + 1);
    if (first == every || first >= g->kernel[i]) return a; /* nobody reads it */
    a.from = (int32_t)((at - first * d) / s);
    a.move = (int32_t) - (every * d / s);
    a.taps = (int32_t)((g->kernel[i] - first - 1) / every + 1);
    a.tap = (int32_t)first;
    a.tap_step = (int32_t)every;
    return a;
}

static void fill_axis(struct crema_own *o, const struct geometry *g, int i)
{
    o->phases[i] = o->kind.way == OWN_DATA ? (int32_t)g->stride[i] : 1;
    for (int p = 0; p < o->phases[i]; p++) {
        struct crema_own_axis *a = &o->axis[i][p];

        *a = o->kind.way == OWN_DATA ? phase_of(g, i, p) : axis_of(g, i);
        a->by_taps = crema_divisor(a->taps > 0 ? (uint32_t)a->taps : 1);
    }
}

/* ---- the launch ------------------------------------------------------------
 */

static int64_t tiles(int64_t n, int64_t each)
{
    return n / each + (n % each != 0);
}

/* The number of parts of K with which `blocks` tiles are done soonest. */
static int64_t splits_of(int64_t blocks, int64_t steps, int64_t at_once,
                         size_t part, size_t room)
{
    int64_t best = 1, least = tiles(blocks, at_once) * steps;

    for (int64_t s = 2; s <= OWN_SPLITS && s * LEAST_STEPS <= steps; s++) {
        int64_t cost =
            tiles(blocks * s, at_once) * (tiles(steps, s) + PART_STEPS);

        if (part > room / (size_t)s) break;
        if (cost >= least) continue;
        least = cost;
        best = s;
    }
    return best;
}

static void cut_weights(struct crema_own *o, int64_t pixels, int64_t at_once,
                        size_t room)
{
    int64_t steps = tiles(pixels, crema_own_depth(o->kind.type));
    int64_t blocks = (int64_t)o->m_tiles * o->n_tiles * o->groups;
    size_t part = (size_t)crema_own_weights(o) * sizeof(float);
    int64_t splits = splits_of(blocks, steps, at_once, part, room);

    o->split_steps = (int32_t)tiles(steps, splits);
    o->splits = steps ? (int32_t)tiles(steps, o->split_steps) : 1;
}

bool crema_conv_own_plan(const struct conv_case *c, int width, int64_t at_once,
                         size_t room, struct crema_own *out)
{
    struct geometry g = geometry_of(c);
    bool data = c->way == CONV_BWD_DATA;
    struct crema_own o = { .kind = { (int)c->x.type, (int)c->way, width },
                           .relu = c->relu,
                           .groups = (int32_t)g.groups,
                           .images = (int32_t)g.images,
                           .each = (int32_t)(data ? g.k : g.c),
                           .to_each = (int32_t)(data ? g.c : g.k),
                           .splits = 1,
                           .split_steps = INT32_MAX };
    int64_t pixels = g.images;

    for (int i = 0; i < 2; i++) {
        fill_axis(&o, &g, i);
        o.size[i] = (int32_t)(data ? g.y[i] : g.x[i]);
        o.to_size[i] = (int32_t)(data ? g.x[i] : g.y[i]);
        o.kernel[i] = (int32_t)g.kernel[i];
        pixels *= o.axis[i][0].count; /* of the first phase: the largest */
    }
    o.by_each = crema_divisor((uint32_t)o.each);
    o.n_tiles = (int32_t)tiles(o.to_each, width);
    if (c->way == CONV_BWD_WEIGHTS) {
        o.m_tiles = (int32_t)tiles(g.kernel[0] * g.kernel[1] * g.c, OWN_ROWS);
        cut_weights(&o, pixels, at_once, room);
    } else
        o.m_tiles = (int32_t)tiles(pixels, OWN_ROWS);
    *out = o;
    return crema_own_blocks(&o) <= INT32_MAX;
}

size_t crema_conv_own_workspace(const struct crema_own *o)
{
    return o->splits > 1 ? (size_t)o->splits * (size_t)crema_own_weights(o) *
                               sizeof(float)
                         : 0;
}

_Static_assert((int)CONV_FORWARD == OWN_FORWARD &&
                   (int)CONV_BWD_DATA == OWN_DATA &&
                   (int)CONV_BWD_WEIGHTS == OWN_WEIGHTS,
               "both say the same");

struct crema_own_data crema_conv_own_data(const struct conv_case *c,
                                          const struct conv_data *d,
                                          void *workspace)
{
    bool data = c->way == CONV_BWD_DATA, weights = c->way == CONV_BWD_WEIGHTS;

    return (struct crema_own_data){ .from = data ? d->y : d->x,
                                    .with = weights ? d->y : d->w,
                                    .bias = d->b,
                                    .to = data      ? d->x
                                          : weights ? d->w
                                                    : d->y,
                                    .parts = workspace };
}
