/* choose.h - what choose.c and cost.c share. */
#ifndef CREMA_DEVICE_PROGRAM_CHOOSE_H
#define CREMA_DEVICE_PROGRAM_CHOOSE_H

#include "device/program/trial.h"

struct crema_family;

/* An op that can be run in several ways. */
struct crema_choice {
    struct crema_op *op;
    unsigned ways; /* bit a: as arrangement a */
    enum crema_arrangement rule;
    struct crema_family *family;
};

/* A convolution with its gradients; NULL: absent, or no choice. */
struct crema_family {
    struct crema_choice *member[CREMA_CONV_ROLES];
    struct crema_trial *trial;
};

/* Choices in the order of the program's ops. */
struct crema_search {
    struct crema_program *p;
    struct crema_choice *choice;
    struct crema_family *family;
    int nchoices, nfamilies;
    struct crema_trial *trials;
    double moving; /* seconds that a reorder takes for a byte it moves */
};

/* Seconds of a step, as far as it depends on the ops' arrangements; every
 * family has had its trial. */
double crema_arrangement_cost(const struct crema_search *);

#endif
