/* plugin.h - layers that come in a shared object of their own.  Floor 3;
 * installed: the only header that a plugin needs to include.
 *
 *     static const struct crema_layer_type *const layers[] = { &mine, NULL };
 *
 *     const struct crema_plugin *crema_plugin(void)
 *     {
 *         static const struct crema_plugin plugin = { CREMA_PLUGIN, layers };
 *
 *         return &plugin;
 *     }
 *
 * A layer is a const table, as crema's own are, with a doc; it records ops, or
 * brings C of its own with crema_host(), which on a GPU runs on copies in the
 * host's memory.
 */
#ifndef CREMA_LAYERS_PLUGIN_H
#define CREMA_LAYERS_PLUGIN_H

#include "layers/type.h"

/* Grows with every change that these headers' sizes and counts do not show. */
enum { CREMA_PLUGIN_ABI = 1 };

struct crema_plugin {
    uint32_t abi, layout;                         /* CREMA_PLUGIN */
    const struct crema_layer_type *const *layers; /* NULL behind the last */
};

/* Of the headers a plugin was compiled with. */
#define CREMA_PLUGIN_LAYOUT                                                    \
    ((uint32_t)(sizeof(struct crema_layer_type) +                              \
                1009 * sizeof(struct crema_layer) +                            \
                sizeof(struct crema_layer_doc) +                               \
                127 * sizeof(struct crema_shape) +                             \
                65537 * CREMA_UNARY_FORMULAS))
#define CREMA_PLUGIN CREMA_PLUGIN_ABI, CREMA_PLUGIN_LAYOUT

/* What the shared object exports, by this name. */
const struct crema_plugin *crema_plugin(void);

#endif
