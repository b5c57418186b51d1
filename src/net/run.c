/* run.c - forward, backward, update: stages of the net's program. */
#include "net/feed.h"

#include <stdlib.h>

static enum crema_status run(struct crema_net *net, enum crema_stage stage)
{
    return crema_program_run(net->program, stage, stage, net->watch,
                             net->watch_user);
}

static enum crema_status forward(struct crema_net *net)
{
    if (net->options.train)
        CREMA_TRY(crema_program_set_step(net->program, net->passes));
    return run(net, CREMA_FORWARD);
}

/* A layer that found a size to be another than recorded says so; each does it
 * once at most, for what comes before it stays the same. */
enum crema_status crema_net_forward(struct crema_net *net)
{
    struct crema_lender *lender = &net->world->lender;
    enum crema_status status;

    CREMA_TRY(crema_net_feed(net));
    lender->again = false;
    status = forward(net);
    for (int i = 0; lender->again && i < net->nlayers; i++) {
        lender->again = false;
        CREMA_TRY(crema_net_feed_again(net));
        status = forward(net);
    }
    net->passes += net->options.train;
    return status;
}

enum crema_status crema_net_backward(struct crema_net *net)
{
    for (int i = 0; i < net->ndiffs; i++) {
        const struct crema_net_input *d = &net->diff[i];
        const struct crema_blob *b = crema_net_blob(net, d->name);

        if (!d->tensor)
            return crema_fail(net->ctx, CREMA_EINVAL,
                              "the diff given for blob \"%s\" has %lld "
                              "elements, the blob %lld",
                              d->name, (long long)crema_shape_count(&d->shape),
                              (long long)crema_shape_count(&b->last->shape));
    }
    return run(net, CREMA_BACKWARD);
}

enum crema_status crema_net_set_rate(struct crema_net *net,
                                     const struct crema_rates *rates)
{
    return crema_program_set_rate(net->program, rates);
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
