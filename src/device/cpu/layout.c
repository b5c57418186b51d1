/* layout.c - the layouts that oneDNN is offered and our own kernels know. */
#include "device/cpu/onednn.h"

struct crema_layout crema_dn_any(const struct crema_shape *shape,
                                 enum crema_type type)
{
    struct crema_layout l = crema_layout_dense(shape, type);

    l.nblocks = CREMA_DN_ANY;
    return l;
}

static const struct {
    enum crema_type ours;
    dnnl_data_type_t theirs;
} types[] = {
    { CREMA_F32, dnnl_f32 }, { CREMA_BF16, dnnl_bf16 }, { CREMA_F16, dnnl_f16 },
    { CREMA_I32, dnnl_s32 }, { CREMA_U8, dnnl_u8 },
};
enum { TYPES = sizeof types / sizeof *types };

dnnl_data_type_t crema_dn_type(enum crema_type type)
{
    int i = 0;

    while (i < TYPES && types[i].ours != type) i++;
    return i < TYPES ? types[i].theirs : dnnl_data_type_undef;
}

bool crema_dn_type_from(dnnl_data_type_t type, enum crema_type *out)
{
    int i = 0;

    while (i < TYPES && types[i].theirs != type) i++;
    if (i < TYPES) *out = types[i].ours;
    return i < TYPES;
}

bool crema_cpu_plain(const struct crema_layout *l)
{
    return l && !crema_layout_is_padded(l);
}

/* nChw16c and its like: channels in blocks, the blocks' lanes innermost. */
static struct crema_layout blocked(int block, const struct crema_shape *shape,
                                   enum crema_type type)
{
    struct crema_layout l = crema_layout_dense(shape, type);
    int64_t stride = block;

    l.nblocks = 1;
    l.block[0] = block;
    l.block_dim[0] = 1;
    l.padded[1] = (l.dim[1] + block - 1) / block * block;
    for (int i = l.ndims - 1; i >= 0; i--) {
        l.stride[i] = stride;
        stride *= i == 1 ? l.padded[1] / block : l.dim[i];
    }
    l.bytes = (size_t)stride * crema_type_bytes(type);
    return l;
}

struct crema_layout crema_cpu_layout(int kind, const struct crema_shape *shape,
                                     enum crema_type type)
{
    if (kind > CREMA_CPU_LAST) return blocked(kind, shape, type);
    if (kind == CREMA_CPU_LAST) return crema_layout_channels_last(shape, type);
    return crema_layout_dense(shape, type);
}

int crema_cpu_kind(const struct crema_layout *l, const struct crema_shape *s)
{
    static const int kinds[] = { CREMA_CPU_DENSE, CREMA_CPU_LAST, 16, 8, 4 };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct crema_layout k;

        if (kinds[i] != CREMA_CPU_DENSE && s->ndims < 2) continue;
        k = crema_cpu_layout(kinds[i], s, l->type);
        if (crema_layout_equal(l, &k)) return kinds[i];
    }
    return CREMA_CPU_OTHER;
}

void crema_cpu_follow(const struct crema_op *op, bool padding,
                      enum crema_type type, struct crema_port in[],
                      struct crema_port out[])
{
    const struct crema_tensor *first = op->nin ? op->in[0] : op->out[0];
    struct crema_layout l = crema_layout_dense(&first->shape, type);

    for (int i = op->nin - 1; i >= 0; i--)
        if (op->in[i] && in[i].have &&
            (padding || !crema_layout_is_padded(in[i].have)))
            l = crema_layout_as(in[i].have, type);
    for (int i = 0; i < op->nin; i++) in[i].want = l;
    for (int i = 0; i < op->nout; i++) out[i].want = l;
}

enum crema_type crema_cpu_type(const struct crema_op *op)
{
    const struct crema_tensor *y = op->out[0] ? op->out[0] : op->in[0];

    if (crema_shape_count(&y->shape) == 1) return CREMA_F32;
    for (int i = 0; i < op->nin; i++)
        if (op->in[i] && op->in[i]->role == CREMA_PARAM) return CREMA_F32;
    return op->storage;
}

int crema_cpu_block(void)
{
    return dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core ? 16 : 8;
}

struct crema_cpu_view crema_cpu_view(const struct crema_layout *l,
                                     const struct crema_shape *shape)
{
    int kind = crema_cpu_kind(l, shape);
    struct crema_cpu_view v = {
        .n = shape->dim[0],
        .c = shape->dim[1],
        .s = crema_shape_product(shape, 2, shape->ndims),
        .type = l->type,
    };

    v.lanes = kind > CREMA_CPU_LAST ? kind : v.c;
    if (kind == CREMA_CPU_DENSE && v.s != 1) v.lanes = 1;
    v.blocks = v.lanes ? (v.c + v.lanes - 1) / v.lanes : 0;
    return v;
}
