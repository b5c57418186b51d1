/* rules.c - solver types: one line each. */
#include "solver/rules.h"

#include <math.h>
#include <string.h>

/* Averages that began at 0 are too small at first. */
static double correct_adam(const Crema__SolverParameter *p, int iter)
{
    double t = iter + 1;

    return sqrt(1 - pow(p->momentum2, t)) / (1 - pow(p->momentum, t));
}

static const struct crema_solver_type types[] = {
    { "SGD", true, CREMA_RULE_sgd, true, NULL },
    { "Nesterov", true, CREMA_RULE_nesterov, true, NULL },
    { "AdaGrad", true, CREMA_RULE_adagrad, false, NULL },
    { "RMSProp", true, CREMA_RULE_rmsprop, false, NULL },
    { "AdaDelta", true, CREMA_RULE_adadelta, true, NULL },
    { "Adam", true, CREMA_RULE_adam, true, correct_adam },
    { "SAG", false, CREMA_RULES, true, NULL },
};
enum { TYPES = sizeof types / sizeof *types };

const struct crema_solver_type *crema_solver_type_nth(int i)
{
    return i >= 0 && i < TYPES ? &types[i] : NULL;
}

const struct crema_solver_type *crema_solver_type_find(const char *name)
{
    for (int i = 0; i < TYPES; i++)
        if (!strcmp(types[i].name, name)) return &types[i];
    return NULL;
}
