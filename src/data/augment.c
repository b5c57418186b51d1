/* augment.c - a picture's way through what is done before it is cropped:
 *
 *   distort, expand, turn, short side, random area, resize, noise
 *
 * the order of SSD's layers where they have a step.  Only resizing, and noise
 * that is not drawn, is done in TEST as well; there a random area is all of the
 * picture, and the short side the middle of its range.
 */
#include "data/augment.h"

#include "base/philox.h"

#include <math.h>
#include <string.h>

/* ---- drawing --------------------------------------------------------------
 */

struct crema_draws crema_draws(const char *step, uint32_t seed,
                               uint64_t ordinal)
{
    return (struct crema_draws){
        .ordinal = { (uint32_t)ordinal, (uint32_t)(ordinal >> 32) },
        .stream = crema_hash(step),
        .seed = seed,
    };
}

uint32_t crema_draw_bits(struct crema_draws *d)
{
    uint32_t n = d->next++;
    struct crema_philox random = crema_philox(d->ordinal[0], d->ordinal[1],
                                              n / 4, d->stream, d->seed, 0);

    return random.v[n % 4];
}

float crema_draw(struct crema_draws *d, float from, float to)
{
    return from + (to - from) * crema_uniform(crema_draw_bits(d));
}

int crema_draw_below(struct crema_draws *d, int n)
{
    return (int)((uint64_t)crema_draw_bits(d) * (uint64_t)n >> 32);
}

float crema_draw_normal(struct crema_draws *d)
{
    double u = 1 - (double)crema_uniform(crema_draw_bits(d)); /* (0, 1] */
    double v = (double)crema_uniform(crema_draw_bits(d));

    return (float)(sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v));
}

bool crema_draw_chance(struct crema_draws *d, float share)
{
    return crema_uniform(crema_draw_bits(d)) < share;
}

/* ---- resizing -------------------------------------------------------------
 */

/* height x width keeping the picture's aspect: within the rule's size, or
 * covering it. */
static void keep_aspect(const struct crema_resize_rule *r,
                        const struct crema_image *in, bool within, int *height,
                        int *width)
{
    float aspect = (float)in->width / (float)in->height;
    bool wide = aspect > (float)r->width / (float)r->height;

    *height = r->height;
    *width = r->width;
    if (wide == within)
        *height = (int)((float)r->width / aspect);
    else
        *width = (int)(aspect * (float)r->height);
    if (*height < 1) *height = 1;
    if (*width < 1) *width = 1;
    if (within && *height > r->height) *height = r->height;
    if (within && *width > r->width) *width = r->width;
}

static Crema__ResizeParameter__InterpMode
choose_interp(const struct crema_resize_rule *r, bool train,
              struct crema_draws *d)
{
    if (r->ninterps == 0) return CREMA__RESIZE_PARAMETER__INTERP_MODE__LINEAR;
    return r->interp[train ? crema_draw_below(d, r->ninterps) : 0];
}

enum crema_status crema_resize_apply(struct crema_ctx *ctx,
                                     const struct crema_resize_rule *r,
                                     bool train, struct crema_draws *d,
                                     struct crema_scratch *scratch,
                                     const struct crema_image *in,
                                     struct crema_image *out)
{
    Crema__ResizeParameter__InterpMode interp = choose_interp(r, train, d);
    struct crema_image *inner = &scratch->inner;
    uint8_t fill[CREMA_FILL_VALUES] = { 0 };
    int height = r->height, width = r->width;

    if (r->mode == CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_SMALL_SIZE)
        keep_aspect(r, in, false, &height, &width);
    if (r->mode != CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_LARGE_SIZE_AND_PAD)
        return crema_image_resample(ctx, interp, &scratch->between, in, height,
                                    width, out);
    keep_aspect(r, in, true, &height, &width);
    for (int c = 0; c < in->channels && r->npads; c++)
        fill[c] = r->pad[r->npads > 1 ? c : 0];
    CREMA_TRY(crema_image_resample(ctx, interp, &scratch->between, in, height,
                                   width, inner));
    return crema_image_frame(ctx, inner, (r->height - height) / 2,
                             (r->width - width) / 2, r->height, r->width,
                             r->pad_mode, fill, out);
}

/* ---- the way --------------------------------------------------------------
 */

/* A picture and a second one: steps go from one to the other. */
struct way {
    struct crema_ctx *ctx;
    const struct crema_augment *a;
    struct crema_scratch *scratch;
    uint64_t ordinal;
    int now; /* which of scratch->work */
};

static struct crema_image *now(struct way *w)
{
    return &w->scratch->work[w->now];
}

static struct crema_image *other(struct way *w)
{
    return &w->scratch->work[!w->now];
}

static struct crema_draws draws(const struct way *w, const char *step)
{
    return crema_draws(step, w->a->seed, w->ordinal);
}

static enum crema_status resize(struct way *w, const char *step,
                                const struct crema_resize_rule *r)
{
    struct crema_draws d = draws(w, step);

    if (w->a->train && !crema_draw_chance(&d, r->prob)) return CREMA_OK;
    CREMA_TRY(crema_resize_apply(w->ctx, r, w->a->train, &d, w->scratch, now(w),
                                 other(w)));
    w->now = !w->now;
    return CREMA_OK;
}

static enum crema_status expand(struct way *w)
{
    struct crema_draws d = draws(w, "expand");
    const struct crema_image *in = now(w);
    int height, width, top, left;
    float by;

    if (!crema_draw_chance(&d, w->a->expand_prob)) return CREMA_OK;
    by = crema_draw(&d, 1, w->a->expand_most);
    height = (int)((float)in->height * by);
    width = (int)((float)in->width * by);
    top = crema_draw_below(&d, height - in->height + 1);
    left = crema_draw_below(&d, width - in->width + 1);
    CREMA_TRY(crema_image_frame(w->ctx, in, top, left, height, width,
                                CREMA__RESIZE_PARAMETER__PAD_MODE__CONSTANT,
                                w->a->fill, other(w)));
    w->now = !w->now;
    return CREMA_OK;
}

static enum crema_status turn(struct way *w, const char *name)
{
    static const int exif[] = { 1, 6, 3, 8 }; /* quarters clockwise */
    struct crema_draws d = draws(w, "turn");

    if (w->a->quarters)
        CREMA_TRY(crema_image_turn(w->ctx, name, exif[crema_draw_below(&d, 4)],
                                   now(w)));
    if (!(w->a->degrees > 0)) return CREMA_OK;
    CREMA_TRY(crema_image_rotate(w->ctx, now(w),
                                 crema_draw(&d, -w->a->degrees, w->a->degrees),
                                 other(w)));
    w->now = !w->now;
    return CREMA_OK;
}

/* The shorter side becomes so long. */
static enum crema_status short_side(struct way *w)
{
    const struct crema_augment *a = w->a;
    struct crema_draws d = draws(w, "short side");
    struct crema_resize_rule r = a->short_rule;
    int side = (a->short_min + a->short_max) / 2;

    if (a->train)
        side = a->short_min +
               crema_draw_below(&d, a->short_max - a->short_min + 1);
    r.height = r.width = side;
    r.mode = CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_SMALL_SIZE;
    return resize(w, "short side's resize", &r);
}

/* A rectangle of random area and aspect; where none fits, all. */
static enum crema_status random_area(struct way *w)
{
    const struct crema_augment *a = w->a;
    struct crema_draws d = draws(w, "area");
    const struct crema_image *in = now(w);
    double whole = (double)in->height * in->width;

    for (int i = 0; a->train && i < a->attempts; i++) {
        double area = whole * (double)crema_draw(&d, a->area_min, a->area_max);
        float bend = logf(a->aspect);
        double aspect = exp((double)crema_draw(&d, -bend, bend));
        int width = (int)rint(sqrt(area * aspect));
        int height = (int)rint(sqrt(area / aspect));
        int top, left;

        if (width < 1 || height < 1 || width > in->width || height > in->height)
            continue;
        top = crema_draw_below(&d, in->height - height + 1);
        left = crema_draw_below(&d, in->width - width + 1);
        CREMA_TRY(
            crema_image_part(w->ctx, in, top, left, height, width, other(w)));
        w->now = !w->now;
        break;
    }
    return resize(w, "area's resize", &a->area_rule);
}

/* Records have channels in planes or beside each other; work has the latter. */
static enum crema_status take(struct way *w, const char *name,
                              const struct crema_sample *s)
{
    size_t n = (size_t)s->height * (size_t)s->width;
    size_t channels = (size_t)s->channels;
    uint8_t *to;

    if (s->floats)
        return crema_fail(w->ctx, CREMA_EINVAL,
                          "%s holds floats: transform_param can crop, mirror "
                          "and scale them, the rest is for pictures of bytes",
                          name);
    CREMA_TRY(crema_image_reserve(w->ctx, name, s->height, s->width,
                                  s->channels, now(w)));
    to = now(w)->pixels;
    if (s->pixels) {
        memcpy(to, s->pixels, n * channels);
        return CREMA_OK;
    }
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < n; i++)
            to[i * channels + c] = s->planes[c * n + i];
    return CREMA_OK;
}

static bool fills(const struct crema_resize_rule *r)
{
    return r->mode ==
               CREMA__RESIZE_PARAMETER__RESIZE_MODE__FIT_LARGE_SIZE_AND_PAD &&
           r->pad_mode == CREMA__RESIZE_PARAMETER__PAD_MODE__CONSTANT;
}

/* Are there values for all of them, where some are filled in? */
static enum crema_status check_channels(struct way *w, const char *name,
                                        int channels)
{
    const struct crema_augment *a = w->a;
    const int given[] = { a->area_rule.npads, a->resize.npads,
                          a->noise.nvalues };

    if (channels > CREMA_FILL_VALUES &&
        (fills(&a->resize) || fills(&a->area_rule) || a->expand_prob > 0))
        return crema_fail(w->ctx, CREMA_EINVAL,
                          "%s has %d channels; pictures of %d at most are "
                          "padded",
                          name, channels, CREMA_FILL_VALUES);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i] > 1 && given[i] < channels)
            return crema_fail(w->ctx, CREMA_EINVAL,
                              "%s has %d channels, but there are %d values to "
                              "put into them: give one for all or one for each",
                              name, channels, given[i]);
    return CREMA_OK;
}

enum crema_status crema_augment_picture(struct crema_ctx *ctx,
                                        const struct crema_augment *a,
                                        const char *name, uint64_t ordinal,
                                        struct crema_scratch *scratch,
                                        const struct crema_sample *s,
                                        struct crema_image **out)
{
    struct way w = { ctx, a, scratch, ordinal, 0 };
    struct crema_draws d;

    CREMA_TRY(take(&w, name, s));
    CREMA_TRY(check_channels(&w, name, s->channels));
    if (a->train) {
        d = draws(&w, "distort");
        crema_distort(&a->distort, &d, now(&w));
        CREMA_TRY(expand(&w));
        CREMA_TRY(turn(&w, name));
    }
    if (a->short_max) CREMA_TRY(short_side(&w));
    if (a->area_max > 0) CREMA_TRY(random_area(&w));
    if (a->resize.height) CREMA_TRY(resize(&w, "resize", &a->resize));
    d = draws(&w, "noise");
    crema_noise(&a->noise, a->train, &d, now(&w));
    *out = now(&w);
    return CREMA_OK;
}
