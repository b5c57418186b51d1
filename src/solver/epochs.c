/* epochs.c - iterations and passes over the training data. */
#include "solver/internal.h"

#include <limits.h>
#include <math.h>

/* Images of one iteration, those of other runs that share the data included;
 * 0: not known. */
static double images(const struct crema_solver *s)
{
    const struct crema_layer *l = crema_net_data(s->net, NULL);
    double runs = s->options.ranks > 1 ? s->options.ranks : 1;

    return l ? runs * (double)l->top[0]->shape.dim[0] * s->param->iter_size : 0;
}

double crema_solver__epoch(const struct crema_solver *s)
{
    uint64_t records = 0;

    if (!crema_net_data(s->net, &records)) return -1;
    return s->iter * images(s) / (double)records;
}

enum crema_status crema_solver__settle_length(struct crema_solver *s)
{
    Crema__SolverParameter *p = s->param;
    struct crema_place at = crema_source_place(s->source, &p->max_epoch, p);
    uint64_t records = 0;
    double iterations;

    if (!p->has_max_epoch) return CREMA_OK;
    if (!crema_net_data(s->net, &records))
        return crema_fail_at(s->ctx, CREMA_EUNSUPPORTED, &at,
                             "max_epoch: how much data there is to train with "
                             "is not known; say max_iter");
    iterations = ceil((double)p->max_epoch * (double)records / images(s));
    if (iterations > INT_MAX)
        return crema_fail_at(s->ctx, CREMA_EINVAL, &at,
                             "max_epoch: %g passes are more than %d iterations",
                             (double)p->max_epoch, INT_MAX);
    if (!p->has_max_iter || iterations < p->max_iter)
        p->max_iter = (int)iterations;
    p->has_max_iter = 1;
    crema_log(s->ctx, CREMA_INFO,
              "max_epoch: %g passes over %llu records, %d iterations",
              (double)p->max_epoch, (unsigned long long)records, p->max_iter);
    return CREMA_OK;
}
