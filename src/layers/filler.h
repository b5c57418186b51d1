/* filler.h - first values of weights.  Floor 3. */
#ifndef CREMA_LAYERS_FILLER_H
#define CREMA_LAYERS_FILLER_H

#include "crema.pb-c.h"
#include "device/program.h"

/* Which numbers a filler draws: a value depends on these and the element. */
struct crema_stream {
    uint32_t seed, name, index, pass;
};

/* Values [first, first + count) of a blob of `shape`, in row-major order.
 * filler NULL: constant 0.  EINVAL for an unknown type or a shape the filler
 * cannot fill (bilinear); the caller adds the place. */
enum crema_status crema_filler_values(struct crema_ctx *,
                                      const Crema__FillerParameter *filler,
                                      const struct crema_shape *shape,
                                      struct crema_stream, int64_t first,
                                      int64_t count, float *out)
    CREMA_MUST_USE;

#endif
