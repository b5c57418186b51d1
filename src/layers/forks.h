/* forks.h - fields and layer types that only some forks of Caffe have. Floor 3.
 *
 * What a layer's own messages have is in its doc (doc.h): `ignored` fields are
 * named once in the log, `refused` ones fail where they stand.  Here is what
 * concerns all layers, or the net.
 */
#ifndef CREMA_LAYERS_FORKS_H
#define CREMA_LAYERS_FORKS_H

#include "layers/layer.h"

/* A field of LayerParameter or NetParameter that has no effect. */
struct crema_fork_field {
    const char *name, *fork;
    const char *meaning; /* there */
};

/* Both end with a name NULL. */
extern const struct crema_fork_field crema_fork_layer_fields[];
extern const struct crema_fork_field crema_fork_net_fields[];

/* A layer type that crema lacks, or calls otherwise. */
struct crema_fork_type {
    const char *name, *fork; /* "Flip", "happynear's fork" */
    const char *type;        /* what crema calls it; NULL: crema lacks it */
};
extern const struct crema_fork_type crema_fork_types[]; /* name NULL ends */
/* NULL when it is not known, or is crema's own. */
const struct crema_fork_type *crema_fork_type(const char *name);

/* Names of fields that were set and have no effect, each once; what does not
 * fit is left out. */
struct crema_ignored {
    char names[1000];
};

/* Refuses what the layer's doc refuses, as crema_layer_fail does; adds to
 * *ignored what has no effect.  The type is known. */
enum crema_status
crema_layer_check_fields(const struct crema_layer *,
                         struct crema_ignored *) CREMA_MUST_USE;
void crema_net_check_fields(const Crema__NetParameter *,
                            struct crema_ignored *);

#endif
