/* model.h - what tools may ask of a model beyond crema.h.  Floor 4. */
#ifndef CREMA_NET_MODEL_H
#define CREMA_NET_MODEL_H

#include "net/net.h"

/* Borrowed. */
struct crema_net *crema_model_net(struct crema_model *);
/* .caffemodel files joined by ',', one after the other. */
enum crema_status crema_net_load_list(struct crema_net *,
                                      const char *list) CREMA_MUST_USE;

#endif
