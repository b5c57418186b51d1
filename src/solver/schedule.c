/* schedule.c - learning rates: one line per lr_policy. */
#include "solver/solver.h"

#include <math.h>
#include <string.h>

static double fixed(const Crema__SolverParameter *p, int iter, int *step)
{
    (void)iter;
    (void)step;
    return p->base_lr;
}

/* base_lr gamma^floor(iter / stepsize) */
static double step_(const Crema__SolverParameter *p, int iter, int *step)
{
    *step = iter / p->stepsize;
    return p->base_lr * pow(p->gamma, *step);
}

/* base_lr gamma^iter */
static double exponential(const Crema__SolverParameter *p, int iter, int *step)
{
    (void)step;
    return p->base_lr * pow(p->gamma, iter);
}

/* base_lr (1 + gamma iter)^-power */
static double inverse(const Crema__SolverParameter *p, int iter, int *step)
{
    (void)step;
    return p->base_lr * pow(1 + (double)p->gamma * iter, -p->power);
}

/* base_lr gamma^(how many stepvalues are behind us) */
static double multistep(const Crema__SolverParameter *p, int iter, int *step)
{
    while (*step < (int)p->n_stepvalue && iter >= p->stepvalue[*step]) ++*step;
    return p->base_lr * pow(p->gamma, *step);
}

/* base_lr (1 - iter / max_iter)^power */
static double polynomial(const Crema__SolverParameter *p, int iter, int *step)
{
    double left = p->max_iter > 0 ? 1 - (double)iter / p->max_iter : 0;

    (void)step;
    return p->base_lr * pow(left > 0 ? left : 0, p->power);
}

/* base_lr / (1 + e^(-gamma (iter - stepsize))) */
static double sigmoid(const Crema__SolverParameter *p, int iter, int *step)
{
    (void)step;
    return p->base_lr /
           (1 + exp(-(double)p->gamma * ((double)iter - p->stepsize)));
}

static const struct crema_schedule schedules[] = {
    { "exp", exponential, false }, { "fixed", fixed, false },
    { "inv", inverse, false },     { "multistep", multistep, false },
    { "poly", polynomial, false }, { "sigmoid", sigmoid, false },
    { "step", step_, true },
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
