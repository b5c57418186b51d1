/* rules.h - solver types by their names in prototxt, for this folder. */
#ifndef CREMA_SOLVER_RULES_H
#define CREMA_SOLVER_RULES_H

#include "crema.pb-c.h"
#include "device/learn.h"

struct crema_solver_type {
    const char *name; /* as in prototxt: type: "SGD" */
    bool runs;        /* crema has the rule */
    enum crema_rule rule;
    bool momentum;  /* the rule has a momentum */
    bool decouples; /* decay is no part of the gradient */
    /* By what the rate of iteration `iter` is multiplied; NULL: 1. */
    double (*correct)(const Crema__SolverParameter *, int iter);
    const char *doc; /* one sentence */
};
/* NULL when unknown. */
const struct crema_solver_type *crema_solver_type_find(const char *name);
const struct crema_solver_type *crema_solver_type_nth(int i);

#endif
