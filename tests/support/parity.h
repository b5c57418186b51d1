/* parity.h - the same small program on two devices, compared.
 *
 * A case names a function that records ops; inputs, params and what comes back
 * for each output are random, but the same on both devices.  Outputs,
 * gradients of inputs and params, and with `steps` the params after that many
 * steps of SGD, are compared, each to a share of its own largest value.
 */
#ifndef TESTS_SUPPORT_PARITY_H
#define TESTS_SUPPORT_PARITY_H

#include "device/backend.h"

struct parity;
struct parity_case;
typedef void parity_record(struct parity *, const struct parity_case *);

/* One line of a table. */
struct parity_case {
    const char *title;
    parity_record *record;
    struct crema_shape x;
    const void *params; /* of the op, as ops.h has it */
    int n[8];           /* whatever else `record` wants */
    bool native;        /* x comes from a 1x1 convolution, and so
                           lies as the device likes it */
    bool coarse;        /* x in quarters: many equal values */
    bool test;          /* phase TEST, no gradients */
    bool plain;         /* no fusion */
    bool ref_too;       /* ref may run some of it */
    bool winners;       /* maxima or bounds of computed values: in 16
                           bits others may win, here and there */
    int steps;          /* of SGD; 0: gradients only */
    float tolerance;    /* 0: 2e-5 */
};

enum { PARITY_MESSAGE = 512 };

/* Behind a device's name may stand "deterministic", "tf32", "blocked", "last"
 * or "winograd".  Device a is the definition, without fusion; what runs on b
 * and falls to ref is a failure unless ref_too.  false, and the reason in
 * message.
 */
bool parity_holds(const struct parity_case *, const char *a, const char *b,
                  int threads, char message[PARITY_MESSAGE]);

/* The same with b computing in bf16 or fp16, to 2 % of each result's largest
 * value: a value rounded to 8 bits is off by up to 0.2 %, and errors add up
 * over some roundings in a row.  Where gradients may flow to other winners,
 * each result as a vector is within a quarter of its length instead. */
bool parity_holds_in(enum crema_type, const struct parity_case *, const char *a,
                     const char *b, int threads, char message[PARITY_MESSAGE]);

/* ---- for record functions ---- */

struct crema_program *parity_program(struct parity *);
/* The case's x: an input that wants a gradient, or what a convolution made of
 * it. */
struct crema_tensor *parity_x(struct parity *);
/* Another input; values in [-1, 1). */
struct crema_tensor *parity_input(struct parity *, const struct crema_shape *);
/* An input of whole numbers 0..below. */
struct crema_tensor *parity_labels(struct parity *, const struct crema_shape *,
                                   int below);
/* A weight that learns; values in [-scale, scale), plus 1 where `positive`. */
struct crema_tensor *parity_param(struct parity *, const struct crema_shape *,
                                  float scale, bool positive);
/* y is compared, and a random gradient comes back for it; NULL is passed over
 * when the program has failed. */
void parity_output(struct parity *, struct crema_tensor *y);
/* y is compared, and the loss is y itself. */
void parity_loss(struct parity *, struct crema_tensor *y);

#endif
