/* precision.c - in which types values and their gradients lie.
 *
 *   values     the layer's forward_type, else the net's default_forward_type,
 *              else what the device was asked for (fp32 if nothing)
 *   gradients  backward_type, default_backward_type, the same
 *
 * So a net that only says default_forward_type: FLOAT16 has its gradients in
 * 32 bits, as in NVIDIA's fork, unless the device was asked for 16.  A type
 * that the device lacks is replaced by the next best, and that is said once.
 *
 * Gradients are scaled on their way from the loss to the updates, which divide
 * by it: by global_grad_scale, or by what finds itself
 * (formula/loss_scale.h) with global_grad_scale_adaptive, and where the device
 * was asked for fp16 and the net says no scale.
 */
#include "net/build.h"

#include "device/backend.h"

#include <math.h>

/* What is said once in a world: a bit each. */
enum { TOLD_DOUBLE = 1, TOLD_HALF = 2, TOLD_BFLOAT = 4 };

static bool first_time(struct crema_net *net, unsigned what)
{
    bool first = !(net->world->told & what);

    net->world->told |= what;
    return first;
}

/* The first of `types` that the device has; the last of them is float32. */
static enum crema_type best(struct crema_net *net, const char *name,
                            unsigned told, const enum crema_type *types)
{
    const struct crema_device *dev = net->world->dev;
    const char *lacks = crema_device_lacks(dev, *types);

    while (crema_device_lacks(dev, *types)) types++;
    if (lacks && first_time(net, told))
        crema_log(net->ctx, CREMA_WARNING, "%s becomes %s here: %s", name,
                  *types == CREMA_BF16 ? "bfloat16" : "fp32", lacks);
    return *types;
}

/* false: a type in which nothing can be computed. */
static bool translate(struct crema_net *net, Crema__Type type,
                      enum crema_type *out)
{
    static const enum crema_type half[] = { CREMA_F16, CREMA_BF16, CREMA_F32 };
    static const enum crema_type bfloat[] = { CREMA_BF16, CREMA_F32 };

    switch (type) {
    case CREMA__TYPE__DOUBLE:
        if (first_time(net, TOLD_DOUBLE))
            crema_log(net->ctx, CREMA_WARNING, "DOUBLE becomes fp32 here");
        *out = CREMA_F32;
        return true;
    case CREMA__TYPE__FLOAT:
        *out = CREMA_F32;
        return true;
    case CREMA__TYPE__FLOAT16:
        *out = best(net, "FLOAT16", TOLD_HALF, half);
        return true;
    case CREMA__TYPE__BFLOAT16:
        *out = best(net, "BFLOAT16", TOLD_BFLOAT, bfloat);
        return true;
    default:
        return false;
    }
}

static enum crema_status net_type(struct crema_net *net, bool said,
                                  const Crema__Type *field, const char *name,
                                  enum crema_type *out)
{
    struct crema_place at = crema_source_place(net->source, field, net->param);

    *out = net->world->dev->storage;
    if (!said || translate(net, *field, out)) return CREMA_OK;
    return crema_fail_at(net->ctx, CREMA_EINVAL, &at,
                         "%s must be FLOAT, FLOAT16 or BFLOAT16", name);
}

enum crema_status crema_net_default_types(struct crema_net *net)
{
    const Crema__NetParameter *p = net->param;
    struct crema_place at =
        crema_source_place(net->source, &p->global_grad_scale, p);

    CREMA_TRY(net_type(net, p->has_default_forward_type,
                       &p->default_forward_type, "default_forward_type",
                       &net->storage));
    CREMA_TRY(net_type(net, p->has_default_backward_type,
                       &p->default_backward_type, "default_backward_type",
                       &net->grad_storage));
    if (!(p->global_grad_scale > 0) || !isfinite(p->global_grad_scale))
        return crema_fail_at(net->ctx, CREMA_EINVAL, &at,
                             "global_grad_scale must be more than 0, got %g",
                             (double)p->global_grad_scale);
    net->adapts =
        p->global_grad_scale_adaptive ||
        (net->world->dev->storage == CREMA_F16 && !p->has_global_grad_scale);
    return CREMA_OK;
}

static enum crema_status layer_type(struct crema_net *net,
                                    const struct crema_layer *l, bool said,
                                    const Crema__Type *field, const char *name,
                                    enum crema_type otherwise,
                                    enum crema_type *out)
{
    *out = otherwise;
    if (!said || translate(net, *field, out)) return CREMA_OK;
    return crema_layer_fail(l, field, "%s must be FLOAT, FLOAT16 or BFLOAT16",
                            name);
}

enum crema_status crema_net_layer_types(struct crema_net *net,
                                        const struct crema_layer *l)
{
    const Crema__LayerParameter *p = l->param;

    CREMA_TRY(layer_type(net, l, p->has_forward_type, &p->forward_type,
                         "forward_type", net->storage, &net->program->storage));
    return layer_type(net, l, p->has_backward_type, &p->backward_type,
                      "backward_type", net->grad_storage,
                      &net->program->grad_storage);
}

/* ---- the scale of gradients ---------------------------------------------- */

/* Where nothing else is said: as much as half precision bears in most nets. */
static const float FIRST_SCALE = 65536;

static struct crema_tensor *scale_of(struct crema_net *net)
{
    struct crema_param *scale = &net->world->loss_scale;
    const Crema__NetParameter *p = net->param;
    const float first[2] = { p->has_global_grad_scale ? p->global_grad_scale
                                                      : FIRST_SCALE,
                             0 };

    if (!scale->data && crema_param_write(scale, 0, 2, first) != CREMA_OK)
        return NULL;
    return crema_program_param(net->program, scale, false);
}

/* Without updates nobody would adapt the scale, or divide by it. */
enum crema_status crema_net_seed_losses(struct crema_net *net)
{
    struct crema_program *p = net->program;
    bool adapts = net->adapts && net->updates;
    float fixed = net->adapts ? 1 : net->param->global_grad_scale;
    struct crema_tensor *scale = adapts ? scale_of(net) : NULL;

    if (adapts && !scale) return net->ctx->status;
    for (int i = 0; i < net->nlosses; i++) {
        struct crema_tensor *t = net->loss[i].tensor;
        float weight = net->loss[i].weight * fixed;

        if (!t || !t->needs_grad) continue;
        crema_program_seed(p, t,
                           scale ? crema_fill_times(p, &t->shape, weight, scale)
                                 : crema_fill(p, &t->shape, weight));
    }
    return CREMA_OK;
}
