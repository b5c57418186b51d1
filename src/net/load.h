/* load.h - how weights come into a net, whatever the format of their file.
 * Floor 4.
 *
 * A reader lists the layers of its file, with their blobs' shapes; the net
 * takes those it knows by name, strip by strip, into the layout in which they
 * will be used.  Nothing is changed unless all of them fit.
 */
#ifndef CREMA_NET_LOAD_H
#define CREMA_NET_LOAD_H

#include "net/net.h"
#include "proto/blob_file.h"

struct crema_weight_source {
    const char *path; /* as messages name it */
    const struct crema_stored_layer *layers;
    /* Weights that layers share lie with the first of them only, as in HDF5
     * files; else with each. */
    bool owners_only;
    /* Numbers [first, first + count) of one of those blobs, row-major. */
    enum crema_status (*read)(void *user, const struct crema_stored_blob *,
                              int64_t first, int64_t count, float *out);
    void *user;
};

/* Told in the log: what was loaded, reshaped, skipped and missing.  The report
 * may be NULL.  EINVAL, with a table, when shapes differ or no name agrees. */
enum crema_status
crema_net_take_weights(struct crema_net *, const struct crema_weight_source *,
                       struct crema_load_report *) CREMA_MUST_USE;

/* ---- between load.c and load_report.c */

/* How a stored blob goes with a net's. */
enum crema_fit {
    CREMA_FITS,
    CREMA_FITS_RESHAPED, /* first dim and count agree: equal in memory */
    CREMA_DIFFERS
};
enum crema_fit crema_load__fit(const struct crema_stored_blob *,
                               const struct crema_shape *);
/* The layer's weights, by their index among its blobs; NULL: none. */
struct crema_slot *crema_load__slot(const struct crema_net *, const char *layer,
                                    int i);
bool crema_load__has_layer(const struct crema_net *, const char *name);

void crema_load__tell(struct crema_net *, const struct crema_weight_source *,
                      struct crema_load_report *);
/* No layer goes by a name that the net knows. */
enum crema_status
crema_load__no_names(struct crema_net *,
                     const struct crema_weight_source *) CREMA_MUST_USE;
const char *crema_load__shape_text(const struct crema_stored_blob *,
                                   char out[CREMA_SHAPE_TEXT]);

#endif
