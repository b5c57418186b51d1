/* gradient.h - backward held against differences of forward, on ref.
 *
 * Every element of every input and weight is moved a little each way; what the
 * outputs then do, weighed by fixed random numbers, must be what backward
 * says.  At a kink of the function nothing can be said: elements where the
 * slopes to the left and right differ, more than the curvature explains, are
 * passed over, and a case in which more than a third are is a failure.
 */
#ifndef TESTS_SUPPORT_GRADIENT_H
#define TESTS_SUPPORT_GRADIENT_H

#include "device/backend.h"

enum { GRADIENT_MOST = 16, GRADIENT_MESSAGE = 512 };

enum gradient_values {
    GRADIENT_UNIFORM,  /* [-1, 1) */
    GRADIENT_POSITIVE, /* [0.5, 1.5) */
    GRADIENT_LABELS,   /* 0, 1 or 2; not varied */
};

struct gradient_variable {
    const char *name;
    struct crema_tensor *t;
    struct crema_param *param; /* NULL: an input */
    enum gradient_values values;
    int64_t count;
    float *value, *grad;
};

struct gradient_output {
    struct crema_tensor *t, *dy;
    int64_t count;
    float *y, *rate; /* dL/dY */
};

/* All zero but title and device before _open. */
struct gradient {
    const char *title;
    struct crema_ctx *ctx;
    struct crema_device *dev;
    struct crema_heap heap;
    struct crema_program *p;
    struct gradient_variable var[GRADIENT_MOST];
    struct gradient_output out[GRADIENT_MOST];
    struct crema_param param[GRADIENT_MOST];
    int vars, outs, params;
    double tolerance; /* of the largest gradient; 0: 0.004 */
    /* Runs forward; NULL: the program's own stage. */
    enum crema_status (*forward)(struct gradient *);
    void *user;
};

/* ---- a program of the test's own ---- */

void gradient_open(struct gradient *, const char *title, bool train);
struct crema_tensor *gradient_input(struct gradient *, const char *name,
                                    const struct crema_shape *,
                                    enum gradient_values);
struct crema_tensor *gradient_weight(struct gradient *, const char *name,
                                     const struct crema_shape *);
/* Marks y as wanted, whatever comes back for it. */
void gradient_output(struct gradient *, struct crema_tensor *y);
/* Fails the running test with the reason; frees everything. */
void gradient_check(struct gradient *);

/* ---- layers ---- */

/* inputs: "x:2,3,4,4 label:2"; names that begin with "label" or "positive" get
 * such values.  layers: prototxt behind the inputs.  TRAIN, or TEST. */
void gradient_check_layers(const char *title, const char *inputs,
                           const char *layers, bool train);
/* The same with layers of a plugin; NULL: none. */
void gradient_check_plugin(const char *title, const char *plugin,
                           const char *inputs, const char *layers, bool train);

/* ---- for both ---- */

/* Value i of a stream of its own for each name. */
float gradient_value(enum gradient_values, const char *name, int64_t i);
/* Compares; false, and the reason. */
bool gradient_holds(struct gradient *, char message[GRADIENT_MESSAGE]);

#endif
