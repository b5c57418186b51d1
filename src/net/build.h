/* build.h - the passes that make a net, for the files of this folder. */
#ifndef CREMA_NET_BUILD_H
#define CREMA_NET_BUILD_H

#include "net/net.h"

/* Does this phase, level and stage have the layer? */
enum crema_status crema_net_includes(struct crema_net *,
                                     const Crema__LayerParameter *,
                                     bool *included) CREMA_MUST_USE;
/* Names, counts and loss weights are checked, layers set up. */
enum crema_status crema_net_connect(struct crema_net *) CREMA_MUST_USE;
/* When optimistic, what is wrong with a layer goes into the log (as an error;
 * as a warning what Caffe could do) and its shapes are unknown from then on. */
enum crema_status crema_net_forgive(struct crema_net *, struct crema_layer *,
                                    enum crema_status) CREMA_MUST_USE;
/* The types of the net's values and gradients where a layer does not say them,
 * before the first is recorded; and those of one layer, for the program. */
enum crema_status crema_net_default_types(struct crema_net *) CREMA_MUST_USE;
enum crema_status
crema_net_layer_types(struct crema_net *,
                      const struct crema_layer *) CREMA_MUST_USE;
/* dL/dL, for each loss: its weight times what gradients are scaled with. */
enum crema_status crema_net_seed_losses(struct crema_net *) CREMA_MUST_USE;
/* Frees the program; nothing points into it any more. */
void crema_net_forget(struct crema_net *);

#endif
