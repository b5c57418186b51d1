/* weights.h - what a net learns, shared by the nets of a solver.  Floor 3. */
#ifndef CREMA_LAYERS_WEIGHTS_H
#define CREMA_LAYERS_WEIGHTS_H

#include "device/device.h"
#include "layers/layer.h"

enum { CREMA_MAX_HISTORIES = 2 };

struct crema_weight {
    struct crema_param value;
    struct crema_param sum;              /* of gradients, for iter_size */
    struct crema_param history[CREMA_MAX_HISTORIES];
    struct crema_param correlation; /* [1]: of crema_local_rate */
    float lr_mult, decay_mult;
    bool lr_given, decay_given;          /* by some prototxt */
    const char *shared;                  /* param name in prototxt; or NULL */
    struct crema_weight *next;           /* in the order of first use */
};

/* Blob `index` of a layer; several slots may hold one weight. */
struct crema_slot {
    const char *layer;
    int index;
    struct crema_shape shape;            /* as this layer sees it */
    struct crema_weight *weight;
    struct crema_slot *next;             /* in the order of the net */
};

struct crema_weights {
    struct crema_device *dev;
    struct crema_weight *first, *last;
    struct crema_slot *slots, *last_slot;
    struct crema_arena arena;
};

/* All zero but dev is an empty store. */
void crema_weights_free(struct crema_weights *);
struct crema_slot *crema_weights_find(const struct crema_weights *,
                                      const char *layer, int index);

#endif
