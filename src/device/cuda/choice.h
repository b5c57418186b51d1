/* choice.h - a convolution or a matrix product as plain numbers, the ways in
 * which cuDNN and cuBLAS can run it, and both as text.  Free of vendors'
 * headers, so that tests read and write choices on the host.
 */
#ifndef CREMA_DEVICE_CUDA_CHOICE_H
#define CREMA_DEVICE_CUDA_CHOICE_H

#include "device/op.h"

enum conv_way { CONV_FORWARD, CONV_BWD_DATA, CONV_BWD_WEIGHTS, CONV_WAYS };

/* All that decides what runs a convolution op, and how fast.  In conv_bwd_data
 * x is dX, y is dY, and so on. */
struct conv_case {
    enum conv_way way;
    struct crema_conv conv;
    struct crema_layout x, w, y; /* as they lie */
    bool bias, relu;             /* forward: y = max(conv + b, 0) */
    bool tf32;                   /* float32 products may be rounded */
};

/* One graph for convolution, bias and ReLU; or what is behind the convolution
 * in a pass of our own.  With groups the same for each group alone, on views of
 * its channels, side by side; or cuDNN's functions from before graphs; or a
 * kernel of our own, bias and ReLU inside: conv_own.h. */
enum conv_form {
    CONV_FUSED,
    CONV_PLAIN,
    CONV_SPLIT_FUSED,
    CONV_SPLIT,
    CONV_LEGACY,
    CONV_OWN,
    CONV_FORMS
};

/* Groups that are run side by side at most. */
enum { CONV_SPLITS = 4 };

/* What cuDNN is told of where operands begin, in bytes: tensors, and the parts
 * of them that groups have. */
enum { CONV_ALIGN = 16 };

/* One of cuDNN's engines and how it is set. */
enum { CUDNN_KNOBS = 48 };
struct cudnn_choice {
    int64_t engine;
    int nknobs;
    struct {
        int type; /* cudnnBackendKnobType_t */
        int64_t value;
    } knob[CUDNN_KNOBS];
    /* as cuDNN lists it: bytes, or -1; bits of its notes */
    int64_t workspace;
    unsigned notes, behaviour;
};

struct conv_choice {
    enum conv_form form;
    /* none in CONV_LEGACY; of CONV_OWN only a number, the tiles' width */
    struct cudnn_choice engine;
    double us; /* measured; 0: not measured */
};

static inline bool conv_is_fused(enum conv_form form)
{
    return form == CONV_FUSED || form == CONV_SPLIT_FUSED;
}

static inline bool conv_is_split(enum conv_form form)
{
    return form == CONV_SPLIT || form == CONV_SPLIT_FUSED;
}

/* Can the case be put into the form at all? */
bool crema_conv_form_fits(const struct conv_case *, enum conv_form);
/* The dims that cuDNN sees: padding counts. */
struct crema_layout crema_conv_seen(const struct crema_layout *);
/* What one group has of a tensor: 1/groups of its channels (axis 1), or of the
 * weights' outputs (axis 0). */
struct crema_layout crema_conv_part(const struct crema_layout *, int axis,
                                    int64_t groups);
/* Bytes from one group's part to the next one's. */
size_t crema_conv_step(const struct crema_layout *, int axis, int64_t groups);

/* Engine and knobs are the same. */
bool crema_cudnn_choice_same(const struct cudnn_choice *,
                             const struct cudnn_choice *);

/* One line that names the case; where: GPU, libraries, whatever else an answer
 * depends on. */
enum { CONV_TEXT = 640 };
const char *crema_conv_key(const char *where, const struct conv_case *,
                           char out[CONV_TEXT]);
/* "fused engine 41 knobs 2:11 24:3 us 120.5", "own engine 64 us 98.1"; parse:
 * false when it is not that. What cuDNN lists beside is not kept. */
const char *crema_conv_choice_print(const struct conv_choice *,
                                    char out[CONV_TEXT]);
bool crema_conv_choice_parse(const char *, struct conv_choice *);

/* ---- matrix products: see gemm.c in libraries.h */

/* With a vector b: C + b[m] in each column; or b becomes the sums of op(A) over
 * k, b[m], or those of op(B), b[n]. */
enum gemm_after {
    GEMM_NOTHING,
    GEMM_RELU,
    GEMM_BIAS,
    GEMM_BIAS_RELU,
    GEMM_SUM_A,
    GEMM_SUM_B,
    GEMM_AFTERS
};

struct crema_gemm {
    bool turn_a, turn_b;
    int64_t m, n, k, lda, ldb, ldc;
    enum crema_type ab, c; /* of A and B; of C and the vector */
    bool tf32;             /* float32 products may be rounded */
    enum gemm_after after;
};

/* cuBLAS's own name of an algorithm and its settings. */
enum { GEMM_WORDS = 8 };
struct gemm_choice {
    uint64_t word[GEMM_WORDS];
    double us; /* measured; 0: not measured */
};

const char *crema_gemm_key(const char *where, const struct crema_gemm *,
                           char out[CONV_TEXT]);
/* "algorithm 2a..., us 17.3" */
const char *crema_gemm_choice_print(const struct gemm_choice *,
                                    char out[CONV_TEXT]);
bool crema_gemm_choice_parse(const char *, struct gemm_choice *);

#endif
