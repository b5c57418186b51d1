/* reorder.c - the same numbers in another layout. */
#include "device/cpu/onednn.h"

/* l, where it is dense and its axes are split otherwise than those of `like`
 * (oihw and goihw): dense over the axes of `like`. */
static struct crema_layout matched(const struct crema_layout *l,
                                   const struct crema_layout *like)
{
    struct crema_shape s = { .ndims = like->ndims };
    bool same = l->ndims == like->ndims;

    for (int i = 0; i < like->ndims; i++) {
        s.dim[i] = like->dim[i];
        same = same && l->dim[i] == like->dim[i];
    }
    if (same || !crema_layout_is_dense(l)) return *l;
    return crema_layout_dense(&s, l->type);
}

enum crema_status crema_cpu_reorder(struct crema_device *dev,
                                    struct crema_op *op, struct crema_port in[],
                                    struct crema_port out[])
{
    struct crema_layout from = matched(in[0].have, out[0].have);
    struct crema_layout to = matched(out[0].have, &from);

    if (from.bytes == 0) return CREMA_EUNSUPPORTED;
    CREMA_TRY(crema_dn_plan_reorder(dev, op, &from, &to));
    in[0].want = *in[0].have;
    out[0].want = *out[0].have;
    return CREMA_OK;
}
