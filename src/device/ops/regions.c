/* regions.c - pooling over bins of regions: formula/regions.h.
 *
 * ws holds, unless the grid is sensitive, the index in the H x W plane of each
 * maximum, -1 for a bin without any element.
 */
#include "device/ops/params.h"

#include <string.h>

struct crema_tensor *crema_region_pooling(struct crema_program *p,
                                          const struct crema_regions *how,
                                          struct crema_tensor *x,
                                          struct crema_tensor *regions)
{
    struct crema_tensor *in[2] = { x, regions };
    struct crema_region_grid g;
    struct crema_shape y[2];
    struct crema_op *op;
    char text[CREMA_SHAPE_TEXT];

    if (!x || !regions) return NULL;
    if (x->shape.ndims != 4)
        return crema_op_refuse(p,
                               "regions of a blob of %s; it must be "
                               "N x C x H x W",
                               crema_shape_text(&x->shape, text));
    if (regions->shape.ndims < 2 ||
        crema_shape_product(&regions->shape, 1, regions->shape.ndims) !=
            CREMA_REGION)
        return crema_op_refuse(p, "regions of %s; there must be 5 numbers each",
                               crema_shape_text(&regions->shape, text));
    memset(&g, 0, sizeof g);
    g.n = x->shape.dim[0];
    g.c = x->shape.dim[1];
    g.h = x->shape.dim[2];
    g.w = x->shape.dim[3];
    g.r = regions->shape.dim[0];
    g.p = how->bins[0];
    g.q = how->bins[1];
    g.k = how->sensitive ? g.c / g.p / g.q : g.c;
    g.scale = how->scale;
    g.sensitive = how->sensitive;
    if (how->sensitive && g.k * g.p * g.q != g.c)
        return crema_op_refuse(p, "%lld channels for %lld x %lld bins",
                               (long long)g.c, (long long)g.p, (long long)g.q);
    y[0] = CREMA_SHAPE(g.r, g.k, g.p, g.q);
    y[1] = how->sensitive ? CREMA_SHAPE(0) : y[0];
    op = crema_op_record(p, &crema_op_regions, &g, 2, in, 2, y);
    if (!op) return NULL;
    op->out[0]->needs_grad = x->needs_grad;
    op->out[1]->needs_grad = false;
    return op->out[0];
}

static void gradient(struct crema_program *p, struct crema_op *op)
{
    struct crema_tensor *dx = crema_grad_part(p, op->in[0]);
    struct crema_tensor *in[3] = { op->out[0]->grad, op->in[1], op->out[1] };

    if (dx)
        crema_op_record_into(p, &crema_op_regions_bwd, op->params, 3, in, 1,
                             &dx, op);
}

enum crema_status crema_regions_check(struct crema_ctx *ctx,
                                      const struct crema_op *op,
                                      const float *regions)
{
    const struct crema_region_grid *g = op->params;

    for (int64_t i = 0; i < g->r; i++)
        if (crema_region_image(g, regions + i * CREMA_REGION) < 0)
            return crema_fail(ctx, CREMA_EINVAL,
                              "layer \"%s\": region %lld is of image %g; there "
                              "are %lld",
                              op->layer ? op->layer : "", (long long)i,
                              (double)regions[i * CREMA_REGION],
                              (long long)g->n);
    return CREMA_OK;
}

/* ---- the definition --------------------------------------------------- */

static enum crema_status ref(struct crema_ctx *ctx, const struct crema_op *op)
{
    const struct crema_region_grid *g = op->params;
    float *y = crema_out(op, 0), *ws = crema_out(op, 1);

    CREMA_TRY(crema_regions_check(ctx, op, crema_in(op, 1)));
    for (int64_t i = 0; i < g->r * g->k * g->p * g->q; i++)
        y[i] = crema_at_regions(g, crema_in(op, 0), crema_in(op, 1), i,
                                g->sensitive ? NULL : ws + i);
    return CREMA_OK;
}

static enum crema_status ref_bwd(struct crema_ctx *ctx,
                                 const struct crema_op *op)
{
    const struct crema_region_grid *g = op->params;
    float *dx = crema_out(op, 0);

    (void)ctx;
    for (int64_t j = 0; j < g->n * g->c * g->h * g->w; j++)
        dx[j] = crema_at_regions_bwd(g, crema_in(op, 0), crema_in(op, 1),
                                     crema_in(op, 2), j);
    return CREMA_OK;
}

/* x regions -> y ws; ws has y's shape, or {0} for a sensitive grid */
const struct crema_op_type crema_op_regions = {
    .name = "regions",
    .params_size = sizeof(struct crema_region_grid),
    .workspace = 1,
    .gradient = gradient,
    .ref = ref,
};

/* dy regions ws -> dx */
const struct crema_op_type crema_op_regions_bwd = {
    .name = "regions_bwd",
    .params_size = sizeof(struct crema_region_grid),
    .ref = ref_bwd,
};
