/* dnnl2.c - primitive descriptors of oneDNN 2. */
#include "device/cpu/onednn.h"

#if DNNL_VERSION_MAJOR == 2

#include <string.h>

/* ---- layouts ------------------------------------------------------------ */

static dnnl_memory_desc_t md_of(const struct crema_layout *l)
{
    dnnl_memory_desc_t m;
    dnnl_blocking_desc_t *b = &m.format_desc.blocking;

    memset(&m, 0, sizeof m);
    m.ndims = l->ndims;
    m.data_type = crema_dn_type(l->type);
    m.format_kind =
        l->nblocks == CREMA_DN_ANY ? dnnl_format_kind_any : dnnl_blocked;
    for (int i = 0; i < l->ndims; i++) {
        m.dims[i] = l->dim[i];
        m.padded_dims[i] =
            l->nblocks == CREMA_DN_ANY ? l->dim[i] : l->padded[i];
    }
    if (l->nblocks == CREMA_DN_ANY) return m;
    for (int i = 0; i < l->ndims; i++) b->strides[i] = l->stride[i];
    b->inner_nblks = l->nblocks;
    for (int i = 0; i < l->nblocks; i++) {
        b->inner_blks[i] = l->block[i];
        b->inner_idxs[i] = l->block_dim[i];
    }
    return m;
}

bool crema_dn_layout(crema_dn_md m, struct crema_layout *l)
{
    const dnnl_blocking_desc_t *b = &m->format_desc.blocking;

    memset(l, 0, sizeof *l);
    if (m->format_kind != dnnl_blocked || m->extra.flags || m->offset0 ||
        m->ndims > CREMA_MAX_DIMS || b->inner_nblks > CREMA_MAX_BLOCKS ||
        !crema_dn_type_from(m->data_type, &l->type))
        return false;
    l->ndims = m->ndims;
    l->nblocks = b->inner_nblks;
    l->bytes = dnnl_memory_desc_get_size(m);
    for (int i = 0; i < l->ndims; i++) {
        l->dim[i] = m->dims[i];
        l->padded[i] = m->padded_dims[i];
        l->stride[i] = b->strides[i];
    }
    for (int i = 0; i < l->nblocks; i++) {
        l->block[i] = b->inner_blks[i];
        l->block_dim[i] = (int)b->inner_idxs[i];
    }
    return true;
}

/* ---- descriptors -------------------------------------------------------- */

/* Any of the library's operation descriptors. */
union description {
    dnnl_convolution_desc_t conv;
    dnnl_inner_product_desc_t ip;
    dnnl_pooling_desc_t pool;
    dnnl_softmax_desc_t softmax;
};

struct mds {
    dnnl_memory_desc_t x, w, b, y;
    const dnnl_memory_desc_t *bias; /* &b, or NULL */
    dnnl_prop_kind_t forward;
};

static dnnl_status_t conv(enum crema_dn_kind kind, const struct crema_dn *d,
                          const struct mds *m, union description *o)
{
    const dnnl_alg_kind_t alg =
        d->winograd ? dnnl_convolution_auto : dnnl_convolution_direct;

    switch (kind) {
    case CREMA_DN_CONV:
        return dnnl_dilated_convolution_forward_desc_init(
            &o->conv, m->forward, alg, &m->x, &m->w, m->bias, &m->y, d->stride,
            d->dilation, d->left, d->right);
    case CREMA_DN_CONV_BWD_DATA:
        return dnnl_dilated_convolution_backward_data_desc_init(
            &o->conv, alg, &m->x, &m->w, &m->y, d->stride, d->dilation, d->left,
            d->right);
    default:
        return dnnl_dilated_convolution_backward_weights_desc_init(
            &o->conv, alg, &m->x, &m->w, m->bias, &m->y, d->stride, d->dilation,
            d->left, d->right);
    }
}

static dnnl_status_t ip(enum crema_dn_kind kind, const struct mds *m,
                        union description *o)
{
    switch (kind) {
    case CREMA_DN_IP:
        return dnnl_inner_product_forward_desc_init(&o->ip, m->forward, &m->x,
                                                    &m->w, m->bias, &m->y);
    case CREMA_DN_IP_BWD_DATA:
        return dnnl_inner_product_backward_data_desc_init(&o->ip, &m->x, &m->w,
                                                          &m->y);
    default:
        return dnnl_inner_product_backward_weights_desc_init(
            &o->ip, &m->x, &m->w, m->bias, &m->y);
    }
}

static dnnl_status_t other(enum crema_dn_kind kind, const struct crema_dn *d,
                           const struct mds *m, union description *o)
{
    switch (kind) {
    case CREMA_DN_POOL:
        return dnnl_pooling_forward_desc_init(&o->pool, m->forward, d->method,
                                              &m->x, &m->y, d->stride,
                                              d->kernel, d->left, d->right);
    case CREMA_DN_POOL_BWD:
        return dnnl_pooling_backward_desc_init(&o->pool, d->method, &m->x,
                                               &m->y, d->stride, d->kernel,
                                               d->left, d->right);
    case CREMA_DN_SOFTMAX:
        return dnnl_softmax_forward_desc_init(&o->softmax, m->forward, &m->x,
                                              d->axis);
    default:
        return dnnl_softmax_backward_desc_init(&o->softmax, &m->x, &m->y,
                                               d->axis);
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
            s = dnnl_post_ops_append_eltwise(post, 1, dnnl_eltwise_relu, 0, 0);
        if (s == dnnl_success) s = dnnl_primitive_attr_set_post_ops(attr, post);
        if (post) dnnl_post_ops_destroy(post);
    }
    if (s == dnnl_success)
        *out = attr;
    else
        dnnl_primitive_attr_destroy(attr);
    return s;
}

dnnl_status_t crema_dn_describe(dnnl_engine_t engine, enum crema_dn_kind kind,
                                const struct crema_dn *d,
                                dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *pd)
{
    struct mds m = { md_of(&d->x), md_of(&d->w), md_of(&d->b),
                     md_of(&d->y), NULL,         dnnl_forward_inference };
    union description o;
    dnnl_primitive_attr_t attr;
    dnnl_status_t s;

    if (d->b.ndims) m.bias = &m.b;
    if (d->train) m.forward = dnnl_forward_training;
    if (kind <= CREMA_DN_CONV_BWD_WEIGHTS)
        s = conv(kind, d, &m, &o);
    else if (kind <= CREMA_DN_IP_BWD_WEIGHTS)
        s = ip(kind, &m, &o);
    else
        s = other(kind, d, &m, &o);
    if (s == dnnl_success) s = make_attr(d->relu, &attr);
    if (s != dnnl_success) return s;
    s = dnnl_primitive_desc_create(pd, &o, attr, engine, hint);
    dnnl_primitive_attr_destroy(attr);
    return s;
}

dnnl_status_t crema_dn_describe_reorder(dnnl_engine_t engine,
                                        const struct crema_layout *from,
                                        const struct crema_layout *to,
                                        dnnl_primitive_desc_t *pd)
{
    dnnl_memory_desc_t x = md_of(from), y = md_of(to);
    dnnl_primitive_attr_t attr;
    dnnl_status_t s = make_attr(false, &attr);

    if (s != dnnl_success) return s;
    s = dnnl_reorder_primitive_desc_create(pd, &x, engine, &y, engine, attr);
    dnnl_primitive_attr_destroy(attr);
    return s;
}

#endif
