/* policies.c - learning rates: one formula and one line per lr_policy. */
#include "solver/policies.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static double fixed(const Crema__SolverParameter *p, int iter,
                    struct crema_pace *pace)
{
    (void)iter;
    (void)pace;
    return p->base_lr;
}

static double step(const Crema__SolverParameter *p, int iter,
                   struct crema_pace *pace)
{
    pace->step = iter / p->stepsize;
    return p->base_lr * pow(p->gamma, pace->step);
}

static double exponential(const Crema__SolverParameter *p, int iter,
                          struct crema_pace *pace)
{
    (void)pace;
    return p->base_lr * pow(p->gamma, iter);
}

static double inverse(const Crema__SolverParameter *p, int iter,
                      struct crema_pace *pace)
{
    (void)pace;
    return p->base_lr * pow(1 + (double)p->gamma * iter, -p->power);
}

static double multistep(const Crema__SolverParameter *p, int iter,
                        struct crema_pace *pace)
{
    while (pace->step < (int)p->n_stepvalue && iter >= p->stepvalue[pace->step])
        ++pace->step;
    return p->base_lr * pow(p->gamma, pace->step);
}

/* Stage k lasts to stageiter[k] and that iteration, too; the last for ever. */
static double multifixed(const Crema__SolverParameter *p, int iter,
                         struct crema_pace *pace)
{
    size_t k = 0;

    (void)pace;
    if (p->n_stagelr == 0) return p->base_lr;
    while (k + 1 < p->n_stagelr && k < p->n_stageiter && iter > p->stageiter[k])
        k++;
    return p->stagelr[k];
}

static double polynomial(const Crema__SolverParameter *p, int iter,
                         struct crema_pace *pace)
{
    double left = p->max_iter > 0 ? 1 - (double)iter / p->max_iter : 0;

    (void)pace;
    return p->min_lr + ((double)p->base_lr - p->min_lr) *
                           pow(left > 0 ? left : 0, p->power);
}

static double sigmoid(const Crema__SolverParameter *p, int iter,
                      struct crema_pace *pace)
{
    (void)pace;
    return p->base_lr /
           (1 + exp(-(double)p->gamma * ((double)iter - p->stepsize)));
}

/* From `high` at t = 0 down to min_lr at t = 1. */
static double half_wave(const Crema__SolverParameter *p, double high, double t)
{
    const double pi = 3.14159265358979323846;

    return p->min_lr + 0.5 * (high - p->min_lr) * (1 + cos(pi * t));
}

static double cosine(const Crema__SolverParameter *p, int iter,
                     struct crema_pace *pace)
{
    int warm = p->rampup_interval > p->warmup_iter ? p->rampup_interval
                                                   : p->warmup_iter;
    double t =
        p->max_iter > warm ? (iter - warm) / ((double)p->max_iter - warm) : 1;

    (void)pace;
    return half_wave(p, p->base_lr, t < 1 ? t : 1);
}

/* Waves of `period` iterations; each is p_mult times as long as the one before
 * and begins at lr_mult times its rate. */
static double restarts(const Crema__SolverParameter *p, int iter,
                       struct crema_pace *pace)
{
    double high = p->base_lr, length = p->period > 0 ? p->period : p->max_iter;
    double begin = 0;

    pace->step = 0;
    while (length >= 1 && iter >= begin + length) {
        begin += length;
        length = floor(length * p->p_mult);
        high *= p->lr_mult;
        pace->step++;
    }
    return length >= 1 ? half_wave(p, high, (iter - begin) / length)
                       : p->min_lr;
}

static double plateau(const Crema__SolverParameter *p, int iter,
                      struct crema_pace *pace)
{
    if (pace->figure < pace->best) {
        pace->best = pace->figure;
        pace->last_event = iter;
    }
    if (pace->step < (int)p->n_plateau_winsize &&
        iter - pace->last_event >= p->plateau_winsize[pace->step]) {
        pace->step++;
        pace->last_event = iter;
    }
    return p->base_lr * pow(p->gamma, pace->step);
}

static const struct crema_schedule schedules[] = {
    { "cosine", cosine, .needs_max_iter = true,
      .doc = "min_lr + (base_lr - min_lr) (1 + cos(pi t)) / 2, t from 0 at the "
             "end of warm-up to 1 at max_iter" },
    { "exp", exponential, .doc = "base_lr gamma^iter" },
    { "fixed", fixed, .doc = "base_lr" },
    { "inv", inverse, .doc = "base_lr (1 + gamma iter)^-power" },
    { "multifixed", multifixed,
      .doc = "stagelr[k] up to iteration stageiter[k]; the last one from then "
             "on" },
    { "multistep", multistep,
      .doc = "base_lr gamma^(how many stepvalue are behind us)" },
    { "plateau", plateau, .watches = true,
      .doc = "base_lr gamma^k; k grows when the mean of the last average_loss "
             "losses, or plateau_output, has not become better for "
             "plateau_winsize[k] iterations" },
    { "poly", polynomial, .needs_max_iter = true,
      .doc = "min_lr + (base_lr - min_lr) (1 - iter / max_iter)^power" },
    { "sgdr", restarts,
      .doc = "as cosine over period iterations (max_iter if not given), again "
             "and again: each time p_mult times as long, from lr_mult times "
             "the rate" },
    { "sigmoid", sigmoid,
      .doc = "base_lr / (1 + e^(-gamma (iter - stepsize)))" },
    { "step", step, .needs_stepsize = true,
      .doc = "base_lr gamma^floor(iter / stepsize)" },
};
enum { SCHEDULES = sizeof schedules / sizeof *schedules };

const struct crema_schedule *crema_schedule_nth(int i)
{
    return i >= 0 && i < SCHEDULES ? &schedules[i] : NULL;
}

const struct crema_schedule *crema_schedule_find(const char *name)
{
    for (int i = 0; name && i < SCHEDULES; i++)
        if (!strcmp(schedules[i].name, name)) return &schedules[i];
    return NULL;
}
