/* feed.h - host data into a net, for the files of this folder. */
#ifndef CREMA_NET_FEED_H
#define CREMA_NET_FEED_H

#include "net/net.h"

/* Fetches the next batches, records again where shapes are new, prepares, and
 * writes every input. */
enum crema_status crema_net_feed(struct crema_net *) CREMA_MUST_USE;

/* Records and prepares again, and writes what was fetched last once more. */
enum crema_status crema_net_feed_again(struct crema_net *) CREMA_MUST_USE;

#endif
