/* schedule.c - learning rates: what is the same for each lr_policy, and how
 * momentum and weight decay may change beside them.
 *
 *   iter < rampup_interval   rampup_lr + (base_lr - rampup_lr) t^2,
 *                            t = iter / rampup_interval
 *   iter < warmup_iter       from warmup_start_lr to base_lr, linearly
 *   else                     as the policy says; never below min_lr
 */
#include "solver/policies.h"

#include <math.h>
#include <string.h>

double crema_schedule_rate(const struct crema_schedule *s,
                           const Crema__SolverParameter *p, int iter,
                           struct crema_pace *pace)
{
    double rate, t;

    if (iter < p->rampup_interval) {
        t = (double)iter / p->rampup_interval;
        rate = p->rampup_lr + ((double)p->base_lr - p->rampup_lr) * t * t;
    } else if (iter < p->warmup_iter) {
        t = (double)iter / p->warmup_iter;
        rate = p->warmup_start_lr * (1 - t) + (double)p->base_lr * t;
    } else {
        rate = s->rate(p, iter, pace);
    }
    return rate < p->min_lr ? p->min_lr : rate;
}

/* ---- momentum and weight decay ------------------------------------------ */

/* iter / max_iter, to the power of `power` */
static double progress(const Crema__SolverParameter *p, int iter, double power)
{
    double t = p->max_iter > 0 ? (double)iter / p->max_iter : 1;

    return pow(t < 1 ? t : 1, power);
}

static double momentum_fixed(const Crema__SolverParameter *p, int iter,
                             double rate)
{
    (void)iter;
    (void)rate;
    return p->momentum;
}

/* momentum + (max_momentum - momentum) (iter / max_iter)^momentum_power */
static double momentum_poly(const Crema__SolverParameter *p, int iter,
                            double rate)
{
    (void)rate;
    return p->momentum + ((double)p->max_momentum - p->momentum) *
                             progress(p, iter, p->momentum_power);
}

/* (1 - sqrt(rate) / 2)^2, no more than max_momentum where that is given */
static double momentum_opt(const Crema__SolverParameter *p, int iter,
                           double rate)
{
    double root = 1 - 0.5 * sqrt(rate), m = root * root;

    (void)iter;
    return p->has_max_momentum && m > p->max_momentum ? p->max_momentum : m;
}

static double decay_fixed(const Crema__SolverParameter *p, int iter,
                          double rate)
{
    (void)iter;
    (void)rate;
    return p->weight_decay;
}

/* weight_decay + (max_weight_decay - weight_decay)
 * (iter / max_iter)^weight_decay_power */
static double decay_poly(const Crema__SolverParameter *p, int iter, double rate)
{
    (void)rate;
    return p->weight_decay + ((double)p->max_weight_decay - p->weight_decay) *
                                 progress(p, iter, p->weight_decay_power);
}

static const struct crema_course momentums[] = {
    { "fixed", momentum_fixed },
    { "poly", momentum_poly },
    { "opt", momentum_opt },
};

static const struct crema_course decays[] = {
    { "fixed", decay_fixed },
    { "poly", decay_poly },
};

static const struct crema_course *find(const struct crema_course *list,
                                       size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i].name, name)) return &list[i];
    return NULL;
}

const struct crema_course *crema_course_momentum(const char *name)
{
    return find(momentums, sizeof momentums / sizeof *momentums, name);
}

const struct crema_course *crema_course_decay(const char *name)
{
    return find(decays, sizeof decays / sizeof *decays, name);
}
