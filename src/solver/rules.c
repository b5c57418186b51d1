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
    { "SGD", .runs = true, .rule = CREMA_RULE_sgd, .momentum = true,
      .doc = "h = momentum h + rate g; w -= h" },
    { "Nesterov", .runs = true, .rule = CREMA_RULE_nesterov, .momentum = true,
      .doc = "as SGD, from where the momentum will have led" },
    { "AdaGrad", .runs = true, .rule = CREMA_RULE_adagrad,
      .doc = "w -= rate g / (root of the sum of all g^2 + delta)" },
    { "RMSProp", .runs = true, .rule = CREMA_RULE_rmsprop,
      .doc = "w -= rate g / (root of a mean of g^2, which rms_decay makes "
             "forget, + delta)" },
    { "AdaDelta", .runs = true, .rule = CREMA_RULE_adadelta, .momentum = true,
      .doc = "steps as large as a mean of the last ones; momentum is how much "
             "of it stays" },
    { "Adam", .runs = true, .rule = CREMA_RULE_adam, .momentum = true,
      .correct = correct_adam,
      .doc = "w -= rate m / (sqrt(v) + delta), m and v means of g and g^2 by "
             "momentum and momentum2, corrected for their beginning at 0" },
    { "AdamW", .runs = true, .rule = CREMA_RULE_adam, .momentum = true,
      .decouples = true, .correct = correct_adam,
      .doc = "Adam, with weights shrunk by rate weight_decay at each step "
             "instead of decay in the gradient" },
    { "SGDW", .runs = true, .rule = CREMA_RULE_sgd, .momentum = true,
      .decouples = true,
      .doc = "SGD, with weights shrunk by rate weight_decay at each step "
             "instead of decay in the gradient" },
    { "SAG", .rule = CREMA_RULES, .momentum = true,
      .doc = "NVIDIA's; not here yet" },
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
