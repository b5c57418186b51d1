/* rules.h - solver types by their names in prototxt, for this folder. */
#ifndef CREMA_SOLVER_RULES_H
#define CREMA_SOLVER_RULES_H

#include "device/ops.h"

struct crema_solver_type {
    const char *name; /* as in prototxt: type: "SGD" */
    bool runs;        /* crema has the rule */
    enum crema_rule rule;
};
/* NULL when unknown. */
const struct crema_solver_type *crema_solver_type_find(const char *name);
const struct crema_solver_type *crema_solver_type_nth(int i);

#endif
