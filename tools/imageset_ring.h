/* imageset_ring.h - the pictures of a list converted by many threads, handed
 * out in the list's order; private to convert_imageset.
 *
 *     CREMA_TRY(imageset_ring_start(ctx, &settings, items, count, first, &r));
 *     while ((job = imageset_ring_next(r))) ... use job ...
 *     imageset_ring_stop(r);
 */
#ifndef CREMA_TOOLS_IMAGESET_RING_H
#define CREMA_TOOLS_IMAGESET_RING_H

#include "imageset.h"

struct imageset_ring;

/* Of items `first` to count - 1; borrows settings and items. */
enum crema_status
imageset_ring_start(struct crema_ctx *, const struct imageset *,
                    const struct crema_list_item *items, size_t count,
                    size_t first, struct imageset_ring **out) CREMA_MUST_USE;
/* The next one, converted or failed; NULL behind the last.  It is the caller's
 * until the next call.  Items without a name are handed out as they are. */
const struct imageset_job *imageset_ring_next(struct imageset_ring *);
/* At any time. */
void imageset_ring_stop(struct imageset_ring *);

#endif
