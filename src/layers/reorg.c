/* reorg.c - space to depth as Darknet has it, and back.
 *
 * With s = stride and x as N x K x (H s) x (W s), K = C / s^2, numbers in a
 * row: element (k, h s + i, w s + j) goes to (i, j, k, h, w) of what is then
 * read as N x (C s^2) x (H / s) x (W / s).  reverse undoes the same.
 */
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__ReorgParameter, CREMA__REORG_PARAMETER__INIT,
                  reorg_param)

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__ReorgParameter *p = param(l);

    if (p->stride >= 1 && p->stride <= 4096) return CREMA_OK;
    return crema_layer_fail(l, &p->stride, "give a stride from 1 to 4096");
}

static enum crema_status record(struct crema_layer *l)
{
    static const int there[] = { 0, 3, 5, 1, 2, 4 };
    static const int back[] = { 0, 3, 4, 1, 5, 2 };
    const Crema__ReorgParameter *p = param(l);
    const struct crema_shape *x = &l->bottom[0]->shape;
    int64_t s = p->stride, area = s * s;
    struct crema_shape apart, y;

    if (x->ndims != 4 || x->dim[1] % area ||
        (!p->reverse && (x->dim[2] % s || x->dim[3] % s)))
        return crema_layer_fail(l, &p->stride,
                                "stride %lld wants channels in multiples of "
                                "%lld%s",
                                (long long)s, (long long)area,
                                p->reverse ? ""
                                           : ", and rows and columns in "
                                             "multiples of it");
    y = *x;
    if (p->reverse) {
        apart = CREMA_SHAPE(x->dim[0], s, s, x->dim[1] / area, x->dim[2],
                            x->dim[3]);
        y.dim[1] /= area;
        y.dim[2] *= s;
        y.dim[3] *= s;
    } else {
        apart = CREMA_SHAPE(x->dim[0], x->dim[1] / area, x->dim[2], s,
                            x->dim[3], s);
        y.dim[1] *= area;
        y.dim[2] /= s;
        y.dim[3] /= s;
    }
    l->top[0] =
        crema_view(l->program, &y,
                   crema_permute(l->program, p->reverse ? back : there,
                                 crema_view(l->program, &apart, l->bottom[0])));
    return CREMA_OK;
}

static const struct crema_param_doc reorg_param = {
    .message = "reorg_param",
    .fields =
        (const struct crema_field_doc[]){
            { "stride", "rows and columns that become channels" },
            { "reverse", "the other way: channels become rows and columns" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_SHAPE,
    .line = "rows and columns become channels",
    .text = "N x C x H x W becomes N x C s^2 x H/s x W/s, s being the stride; "
            "with reverse, N x C/s^2 x H s x W s.  Elements are dealt out in "
            "Darknet's order: x is taken for N x C/s^2 x H s x W s, whatever "
            "its shape.",
    .bottoms = { { "x", "N x C x H x W; s^2 divides C" } },
    .tops = { { "y", "N x C s^2 x H/s x W/s" } },
    .params = { &reorg_param },
    .quirks = "Of Intel's fork and MobileNet-YOLO's. Their own gradient is of "
              "something else; this one is the derivative.",
    .example = "reorg_param { stride: 2 }",
};

const struct crema_layer_type crema_layer_Reorg = {
    .name = "Reorg",
    .min_bottoms = 1,
    .max_bottoms = 1,
    .min_tops = 1,
    .max_tops = 1,
    .setup = setup,
    .record = record,
    .doc = &doc,
};
