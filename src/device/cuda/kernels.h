/* kernels.h - the backend of our own kernels: which kernel runs which op, and
 * which layouts it reads and writes.
 *
 * Nothing of CUDA's is in here, so that tests drive all of it on the host, with
 * stand-ins for the launchers and for the two functions at the end.
 */
#ifndef CREMA_DEVICE_CUDA_KERNELS_H
#define CREMA_DEVICE_CUDA_KERNELS_H

#include "device/backend.h"
#include "device/cuda/kernels/kernels.h"

struct cuda_kernel {
    const struct crema_op_type *type; /* NULL ends a table */
    /* Enqueues; everything it needs is in the op.  Not 0: a cudaError_t. */
    int (*launch)(cudaStream_t, const struct crema_op *, void *scratch);
    /* in[lead]'s layout is followed; -1: all dense; unless `ports` decides */
    int lead;
    void (*ports)(const struct crema_op *, struct crema_port in[],
                  struct crema_port out[]);
    size_t (*scratch)(const struct crema_op *); /* bytes; NULL: none */
    bool relu; /* it can also take a ReLU of its result */
};

extern const struct cuda_kernel crema_cuda_elementwise[];
extern const struct cuda_kernel crema_cuda_pooling[];
extern const struct cuda_kernel crema_cuda_norms[];
extern const struct cuda_kernel crema_cuda_classes[];
extern const struct cuda_kernel crema_cuda_by_rows[];
extern const struct cuda_kernel crema_cuda_planewise[];
extern const struct cuda_kernel crema_cuda_learning[];
extern const struct cuda_kernel crema_cuda_input[];
/* pictures.c: crema_pictures asks for what a convolution will read. */
void crema_cuda_pictures_ports(const struct crema_device *,
                               const struct crema_op *, struct crema_port in[],
                               struct crema_port out[]);

/* learning.c: may b be launched with a?  Both are updates; at most CREMA_JOINED
 * at once. */
bool crema_cuda_updates_join(const struct crema_op *a,
                             const struct crema_op *b);
int crema_cuda_launch_updates(cudaStream_t, int n, struct crema_op *const *);
/* As struct crema_backend has it. */
bool crema_cuda_updates_copy(const struct crema_op *,
                             const struct crema_layout *copy);

/* Asked after the libraries. */
extern const struct crema_backend crema_cuda_kernels;

/* ---- ports.c: layouts that own kernels read and write */

/* Every port dense float32 but for the op's whole-number inputs. */
void crema_cuda_all_dense(const struct crema_op *, struct crema_port in[],
                          struct crema_port out[]);
/* A tensor of shape s in the order of `have`, dense or with the channels
 * innermost; have NULL, or neither: dense. */
struct crema_layout crema_cuda_like(const struct crema_shape *,
                                    const struct crema_layout *have,
                                    enum crema_type);
/* Ports of in[lead]'s shape lie as in[lead] does, dense or with the channels
 * innermost, in op->storage (float32 where params change); the others are
 * dense float32. */
void crema_cuda_follow(const struct crema_op *, int lead,
                       struct crema_port in[], struct crema_port out[]);
bool crema_cuda_channels_last(const struct crema_layout *);
/* What kernels are compiled for. */
static inline bool crema_cuda_is_number(enum crema_type type)
{
    return type == CREMA_F32 || type == CREMA_BF16 || type == CREMA_F16;
}
/* The type of a settled tensor, for launchers. */
static inline int crema_cuda_type(const struct crema_tensor *t)
{
    return (int)t->layout.type;
}
/* A settled tensor as [outer][channels][inner], [planes], whichever way it
 * lies. */
struct crema_axis crema_cuda_layout_channels(const struct crema_layout *);
struct crema_axis crema_cuda_channels(const struct crema_tensor *);
struct crema_planes crema_cuda_planes(const struct crema_tensor *);

/* sums[c]: of t over all but its channels; room: CREMA_SUM_ROOM bytes.  Not 0:
 * a cudaError_t. */
int crema_cuda_sum_channels(cudaStream_t, const struct crema_tensor *t,
                            float *room, float *sums);

/* What a GPU lacks for values of a type, or for TF32; 90 is capability 9.0. */
const char *crema_cuda_lacks(int capability, enum crema_type);
const char *crema_cuda_lacks_tf32(int capability);

/* ---- the device's own */

cudaStream_t crema_cuda_stream(const struct crema_device *);
/* Words a failed launch; error is a cudaError_t. */
enum crema_status crema_cuda_launch_failed(struct crema_device *,
                                           const struct crema_op *,
                                           int error) CREMA_MUST_USE;

#endif
