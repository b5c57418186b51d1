/* rules.c - solver types: one line each. */
#include "solver/rules.h"

#include <string.h>

static const struct crema_solver_type types[] = {
    { "SGD", true, CREMA_RULE_sgd },    { "Nesterov", false, CREMA_RULES },
    { "AdaGrad", false, CREMA_RULES },  { "RMSProp", false, CREMA_RULES },
    { "AdaDelta", false, CREMA_RULES }, { "Adam", false, CREMA_RULES },
    { "SAG", false, CREMA_RULES },
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
