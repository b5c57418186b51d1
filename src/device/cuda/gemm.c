/* gemm.c - matrix products by cuBLAS: cublasLt, which does bias, ReLU and sums
 * in the same call and lets an algorithm be chosen; where it has none, the
 * plain call.
 *
 * Found when a program is prepared, like engines: known from before, else the
 * fastest of those that are timed, else the first that cuBLAS names.
 */
#include "device/cuda/timing.h"

#include "base/memo.h"

#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED = 8 };

/* As much as NVIDIA advises for Hopper; more is of no use. */
static const size_t WORKSPACE = (size_t)32 << 20;

struct gemm_plan {
    struct crema_gemm g;
    cublasLtMatmulDesc_t product; /* NULL: the plain call */
    cublasLtMatrixLayout_t a, b, c;
    cublasLtMatmulAlgo_t algorithm;
    size_t workspace_bytes;
    struct gemm_data data;
    void *workspace;
};

static cudaDataType_t type_of(enum crema_type type)
{
    return type == CREMA_BF16  ? CUDA_R_16BF
           : type == CREMA_F16 ? CUDA_R_16F
                               : CUDA_R_32F;
}

/* Sums are float32 always. */
static cublasComputeType_t compute(const struct crema_gemm *g)
{
    return g->ab == CREMA_F32 && g->tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32
                                         : CUBLAS_COMPUTE_32F;
}

static cublasOperation_t turn(bool turned)
{
    return turned ? CUBLAS_OP_T : CUBLAS_OP_N;
}

/* A handle of cuBLAS is one of cublasLt. */
static cublasLtHandle_t handle(const struct crema_device *dev)
{
    return (cublasLtHandle_t)crema_cuda(dev)->cublas;
}

static size_t limit(const struct crema_device *dev)
{
    size_t most = crema_cuda_workspace_limit(dev);

    return most < WORKSPACE ? most : WORKSPACE;
}

/* ---- describing -------------------------------------------------------- */

static enum crema_status set(struct crema_ctx *ctx, cublasLtMatmulDesc_t d,
                             cublasLtMatmulDescAttributes_t name,
                             const void *value, size_t bytes)
{
    CREMA_CUBLAS_TRY(ctx, NULL, cublasLtMatmulDescSetAttribute, d, name, value,
                     bytes);
    return CREMA_OK;
}

/* vector: some memory on the GPU; what cuBLAS names depends on how it is
 * aligned, and all of ours is alike. */
static enum crema_status describe_product(struct crema_ctx *ctx,
                                          const struct crema_gemm *g,
                                          const void *vector,
                                          cublasLtMatmulDesc_t *out)
{
    static const cublasLtEpilogue_t epilogues[GEMM_AFTERS] = {
        [GEMM_NOTHING] = CUBLASLT_EPILOGUE_DEFAULT,
        [GEMM_RELU] = CUBLASLT_EPILOGUE_RELU,
        [GEMM_BIAS] = CUBLASLT_EPILOGUE_BIAS,
        [GEMM_BIAS_RELU] = CUBLASLT_EPILOGUE_RELU_BIAS,
        [GEMM_SUM_A] = CUBLASLT_EPILOGUE_BGRADA,
        [GEMM_SUM_B] = CUBLASLT_EPILOGUE_BGRADB,
    };
    int32_t turn_a = (int32_t)turn(g->turn_a),
            turn_b = (int32_t)turn(g->turn_b);
    uint32_t epilogue = (uint32_t)epilogues[g->after];

    CREMA_CUBLAS_TRY(ctx, NULL, cublasLtMatmulDescCreate, out, compute(g),
                     CUDA_R_32F);
    CREMA_TRY(
        set(ctx, *out, CUBLASLT_MATMUL_DESC_TRANSA, &turn_a, sizeof turn_a));
    CREMA_TRY(
        set(ctx, *out, CUBLASLT_MATMUL_DESC_TRANSB, &turn_b, sizeof turn_b));
    CREMA_TRY(set(ctx, *out, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue,
                  sizeof epilogue));
    if (g->after <= GEMM_RELU) return CREMA_OK;
    return set(ctx, *out, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &vector,
               sizeof vector);
}

static enum crema_status describe_matrix(struct crema_ctx *ctx,
                                         enum crema_type type, bool turned,
                                         int64_t rows, int64_t columns,
                                         int64_t ld,
                                         cublasLtMatrixLayout_t *out)
{
    CREMA_CUBLAS_TRY(ctx, NULL, cublasLtMatrixLayoutCreate, out, type_of(type),
                     (uint64_t)(turned ? columns : rows),
                     (uint64_t)(turned ? rows : columns), ld);
    return CREMA_OK;
}

static enum crema_status describe(struct crema_cuda *cuda, struct gemm_plan *p)
{
    const struct crema_gemm *g = &p->g;
    struct crema_ctx *ctx = &cuda->trial;

    CREMA_TRY(
        describe_matrix(ctx, g->ab, g->turn_a, g->m, g->k, g->lda, &p->a));
    CREMA_TRY(
        describe_matrix(ctx, g->ab, g->turn_b, g->k, g->n, g->ldb, &p->b));
    CREMA_TRY(describe_matrix(ctx, g->c, false, g->m, g->n, g->ldc, &p->c));
    return describe_product(ctx, g, cuda->cublas_workspace, &p->product);
}

/* How parts of a sum over k may be added up: as float32. */
static uint32_t reductions(const struct crema_gemm *g)
{
    return g->c == CREMA_F32 ? CUBLASLT_REDUCTION_SCHEME_MASK
                             : CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE;
}

/* The algorithms cuBLAS names, best guess first. */
static enum crema_status list(struct crema_device *dev,
                              const struct gemm_plan *p,
                              cublasLtMatmulHeuristicResult_t out[LISTED],
                              int *count)
{
    struct crema_ctx *ctx = &crema_cuda(dev)->trial;
    size_t most = limit(dev);
    uint32_t sums = reductions(&p->g);
    cublasLtMatmulPreference_t wish;
    cublasStatus_t status;

    *count = 0;
    CREMA_CUBLAS_TRY(ctx, NULL, cublasLtMatmulPreferenceCreate, &wish);
    status = cublasLtMatmulPreferenceSetAttribute(
        wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most);
    if (!status)
        status = cublasLtMatmulPreferenceSetAttribute(
            wish, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &sums,
            sizeof sums);
    if (!status)
        status = cublasLtMatmulAlgoGetHeuristic(handle(dev), p->product, p->a,
                                                p->b, p->c, p->c, wish, LISTED,
                                                out, count);
    cublasLtMatmulPreferenceDestroy(wish);
    if (status == CUBLAS_STATUS_ALLOC_FAILED)
        return crema_no_memory(dev->ctx, "cuBLAS's algorithms");
    return status ? CREMA_EUNSUPPORTED : CREMA_OK;
}

/* ---- choosing ---------------------------------------------------------- */

_Static_assert(sizeof(cublasLtMatmulAlgo_t) == GEMM_WORDS * sizeof(uint64_t),
               "an algorithm's name is kept whole");

static bool recall(struct crema_device *dev, const char *key,
                   struct gemm_plan *p)
{
    const char *text = crema_memo_find(crema_cuda(dev)->memo, key);
    cublasLtMatmulHeuristicResult_t result;
    struct gemm_choice choice;

    if (!text || !crema_gemm_choice_parse(text, &choice)) return false;
    memcpy(&p->algorithm, choice.word, sizeof p->algorithm);
    if (cublasLtMatmulAlgoCheck(handle(dev), p->product, p->a, p->b, p->c, p->c,
                                &p->algorithm, &result) ||
        result.workspaceSize > limit(dev))
        return false;
    p->workspace_bytes = result.workspaceSize;
    return true;
}

struct race {
    struct crema_device *dev;
    struct gemm_plan *plan;
};

static enum crema_status work(void *user)
{
    struct race *r = user;

    return crema_cuda_gemm_run(r->plan, r->dev, NULL);
}

/* Leaves the fastest in the plan. */
static enum crema_status time_all(struct race *r, const struct cuda_timing *t,
                                  const cublasLtMatmulHeuristicResult_t *all,
                                  int count, double *best)
{
    struct gemm_plan *p = r->plan;
    int fastest = -1;

    for (int i = 0; i < count; i++) {
        enum crema_status status;
        double us;

        if (all[i].state != CUBLAS_STATUS_SUCCESS) continue;
        p->algorithm = all[i].algo;
        p->workspace_bytes = all[i].workspaceSize;
        status = crema_cuda_time(t, work, r, *best, &us);
        if (status == CREMA_EDEVICE || status == CREMA_ENOMEM) return status;
        if (status != CREMA_OK || (fastest >= 0 && us >= *best)) continue;
        fastest = i;
        *best = us;
    }
    if (fastest < 0) return CREMA_EUNSUPPORTED;
    p->algorithm = all[fastest].algo;
    p->workspace_bytes = all[fastest].workspaceSize;
    return CREMA_OK;
}

static enum crema_status race_on(struct crema_device *dev,
                                 const struct cuda_timing *t,
                                 struct gemm_plan *p,
                                 const cublasLtMatmulHeuristicResult_t *all,
                                 int count, double *us)
{
    void *const *b = t->buffer;
    const struct gemm_data data = { b[0], b[1], b[2], b[3] };
    struct crema_ctx *ctx = dev->ctx, *trial = &crema_cuda(dev)->trial;
    struct race r = { dev, p };
    enum crema_status status;

    dev->ctx = trial; /* reasons of what was only tried are nobody's business */
    status = crema_cuda_gemm_bind(p, dev, &data, b[4]);
    if (status == CREMA_OK) status = time_all(&r, t, all, count, us);
    dev->ctx = ctx;
    if (status == CREMA_EDEVICE || status == CREMA_ENOMEM)
        return crema_fail(ctx, status, "timing cuBLAS's algorithms: %s",
                          trial->message);
    return status;
}

static enum crema_status race(struct crema_device *dev, const char *key,
                              struct gemm_plan *p,
                              const cublasLtMatmulHeuristicResult_t *all,
                              int count)
{
    const struct crema_gemm *g = &p->g;
    size_t in = crema_type_bytes(g->ab), to = crema_type_bytes(g->c);
    const size_t bytes[CUDA_BUFFERS] = {
        in * (size_t)(g->lda * (g->turn_a ? g->m : g->k)),
        in * (size_t)(g->ldb * (g->turn_b ? g->k : g->n)),
        to * (size_t)(g->ldc * g->n),
        to * (size_t)(g->m > g->n ? g->m : g->n),
        limit(dev),
    };
    struct gemm_choice choice = { { 0 }, 0 };
    struct cuda_timing t;
    char text[CONV_TEXT];
    enum crema_status status;

    CREMA_TRY(crema_cuda_timing_open(dev, bytes, &t));
    status = race_on(dev, &t, p, all, count, &choice.us);
    crema_cuda_timing_close(&t);
    CREMA_TRY(status);
    memcpy(choice.word, &p->algorithm, sizeof choice.word);
    return crema_memo_put(crema_cuda(dev)->memo, key,
                          crema_gemm_choice_print(&choice, text));
}

/* What cuBLAS names first. */
static enum crema_status first(struct gemm_plan *p,
                               const cublasLtMatmulHeuristicResult_t *all,
                               int count)
{
    for (int i = 0; i < count; i++) {
        if (all[i].state != CUBLAS_STATUS_SUCCESS) continue;
        p->algorithm = all[i].algo;
        p->workspace_bytes = all[i].workspaceSize;
        return CREMA_OK;
    }
    return CREMA_EUNSUPPORTED;
}

static enum crema_status choose(struct crema_device *dev, struct gemm_plan *p)
{
    cublasLtMatmulHeuristicResult_t all[LISTED];
    char where[CUDA_WHERE], key[CONV_TEXT];
    enum crema_status status = CREMA_EUNSUPPORTED;
    int count;

    if (!dev->deterministic) {
        crema_gemm_key(crema_cuda_where(dev, where), &p->g, key);
        if (recall(dev, key, p)) return CREMA_OK;
    }
    CREMA_TRY(list(dev, p, all, &count));
    if (!dev->deterministic) status = race(dev, key, p, all, count);
    return status == CREMA_EUNSUPPORTED ? first(p, all, count) : status;
}

/* ---- the plan ---------------------------------------------------------- */

static void destroy(struct gemm_plan *p)
{
    if (p->product) cublasLtMatmulDescDestroy(p->product);
    if (p->a) cublasLtMatrixLayoutDestroy(p->a);
    if (p->b) cublasLtMatrixLayoutDestroy(p->b);
    if (p->c) cublasLtMatrixLayoutDestroy(p->c);
    p->product = NULL;
    p->a = p->b = p->c = NULL;
}

void crema_cuda_gemm_close(struct gemm_plan *p)
{
    if (!p) return;
    destroy(p);
    free(p);
}

/* What cannot be described or is not listed, the plain call may do. */
enum crema_status crema_cuda_gemm_open(struct crema_device *dev,
                                       const struct crema_gemm *g,
                                       struct gemm_plan **out)
{
    struct gemm_plan *p = calloc(1, sizeof *p);
    enum crema_status status;

    if (!p) return crema_no_memory(dev->ctx, "a matrix product");
    p->g = *g;
    status = describe(crema_cuda(dev), p);
    if (status == CREMA_EDEVICE) status = CREMA_EUNSUPPORTED;
    if (status == CREMA_OK) status = choose(dev, p);
    if (status == CREMA_EUNSUPPORTED && g->after == GEMM_NOTHING) {
        destroy(p);
        p->workspace_bytes = 0;
        status = CREMA_OK;
    }
    if (status != CREMA_OK) {
        crema_cuda_gemm_close(p);
        return status;
    }
    *out = p;
    return CREMA_OK;
}

size_t crema_cuda_gemm_workspace(const struct gemm_plan *p)
{
    return p->workspace_bytes;
}

const char *crema_cuda_gemm_info(const struct gemm_plan *p)
{
    static const char *const infos[GEMM_AFTERS] = {
        [GEMM_NOTHING] = "cublasLt",     [GEMM_RELU] = "cublasLt fused",
        [GEMM_BIAS] = "cublasLt fused",  [GEMM_BIAS_RELU] = "cublasLt fused",
        [GEMM_SUM_A] = "cublasLt fused", [GEMM_SUM_B] = "cublasLt fused",
    };

    return p->product ? infos[p->g.after] : "cublas";
}

enum crema_status crema_cuda_gemm_bind(struct gemm_plan *p,
                                       struct crema_device *dev,
                                       const struct gemm_data *d,
                                       void *workspace)
{
    p->data = *d;
    p->workspace = workspace;
    if (p->g.after <= GEMM_RELU) return CREMA_OK;
    return set(dev->ctx, p->product, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
               &d->vector, sizeof d->vector);
}

static cublasStatus_t run_plain(const struct gemm_plan *p,
                                cublasHandle_t cublas)
{
    const struct crema_gemm *g = &p->g;
    const float one = 1, zero = 0;
    cudaDataType_t in = type_of(g->ab);

    return cublasGemmEx_64(cublas, turn(g->turn_a), turn(g->turn_b), g->m, g->n,
                           g->k, &one, p->data.a, in, g->lda, p->data.b, in,
                           g->ldb, &zero, p->data.c, type_of(g->c), g->ldc,
                           compute(g), CUBLAS_GEMM_DEFAULT);
}

enum crema_status crema_cuda_gemm_run(struct gemm_plan *p,
                                      struct crema_device *dev,
                                      const struct crema_op *op)
{
    const struct crema_cuda *c = crema_cuda(dev);
    const float one = 1, zero = 0;
    cublasStatus_t status =
        p->product ? cublasLtMatmul(handle(dev), p->product, &one, p->data.a,
                                    p->a, p->data.b, p->b, &zero, p->data.c,
                                    p->c, p->data.c, p->c, &p->algorithm,
                                    p->workspace, p->workspace_bytes, c->stream)
                   : run_plain(p, c->cublas);

    return status ? crema_cublas_failed(dev->ctx, op, status,
                                        p->product ? "cublasLtMatmul"
                                                   : "cublasGemmEx")
                  : CREMA_OK;
}
