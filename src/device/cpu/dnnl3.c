/* dnnl3.c - primitive descriptors of oneDNN 3.
 *
 * Its memory descriptors are closed: one with blocks is made from a name only.
 * So the name is looked for, among all that the library has.
 */
#include "device/cpu/onednn.h"

#if DNNL_VERSION_MAJOR >= 3

#include <string.h>

/* ---- layouts ------------------------------------------------------------ */

/* A number, or a list of them, that a descriptor tells. */
static int64_t number(crema_dn_md m, dnnl_query_t what)
{
    int value = 0;

    return dnnl_memory_desc_query(m, what, &value) == dnnl_success ? value : -1;
}

static const dnnl_dim_t *list(crema_dn_md m, dnnl_query_t what)
{
    const dnnl_dims_t *values = NULL;

    return dnnl_memory_desc_query(m, what, (void *)&values) == dnnl_success
               ? *values
               : NULL;
}

/* The numbers, which are all there is unless something is hidden. */
static bool read_numbers(crema_dn_md m, struct crema_layout *l)
{
    const dnnl_dim_t *dims = list(m, dnnl_query_dims);
    const dnnl_dim_t *padded = list(m, dnnl_query_padded_dims);
    const dnnl_dim_t *strides = list(m, dnnl_query_strides);
    const dnnl_dim_t *blocks = list(m, dnnl_query_inner_blks);
    const dnnl_dim_t *of = list(m, dnnl_query_inner_idxs);
    dnnl_data_type_t type = dnnl_data_type_undef;

    memset(l, 0, sizeof *l);
    l->ndims = (int)number(m, dnnl_query_ndims_s32);
    l->nblocks = (int)number(m, dnnl_query_inner_nblks_s32);
    l->bytes = dnnl_memory_desc_get_size(m);
    if (l->ndims < 0 || l->ndims > CREMA_MAX_DIMS || l->nblocks < 0 ||
        l->nblocks > CREMA_MAX_BLOCKS || !dims || !padded || !strides ||
        (l->nblocks && (!blocks || !of)) ||
        dnnl_memory_desc_query(m, dnnl_query_data_type, &type) != dnnl_success)
        return false;
    for (int i = 0; i < l->ndims; i++) {
        l->dim[i] = dims[i];
        l->padded[i] = padded[i];
        l->stride[i] = strides[i];
    }
    for (int i = 0; i < l->nblocks; i++) {
        l->block[i] = blocks[i];
        l->block_dim[i] = (int)of[i];
    }
    return crema_dn_type_from(type, &l->type);
}

/* The descriptor of a layout with blocks. */
static dnnl_status_t find(const struct crema_layout *l, const dnnl_dims_t dims,
                          dnnl_memory_desc_t *out)
{
    for (int tag = dnnl_format_tag_any + 1; tag < dnnl_format_tag_last; tag++) {
        struct crema_layout known;

        if (dnnl_memory_desc_create_with_tag(
                out, l->ndims, dims, crema_dn_type(l->type),
                (dnnl_format_tag_t)tag) != dnnl_success)
            continue;
        if (read_numbers(*out, &known) && crema_layout_equal(l, &known))
            return dnnl_success;
        dnnl_memory_desc_destroy(*out);
    }
    *out = NULL;
    return dnnl_unimplemented;
}

/* *out is destroyed by the caller; NULL where the tensor is absent. */
static dnnl_status_t make_md(const struct crema_layout *l,
                             dnnl_memory_desc_t *out)
{
    dnnl_dims_t dims = { 0 }, strides = { 0 };

    *out = NULL;
    if (l->ndims == 0) return dnnl_success;
    for (int i = 0; i < l->ndims; i++) {
        dims[i] = l->dim[i];
        strides[i] = l->stride[i];
    }
    if (l->nblocks == CREMA_DN_ANY)
        return dnnl_memory_desc_create_with_tag(
            out, l->ndims, dims, crema_dn_type(l->type), dnnl_format_tag_any);
    if (l->nblocks == 0)
        return dnnl_memory_desc_create_with_strides(
            out, l->ndims, dims, crema_dn_type(l->type), strides);
    return find(l, dims, out);
}

bool crema_dn_layout(crema_dn_md m, struct crema_layout *l)
{
    dnnl_memory_desc_t same;
    bool whole;

    if (!read_numbers(m, l) || make_md(l, &same) != dnnl_success) return false;
    whole = !same || dnnl_memory_desc_equal(m, same);
    if (same) dnnl_memory_desc_destroy(same);
    return whole;
}

/* ---- descriptors -------------------------------------------------------- */

/* What the functions of the library are given. */
struct given {
    dnnl_engine_t engine;
    const struct crema_dn *d;
    dnnl_memory_desc_t x, w, b, y;
    dnnl_prop_kind_t forward;
    dnnl_primitive_desc_t hint;
    dnnl_primitive_attr_t attr;
};

static dnnl_status_t conv(enum crema_dn_kind kind, const struct given *g,
                          dnnl_primitive_desc_t *pd)
{
    const struct crema_dn *d = g->d;
    const dnnl_alg_kind_t alg =
        d->winograd ? dnnl_convolution_auto : dnnl_convolution_direct;

    switch (kind) {
    case CREMA_DN_CONV:
        return dnnl_convolution_forward_primitive_desc_create(
            pd, g->engine, g->forward, alg, g->x, g->w, g->b, g->y, d->stride,
            d->dilation, d->left, d->right, g->attr);
    case CREMA_DN_CONV_BWD_DATA:
        return dnnl_convolution_backward_data_primitive_desc_create(
            pd, g->engine, alg, g->x, g->w, g->y, d->stride, d->dilation,
            d->left, d->right, g->hint, g->attr);
    default:
        return dnnl_convolution_backward_weights_primitive_desc_create(
            pd, g->engine, alg, g->x, g->w, g->b, g->y, d->stride, d->dilation,
            d->left, d->right, g->hint, g->attr);
    }
}

static dnnl_status_t ip(enum crema_dn_kind kind, const struct given *g,
                        dnnl_primitive_desc_t *pd)
{
    switch (kind) {
    case CREMA_DN_IP:
        return dnnl_inner_product_forward_primitive_desc_create(
            pd, g->engine, g->forward, g->x, g->w, g->b, g->y, g->attr);
    case CREMA_DN_IP_BWD_DATA:
        return dnnl_inner_product_backward_data_primitive_desc_create(
            pd, g->engine, g->x, g->w, g->y, g->hint, g->attr);
    default:
        return dnnl_inner_product_backward_weights_primitive_desc_create(
            pd, g->engine, g->x, g->w, g->b, g->y, g->hint, g->attr);
    }
}

static dnnl_status_t other(enum crema_dn_kind kind, const struct given *g,
                           dnnl_primitive_desc_t *pd)
{
    const struct crema_dn *d = g->d;

    switch (kind) {
    case CREMA_DN_POOL:
        return dnnl_pooling_forward_primitive_desc_create(
            pd, g->engine, g->forward, d->method, g->x, g->y, d->stride,
            d->kernel, d->dilation, d->left, d->right, g->attr);
    case CREMA_DN_POOL_BWD:
        return dnnl_pooling_backward_primitive_desc_create(
            pd, g->engine, d->method, g->x, g->y, d->stride, d->kernel,
            d->dilation, d->left, d->right, g->hint, g->attr);
    case CREMA_DN_SOFTMAX:
        return dnnl_softmax_forward_primitive_desc_create(
            pd, g->engine, g->forward, dnnl_softmax_accurate, g->x, g->y,
            d->axis, g->attr);
    default:
        return dnnl_softmax_backward_primitive_desc_create(
            pd, g->engine, dnnl_softmax_accurate, g->x, g->y, g->y, d->axis,
            g->hint, g->attr);
    }
}

static dnnl_status_t make_attr(bool relu, dnnl_primitive_attr_t *out)
{
    dnnl_primitive_attr_t attr;
    dnnl_post_ops_t post = NULL;
    dnnl_status_t s = dnnl_primitive_attr_create(&attr);

    if (s != dnnl_success) return s;
    s = dnnl_primitive_attr_set_scratchpad_mode(attr,
                                                dnnl_scratchpad_mode_user);
    if (s == dnnl_success && relu) {
        s = dnnl_post_ops_create(&post);
        if (s == dnnl_success)
            s = dnnl_post_ops_append_eltwise(post, dnnl_eltwise_relu, 0, 0);
        if (s == dnnl_success) s = dnnl_primitive_attr_set_post_ops(attr, post);
        if (post) dnnl_post_ops_destroy(post);
    }
    if (s == dnnl_success)
        *out = attr;
    else
        dnnl_primitive_attr_destroy(attr);
    return s;
}

static void release(struct given *g)
{
    dnnl_memory_desc_t m[] = { g->x, g->w, g->b, g->y };

    for (int i = 0; i < 4; i++)
        if (m[i]) dnnl_memory_desc_destroy(m[i]);
    if (g->attr) dnnl_primitive_attr_destroy(g->attr);
}

dnnl_status_t crema_dn_describe(dnnl_engine_t engine, enum crema_dn_kind kind,
                                const struct crema_dn *d,
                                dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *pd)
{
    struct given g = { .engine = engine, .d = d, .hint = hint };
    dnnl_status_t s = make_md(&d->x, &g.x);

    g.forward = d->train ? dnnl_forward_training : dnnl_forward_inference;
    if (s == dnnl_success) s = make_md(&d->w, &g.w);
    if (s == dnnl_success) s = make_md(&d->b, &g.b);
    if (s == dnnl_success) s = make_md(&d->y, &g.y);
    if (s == dnnl_success) s = make_attr(d->relu, &g.attr);
    if (s == dnnl_success)
        s = kind <= CREMA_DN_CONV_BWD_WEIGHTS ? conv(kind, &g, pd)
            : kind <= CREMA_DN_IP_BWD_WEIGHTS ? ip(kind, &g, pd)
                                              : other(kind, &g, pd);
    release(&g);
    return s;
}

dnnl_status_t crema_dn_describe_reorder(dnnl_engine_t engine,
                                        const struct crema_layout *from,
                                        const struct crema_layout *to,
                                        dnnl_primitive_desc_t *pd)
{
    struct given g = { .engine = engine };
    dnnl_status_t s = make_md(from, &g.x);

    if (s == dnnl_success) s = make_md(to, &g.y);
    if (s == dnnl_success) s = make_attr(false, &g.attr);
    if (s == dnnl_success)
        s = dnnl_reorder_primitive_desc_create(pd, g.x, engine, g.y, engine,
                                               g.attr);
    release(&g);
    return s;
}

#endif
