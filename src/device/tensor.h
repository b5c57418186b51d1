/* tensor.h - shapes, and how numbers lie in memory.  Floor 1.
 *
 * Layers and users see shapes only.  A layout is made by a backend, compared
 * and kept by the program's passes and read again by backends.  It is plain
 * numbers, so that it can be printed, and own kernels may look inside.
 */
#ifndef CREMA_DEVICE_TENSOR_H
#define CREMA_DEVICE_TENSOR_H

#include "base/error.h"

enum { CREMA_MAX_DIMS = 8, CREMA_MAX_BLOCKS = 4 };

enum crema_type { CREMA_F32, CREMA_BF16, CREMA_F16, CREMA_I32, CREMA_U8 };

/* ndims 0 is a scalar: one element. */
struct crema_shape {
    int ndims;
    int64_t dim[CREMA_MAX_DIMS];
};

#define CREMA_SHAPE(...)                                                       \
    ((struct crema_shape){                                                     \
        (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)),           \
        { __VA_ARGS__ } })

/* Product of dim[from..to). */
int64_t crema_shape_product(const struct crema_shape *, int from, int to);
/* All elements. */
int64_t crema_shape_count(const struct crema_shape *);
bool crema_shape_equal(const struct crema_shape *, const struct crema_shape *);
/* No negative dimension, and a count that fits in memory (below 2^40). */
bool crema_shape_valid(const struct crema_shape *);
/* "2x3x4"; "scalar" for none. */
enum { CREMA_SHAPE_TEXT = 176 };
const char *crema_shape_text(const struct crema_shape *,
                             char out[CREMA_SHAPE_TEXT]);

/* A tensor seen from one axis: [outer][length][inner]. */
struct crema_sides {
    int64_t outer, length, inner;
};

static inline struct crema_sides crema_sides(const struct crema_shape *s,
                                             int axis)
{
    struct crema_sides sides = { crema_shape_product(s, 0, axis), s->dim[axis],
                                 crema_shape_product(s, axis + 1, s->ndims) };

    return sides;
}

/* Where element i of the row-major order over dim[] lies is what
 * crema_layout_offset says.  dim[] may split the tensor's own axes (goihw for
 * oihw) but never their order.
 *   dense NCHW: stride { chw, hw, w, 1 }, no blocks
 *   NHWC:       stride { hwc, 1, wc, c }, no blocks
 *   nChw16c:    stride over whole blocks, block_dim { 1 }, block { 16 }      */
struct crema_layout {
    enum crema_type type;
    int ndims, nblocks;
    int64_t dim[CREMA_MAX_DIMS], padded[CREMA_MAX_DIMS];
    int64_t stride[CREMA_MAX_DIMS];  /* in elements */
    int64_t block[CREMA_MAX_BLOCKS]; /* outermost block first */
    int block_dim[CREMA_MAX_BLOCKS];
    size_t bytes; /* padding included, and always zero */
};

size_t crema_type_bytes(enum crema_type);
struct crema_layout crema_layout_dense(const struct crema_shape *,
                                       enum crema_type);
/* N x C x spatial with the channels innermost; ndims at least 2. */
struct crema_layout crema_layout_channels_last(const struct crema_shape *,
                                               enum crema_type);
/* The same order of the same elements, as another type. */
struct crema_layout crema_layout_as(const struct crema_layout *,
                                    enum crema_type);
/* A workspace whose contents only its own backend understands. */
struct crema_layout crema_layout_bytes(size_t bytes);
bool crema_layout_is_dense(const struct crema_layout *);
/* Has elements that belong to no index and must stay zero. */
bool crema_layout_is_padded(const struct crema_layout *);
bool crema_layout_equal(const struct crema_layout *,
                        const struct crema_layout *);
/* Position, in elements, of element i in row-major order over dim[]. */
int64_t crema_layout_offset(const struct crema_layout *, int64_t i);
/* Like oneDNN's tags: "abcd:f32", "aBcd16b:f32". */
enum { CREMA_LAYOUT_TEXT = 48 };
const char *crema_layout_text(const struct crema_layout *,
                              char out[CREMA_LAYOUT_TEXT]);

/* `count` elements from `first` in row-major order, between dense float32 and
 * what `data` holds in `layout` (float32, bf16, f16 or i32; host memory).
 * pack leaves padding alone. */
void crema_layout_unpack(const struct crema_layout *, const void *data,
                         int64_t first, int64_t count, float *dense);
void crema_layout_pack(const struct crema_layout *, void *data, int64_t first,
                       int64_t count, const float *dense);

#endif
