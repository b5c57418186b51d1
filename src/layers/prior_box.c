/* prior_box.c - SSD's default boxes: at each position of the map of bottom 0,
 * boxes of several sizes and shapes on the picture of bottom 1.
 *
 * The top is 1 x 2 x (H W boxes 4): left, top, right and bottom of each box in
 * parts of the picture, then the variances.  Sizes are cut to whole pixels, as
 * in Caffe.
 */
#include "layers/layer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

CREMA_LAYER_PARAM(Crema__PriorBoxParameter, CREMA__PRIOR_BOX_PARAMETER__INIT,
                  prior_box_param)

struct size {
    float width, height; /* in pixels */
};

struct state {
    int64_t nsizes;
    struct size *size; /* of the boxes at one position */
    float step[2];     /* along x, y; 0: picture / map */
    float *boxes;      /* the top */
    int64_t count;
};

static void add(struct state *s, float width, float height)
{
    s->size[s->nsizes++] = (struct size){ width, height };
}

/* Are two ratios one? */
static bool same(float a, float b)
{
    return fabsf(a - b) < 1e-6f;
}

/* 1 and each new one of aspect_ratio, followed by its inverse where they are
 * flipped; returns how many. */
static size_t ratios(const Crema__PriorBoxParameter *p, float *ratio)
{
    size_t n = 1;

    ratio[0] = 1;
    for (size_t i = 0; i < p->n_aspect_ratio; i++) {
        bool known = false;

        for (size_t k = 0; k < n; k++)
            known = known || same(p->aspect_ratio[i], ratio[k]);
        if (known) continue;
        ratio[n++] = p->aspect_ratio[i];
        if (p->flip) ratio[n++] = 1 / p->aspect_ratio[i];
    }
    return n;
}

/* Of each size: a square; one between it and the next larger; and the other
 * shapes. */
static enum crema_status set_sizes(struct crema_layer *l)
{
    const Crema__PriorBoxParameter *p = param(l);
    struct state *s = l->state;
    float *ratio = malloc(sizeof *ratio * (2 * p->n_aspect_ratio + 1));
    size_t n = ratio ? ratios(p, ratio) : 0;

    s->size = calloc(p->n_min_size * (n + 1), sizeof *s->size);
    if (!ratio || !s->size) {
        free(ratio);
        return crema_no_memory(l->ctx, l->param->name);
    }
    for (size_t i = 0; i < p->n_min_size; i++) {
        float least = truncf(p->min_size[i]);

        add(s, least, least);
        if (p->n_max_size) {
            float middle = sqrtf(least * truncf(p->max_size[i]));

            add(s, middle, middle);
        }
        for (size_t k = 1; k < n; k++)
            if (!same(ratio[k], 1))
                add(s, least * sqrtf(ratio[k]), least / sqrtf(ratio[k]));
    }
    free(ratio);
    return CREMA_OK;
}

static enum crema_status check_sizes(const struct crema_layer *l)
{
    const Crema__PriorBoxParameter *p = param(l);

    if (p->n_min_size == 0)
        return crema_layer_fail(l, NULL, "wants prior_box_param { min_size }");
    if (p->n_max_size && p->n_max_size != p->n_min_size)
        return crema_layer_fail(l, p->max_size, "%zu max_size for %zu min_size",
                                p->n_max_size, p->n_min_size);
    for (size_t i = 0; i < p->n_min_size; i++)
        if (!(p->min_size[i] > 0 && p->min_size[i] < 1e9f))
            return crema_layer_fail(l, &p->min_size[i],
                                    "min_size must be positive");
    for (size_t i = 0; i < p->n_max_size; i++)
        if (!(p->max_size[i] > p->min_size[i] && p->max_size[i] < 1e9f))
            return crema_layer_fail(l, &p->max_size[i],
                                    "max_size must be above its min_size, %g",
                                    (double)p->min_size[i]);
    for (size_t i = 0; i < p->n_aspect_ratio; i++)
        if (!(p->aspect_ratio[i] > 0))
            return crema_layer_fail(l, &p->aspect_ratio[i],
                                    "aspect_ratio must be positive");
    if (p->n_variance > 1 && p->n_variance != 4)
        return crema_layer_fail(l, p->variance,
                                "%zu variances; there must be 1 or 4",
                                p->n_variance);
    for (size_t i = 0; i < p->n_variance; i++)
        if (!(p->variance[i] > 0))
            return crema_layer_fail(l, &p->variance[i],
                                    "variance must be positive");
    return CREMA_OK;
}

static enum crema_status check_picture(const struct crema_layer *l)
{
    const Crema__PriorBoxParameter *p = param(l);
    bool sides = p->has_img_h || p->has_img_w;

    if (sides && p->has_img_size)
        return crema_layer_fail(l, &p->img_size,
                                "img_size, or img_h and img_w: not both");
    if (sides && (p->img_h == 0 || p->img_w == 0))
        return crema_layer_fail(l, p->img_h ? &p->img_w : &p->img_h,
                                "img_h and img_w must both be positive");
    if (p->has_img_size && p->img_size == 0)
        return crema_layer_fail(l, &p->img_size, "img_size must be positive");
    return CREMA_OK;
}

static enum crema_status set_step(struct crema_layer *l)
{
    const Crema__PriorBoxParameter *p = param(l);
    bool sides = p->has_step_h || p->has_step_w;
    struct state *s = l->state;

    if (sides && p->has_step)
        return crema_layer_fail(l, &p->step,
                                "step, or step_h and step_w: not both");
    if (sides && !(p->step_h > 0 && p->step_w > 0))
        return crema_layer_fail(l, p->step_h > 0 ? &p->step_w : &p->step_h,
                                "step_h and step_w must both be positive");
    if (p->has_step && !(p->step > 0))
        return crema_layer_fail(l, &p->step, "step must be positive");
    s->step[0] = sides ? p->step_w : p->step;
    s->step[1] = sides ? p->step_h : p->step;
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    CREMA_TRY(check_sizes(l));
    CREMA_TRY(check_picture(l));
    CREMA_TRY(set_step(l));
    return set_sizes(l);
}

/* One box of `size` around (x, y) on a picture of w x h. */
static void place(const struct size *size, float x, float y, float w, float h,
                  float *box)
{
    box[0] = (x - size->width / 2) / w;
    box[1] = (y - size->height / 2) / h;
    box[2] = (x + size->width / 2) / w;
    box[3] = (y + size->height / 2) / h;
}

/* map, picture: width and height. */
static void fill(struct crema_layer *l, const int64_t map[2],
                 const int64_t picture[2])
{
    const Crema__PriorBoxParameter *p = param(l);
    struct state *s = l->state;
    float w = (float)picture[0], h = (float)picture[1], *box = s->boxes;
    float step_x = s->step[0] > 0 ? s->step[0] : w / (float)map[0];
    float step_y = s->step[1] > 0 ? s->step[1] : h / (float)map[1];

    for (int64_t i = 0; i < map[0] * map[1]; i++) {
        float x = ((float)(i % map[0]) + p->offset) * step_x;
        float y = ((float)(i / map[0]) + p->offset) * step_y;

        for (int64_t k = 0; k < s->nsizes; k++, box += 4)
            place(&s->size[k], x, y, w, h, box);
    }
    for (float *v = s->boxes; v < box && p->clip; v++)
        *v = fminf(fmaxf(*v, 0), 1);
    for (int64_t i = 0; i < s->count / 2; i++)
        box[i] = p->n_variance == 0
                     ? 0.1f
                     : p->variance[p->n_variance > 1 ? i % 4 : 0];
}

static enum crema_status forward(void *user, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = user;
    const struct state *s = l->state;

    (void)ctx, (void)nx, (void)x, (void)ny;
    memcpy(y[0].diff, s->boxes, sizeof *s->boxes * (size_t)s->count);
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, NULL, l };
    const struct crema_shape *map = &l->bottom[0]->shape;
    const struct crema_shape *picture = &l->bottom[1]->shape;
    const Crema__PriorBoxParameter *p = param(l);
    struct state *s = l->state;
    struct crema_shape top;
    int64_t w, h;

    if (map->ndims != 4 || picture->ndims != 4)
        return crema_layer_fail(l, NULL,
                                "bottoms must be N x C x H x W: a map, and "
                                "the picture");
    w = p->has_img_size ? p->img_size : p->img_w ? p->img_w : picture->dim[3];
    h = p->has_img_size ? p->img_size : p->img_h ? p->img_h : picture->dim[2];
    top = CREMA_SHAPE(1, 2, map->dim[2] * map->dim[3] * s->nsizes * 4);
    if (!crema_shape_valid(&top) || top.dim[2] == 0 || w == 0 || h == 0)
        return crema_layer_fail(l, NULL, "a map or picture without elements");
    s->count = 2 * top.dim[2];
    free(s->boxes);
    s->boxes = malloc(sizeof *s->boxes * (size_t)s->count);
    if (!s->boxes) return crema_no_memory(l->ctx, l->param->name);
    fill(l, (int64_t[]){ map->dim[3], map->dim[2] }, (int64_t[]){ w, h });
    crema_host(l->program, &host, 0, NULL, 1, &top, l->top);
    return CREMA_OK;
}

static void free_state(struct crema_layer *l)
{
    struct state *s = l->state;

    free(s->size);
    free(s->boxes);
}

static const struct crema_param_doc prior_box_param = {
    .message = "prior_box_param",
    .fields =
        (const struct crema_field_doc[]){
            { "min_size", "side of a square, in pixels; one or more" },
            { "max_size", "of each min_size: adds a square of side "
                          "sqrt(min_size max_size)" },
            { "aspect_ratio", "adds, for each min_size, a box of the same "
                              "area and this ratio of width to height" },
            { "flip", "adds boxes of the inverse ratios too" },
            { "clip", "boxes end at the picture's borders" },
            { "variance", "1 or 4 numbers for channel 1; 0.1 without" },
            { "img_size", "side of the picture in pixels, if not the second "
                          "bottom's" },
            { "img_h", "its height alone; with img_w" },
            { "img_w", "its width alone; with img_h" },
            { "step", "pixels between neighbouring positions; picture / map "
                      "without" },
            { "step_h", "the same downwards; with step_w" },
            { "step_w", "the same to the right; with step_h" },
            { "offset", "where the centre is, in steps from the position" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DETECTION,
    .line = "SSD's default boxes at each position of a map",
    .text = "Only the shapes of the bottoms are read. Channel 0 of the top is "
            "left, top, right and bottom of each box in parts of the picture: "
            "for each position, for each min_size, the square, that of "
            "max_size, and the other shapes. Channel 1 is the variances, by "
            "which codes of boxes are multiplied.",
    .bottoms = { { "map", "N x C x H x W" }, { "data", "the picture" } },
    .tops = { { "prior", "1 x 2 x (H W boxes 4)" } },
    .params = { &prior_box_param },
    .quirks = "SSD's. min_size and max_size are cut to whole pixels.",
    .example = "prior_box_param {\n"
               "  min_size: 30\n"
               "  max_size: 60\n"
               "  aspect_ratio: 2\n"
               "  variance: [0.1, 0.1, 0.2, 0.2]\n"
               "  step: 8\n"
               "}",
};

const struct crema_layer_type crema_layer_PriorBox = {
    .name = "PriorBox",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 1,
    .max_tops = 1,
    .state_size = sizeof(struct state),
    .setup = setup,
    .record = record,
    .free = free_state,
    .doc = &doc,
};
