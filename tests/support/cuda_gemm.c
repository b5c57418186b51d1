/* cuda_gemm.c - in cuBLAS's place: its column-major product, said plainly.
 *
 * On one of the two devices it does what is after the product too, on the other
 * product.c has to, so that both ways are run.
 */
#include "support/cuda_on_host.h"

#include "device/cuda/libraries.h"
#include "device/formula/bf16.h"
#include "device/formula/f16.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 100 };

struct gemm_plan {
    struct crema_gemm g;
    struct gemm_data data;
    void *workspace;
};

enum crema_status crema_cuda_gemm_open(struct crema_device *dev,
                                       const struct crema_gemm *g,
                                       struct gemm_plan **out)
{
    if (g->after != GEMM_NOTHING && strcmp(dev->name, CUDA_ON_HOST_LAST) != 0)
        return CREMA_EUNSUPPORTED;
    *out = calloc(1, sizeof **out);
    if (!*out) return crema_no_memory(dev->ctx, "a matrix product");
    (*out)->g = *g;
    return CREMA_OK;
}

size_t crema_cuda_gemm_workspace(const struct gemm_plan *p)
{
    (void)p;
    return ROOM;
}

const char *crema_cuda_gemm_info(const struct gemm_plan *p)
{
    return p->g.after ? "gemm fused" : "gemm";
}

enum crema_status crema_cuda_gemm_bind(struct gemm_plan *p,
                                       struct crema_device *dev,
                                       const struct gemm_data *d,
                                       void *workspace)
{
    (void)dev;
    p->data = *d;
    p->workspace = workspace;
    return CREMA_OK;
}

static float load(enum crema_type type, const void *data, int64_t i)
{
    return type == CREMA_F32    ? ((const float *)data)[i]
           : type == CREMA_BF16 ? crema_from_bf16(((const uint16_t *)data)[i])
                                : crema_from_f16(((const uint16_t *)data)[i]);
}

static void store(enum crema_type type, void *data, int64_t i, double value)
{
    float v = (float)value;

    if (type == CREMA_F32)
        ((float *)data)[i] = v;
    else
        ((uint16_t *)data)[i] =
            type == CREMA_BF16 ? crema_to_bf16(v) : crema_to_f16(v);
}

/* op(A)[i,l] and op(B)[l,j] */
static double a_at(const struct gemm_plan *p, int64_t i, int64_t l)
{
    return (double)load(p->g.ab, p->data.a,
                        p->g.turn_a ? l + i * p->g.lda : i + l * p->g.lda);
}

static double b_at(const struct gemm_plan *p, int64_t l, int64_t j)
{
    return (double)load(p->g.ab, p->data.b,
                        p->g.turn_b ? j + l * p->g.ldb : l + j * p->g.ldb);
}

static void sum_operand(const struct gemm_plan *p)
{
    bool first = p->g.after == GEMM_SUM_A;

    for (int64_t i = 0; i < (first ? p->g.m : p->g.n); i++) {
        double sum = 0;

        for (int64_t l = 0; l < p->g.k; l++)
            sum += first ? a_at(p, i, l) : b_at(p, l, i);
        store(p->g.c, p->data.vector, i, sum);
    }
}

enum crema_status crema_cuda_gemm_run(struct gemm_plan *p,
                                      struct crema_device *dev,
                                      const struct crema_op *op)
{
    const struct crema_gemm *g = &p->g;
    bool biased = g->after == GEMM_BIAS || g->after == GEMM_BIAS_RELU;
    bool relu = g->after == GEMM_RELU || g->after == GEMM_BIAS_RELU;

    (void)dev;
    (void)op;
    memset(p->workspace, 0xff, ROOM);
    for (int64_t j = 0; j < g->n; j++)
        for (int64_t i = 0; i < g->m; i++) {
            double sum = biased ? (double)load(g->c, p->data.vector, i) : 0;

            for (int64_t l = 0; l < g->k; l++)
                sum += a_at(p, i, l) * b_at(p, l, j);
            store(g->c, p->data.c, i + j * g->ldc, relu && sum < 0 ? 0 : sum);
        }
    if (g->after == GEMM_SUM_A || g->after == GEMM_SUM_B) sum_operand(p);
    return CREMA_OK;
}

void crema_cuda_gemm_close(struct gemm_plan *p)
{
    free(p);
}

#include "device/cuda/product.c"
