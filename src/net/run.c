/* run.c - forward, backward, update: stages of the net's program. */
#include "net/feed.h"

#include <stdlib.h>

static enum crema_status run(struct crema_net *net, enum crema_stage stage)
{
    return crema_program_run(net->program, stage, stage, net->watch,
                             net->watch_user);
}

enum crema_status crema_net_forward(struct crema_net *net)
{
    CREMA_TRY(crema_net_feed(net));
    if (net->options.train)
        CREMA_TRY(crema_program_set_step(net->program, net->passes++));
    return run(net, CREMA_FORWARD);
}

enum crema_status crema_net_backward(struct crema_net *net)
{
    return run(net, CREMA_BACKWARD);
}

enum crema_status crema_net_set_rate(struct crema_net *net, float rate)
{
    return crema_program_set_rate(net->program, rate);
}

enum crema_status crema_net_update(struct crema_net *net)
{
    return run(net, CREMA_UPDATE);
}

/* Sum of a loss top's elements. */
static enum crema_status sum_of(struct crema_net *net,
                                const struct crema_tensor *t, double *sum)
{
    size_t n = (size_t)crema_shape_count(&t->shape);
    float *more;

    if (n > net->nvalues) {
        more = realloc(net->values, n * sizeof *more);
        if (!more) return crema_no_memory(net->ctx, t->name);
        net->values = more;
        net->nvalues = n;
    }
    *sum = 0;
    CREMA_TRY(crema_tensor_read(net->world->dev, t, net->values));
    for (size_t i = 0; i < n; i++) *sum += net->values[i];
    return CREMA_OK;
}

enum crema_status crema_net_loss(struct crema_net *net, float *loss)
{
    double total = 0, sum = 0;

    for (int i = 0; i < net->nlosses; i++) {
        if (!net->loss[i].tensor) continue;
        CREMA_TRY(sum_of(net, net->loss[i].tensor, &sum));
        total += sum * net->loss[i].weight;
    }
    *loss = (float)total;
    return CREMA_OK;
}
