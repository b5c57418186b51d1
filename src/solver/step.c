/* step.c - one iteration, and its loss.
 *
 * Where the host would have to wait for a loss it stays on the device, and is
 * collected when it is to be seen, or when the device's ring is full.  The
 * device itself stops learning at a loss that is not finite, so weights stay as
 * they were before it, however late it comes to light.
 */
#include "solver/internal.h"

#include <math.h>

void crema_solver__add_loss(struct crema_solver *s, float loss)
{
    struct crema_solver__window *w = &s->window;

    w->loss[w->next] = loss;
    w->next = (w->next + 1) % w->size;
    w->count += w->count < w->size;
}

enum crema_status crema_solver__forward(struct crema_solver *s, float *loss)
{
    crema_solver__remember(s);
    CREMA_TRY(crema_net_forward(s->net));
    CREMA_TRY(crema_net_loss(s->net, loss));
    return isfinite(*loss)
               ? CREMA_OK
               : crema_solver__not_finite(s, s->net->passes - 1, *loss);
}

/* What this iteration's update goes by; a policy that watches the loss has seen
 * it by then. */
static struct crema_rates rates_now(struct crema_solver *s)
{
    const Crema__SolverParameter *p = s->param;
    struct crema_rates rates = { .momentum = 1, .decay = 1 };
    int was = s->pace.step;

    if (s->schedule->watches && !p->plateau_output)
        s->pace.figure = (double)crema_solver__smoothed(s);
    s->rate = (float)crema_schedule_rate(s->schedule, p, s->iter, &s->pace);
    crema_solver__show_step(s, was);
    rates.rate = rates.plain = s->rate;
    if (s->type->correct)
        rates.rate = (float)((double)s->rate * s->type->correct(p, s->iter));
    if (!s->momentum_fixed)
        rates.momentum = (float)s->momentum->value(p, s->iter, s->rate);
    if (!s->decay_fixed)
        rates.decay = (float)s->decay->value(p, s->iter, s->rate);
    return rates;
}

/* Each loss is looked at before anything is learned from it. */
static enum crema_status iterate_at_once(struct crema_solver *s)
{
    int size = s->param->iter_size;
    struct crema_rates rates;
    double sum = 0;
    float loss;

    for (int i = 0; i < size; i++) {
        CREMA_TRY(crema_solver__forward(s, &loss));
        CREMA_TRY(crema_solver__debug_forward(s->debug));
        sum += loss;
        if (i == size - 1) {
            crema_solver__add_loss(s, (float)(sum / size));
            rates = rates_now(s);
            CREMA_TRY(crema_net_set_rate(s->net, &rates));
        }
        CREMA_TRY(crema_solver__debug_begin(s->debug));
        CREMA_TRY(crema_net_backward(s->net));
        CREMA_TRY(crema_solver__debug_backward(s->debug));
    }
    CREMA_TRY(crema_net_update(s->net));
    return crema_solver__debug_update(s->debug);
}

static enum crema_status iterate_ahead(struct crema_solver *s)
{
    const struct crema_rates rates = rates_now(s);
    int size = s->param->iter_size;

    if (s->pending == 0) s->pending_from = s->iter;
    crema_solver__remember(s);
    if (size == 1) {
        CREMA_TRY(crema_net_step(s->net, &rates));
    } else {
        for (int i = 0; i < size; i++) {
            if (i > 0) crema_solver__remember(s);
            CREMA_TRY(crema_net_forward(s->net));
            CREMA_TRY(crema_net_set_rate(s->net, &rates));
            CREMA_TRY(crema_net_backward(s->net));
        }
        CREMA_TRY(crema_net_update(s->net));
    }
    s->pending++;
    return (s->pending + 1) * size > CREMA_RING ? crema_solver__collect(s)
                                                : CREMA_OK;
}

enum crema_status crema_solver__iterate(struct crema_solver *s)
{
    return crema_net_is_deferring(s->net) && s->param->iter_size <= CREMA_RING
               ? iterate_ahead(s)
               : iterate_at_once(s);
}

/* The losses of iteration k of the pending ones. */
static enum crema_status collect_one(struct crema_solver *s, int k,
                                     uint32_t pass)
{
    int size = s->param->iter_size;
    double sum = 0;

    for (int i = 0; i < size; i++, pass++) {
        float loss = s->net->past[pass % CREMA_RING];

        if (!isfinite(loss)) {
            s->iter = s->pending_from + k;
            return crema_solver__not_finite(s, pass, loss);
        }
        sum += loss;
    }
    crema_solver__add_loss(s, (float)(sum / size));
    return CREMA_OK;
}

enum crema_status crema_solver__collect(struct crema_solver *s)
{
    int n = s->pending, size = s->param->iter_size;
    uint32_t pass = s->net->passes - (uint32_t)(n * size);

    if (n == 0) return CREMA_OK;
    s->pending = 0;
    CREMA_TRY(crema_net_read_losses(s->net));
    for (int k = 0; k < n; k++, pass += (uint32_t)size)
        CREMA_TRY(collect_one(s, k, pass));
    return CREMA_OK;
}
