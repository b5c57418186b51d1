/* policies.h - learning rates by their names in prototxt. */
#ifndef CREMA_SOLVER_POLICIES_H
#define CREMA_SOLVER_POLICIES_H

#include "crema.pb-c.h"

#include <stdbool.h>

/* What a rate depends on beside the iteration, from one call to the next; part
 * of a solver's state.  Begin with CREMA_PACE. */
struct crema_pace {
    int step;       /* how often the rate has fallen, or restarted */
    int last_event; /* plateau: the iteration of the best figure, or of the
                       last fall */
    double best;    /* plateau: the smallest figure so far */
    double figure;  /* plateau: what it looks at; the caller keeps it */
};
#define CREMA_PACE                                                             \
    {                                                                          \
        0, 0, 3.4028234663852886e38, 3.4028234663852886e38                     \
    }

/* One lr_policy.  What doc says stands behind "rate = ". */
struct crema_schedule {
    const char *name;
    double (*rate)(const Crema__SolverParameter *, int iter,
                   struct crema_pace *);
    bool needs_stepsize; /* of at least 1 */
    bool needs_max_iter;
    bool watches; /* pace->figure */
    const char *doc;
};
/* NULL when unknown; name may be NULL. */
const struct crema_schedule *crema_schedule_find(const char *name);
/* The i-th in alphabetical order; NULL behind the last. */
const struct crema_schedule *crema_schedule_nth(int i);

/* The rate of an iteration, warm-up and min_lr included. */
double crema_schedule_rate(const struct crema_schedule *,
                           const Crema__SolverParameter *, int iter,
                           struct crema_pace *);

/* One momentum_policy or weight_decay_policy: the value of an iteration whose
 * learning rate is `rate`. */
struct crema_course {
    const char *name;
    double (*value)(const Crema__SolverParameter *, int iter, double rate);
};
/* NULL when unknown. */
const struct crema_course *crema_course_momentum(const char *name);
const struct crema_course *crema_course_decay(const char *name);

#endif
