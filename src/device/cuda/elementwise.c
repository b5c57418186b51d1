/* elementwise.c - launches of what works element by element, and of moves. */
#include "device/cuda/kernels.h"

static int64_t count_of(const struct crema_tensor *t)
{
    return crema_shape_count(&t->shape);
}

/* ---- activations --------------------------------------------------------- */

static int unary(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_unary(s, op->params, crema_cuda_type(op->in[0]),
                            count_of(op->in[0]), crema_in(op, 0),
                            crema_out(op, 0));
}

static int slopes(cudaStream_t s, const struct crema_op *op)
{
    return crema_cuda_unary_bwd(
        s, op->params, crema_cuda_type(op->in[0]), count_of(op->in[0]),
        crema_in(op, 0), crema_in(op, 1), crema_in(op, 2), crema_out(op, 0));
}

/* For the sums of db. */
static size_t slopes_room(const struct crema_op *op)
{
    const struct crema_shape *x = &op->out[0]->shape;

    return op->nout > 1
               ? crema_cut8_room(
                     x->dim[0] * crema_shape_product(x, 2, x->ndims), x->dim[1])
               : 0;
}

/* dx, and its sums over all but the channels. */
static int slopes_and_sums(cudaStream_t s, const struct crema_op *op,
                           float *room)
{
    struct crema_axis a = crema_cuda_channels(op->out[0]);
    int type = crema_cuda_type(op->in[0]), error;
    float *db = crema_out(op, 1);
    struct crema_cut8 cut;

    if (!crema_cut8_fits(&a)) {
        error = slopes(s, op);
        return error ? error : crema_cuda_sum_channels(s, op->out[0], room, db);
    }
    cut = crema_cut8(a.outer, a.length);
    error = crema_cuda_unary_bwd_sums(s, op->params, type, &cut,
                                      crema_in(op, 0), crema_in(op, 1),
                                      crema_in(op, 2), crema_out(op, 0), room);
    return error ? error
                 : crema_cuda_add_parts(s, a.length, cut.parts, 1.0f, room, db,
                                        NULL);
}

static int unary_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    return op->nout > 1 ? slopes_and_sums(s, op, scratch) : slopes(s, op);
}

/* ---- several tensors of one shape ---------------------------------------- */

/* The first n inputs, and where their gradients go. */
static struct crema_many many(const struct crema_op *op, int n)
{
    struct crema_many m = { .n = n };

    for (int i = 0; i < n; i++) {
        m.x[i] = crema_in(op, i);
        m.dx[i] = crema_out(op, i);
    }
    return m;
}

static int sum(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_sum *params = op->params;
    struct crema_many m = many(op, op->nin);

    (void)scratch;
    for (int i = 0; i < m.n; i++) m.coeff[i] = params->coeff[i];
    return crema_cuda_sum(s, &m, op->relu, crema_cuda_type(op->in[0]),
                          count_of(op->in[0]), crema_out(op, 0));
}

static int product(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_many m = many(op, op->nin);

    (void)scratch;
    return crema_cuda_product(s, &m, crema_cuda_type(op->in[0]),
                              count_of(op->in[0]), crema_out(op, 0));
}

static int product_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_many m = many(op, op->nout);

    (void)scratch;
    return crema_cuda_product_bwd(s, &m, crema_cuda_type(op->in[0]),
                                  count_of(op->in[0]), crema_in(op, op->nout),
                                  crema_in(op, op->nout + 1));
}

static int maximum(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_many m = many(op, op->nin);

    (void)scratch;
    return crema_cuda_maximum(s, &m, crema_cuda_type(op->in[0]),
                              count_of(op->in[0]), crema_out(op, 0));
}

static int maximum_bwd(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_many m = many(op, op->nout);

    (void)scratch;
    return crema_cuda_maximum_bwd(s, &m, crema_cuda_type(op->in[0]),
                                  count_of(op->in[0]), crema_in(op, op->nout));
}

/* ---- fill, dropout ------------------------------------------------------- */

static void fill_ports(const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    crema_cuda_all_dense(op, in, out);
    out[0].want = crema_layout_dense(&op->out[0]->shape, op->storage);
}

static int fill(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const float *value = op->params;

    (void)scratch;
    return crema_cuda_fill(s, *value, crema_in(op, 0),
                           crema_cuda_type(op->out[0]), count_of(op->out[0]),
                           crema_out(op, 0));
}

static int dropout(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    struct crema_planes planes = { 0 };
    bool last = crema_cuda_channels_last(&op->in[0]->layout);

    (void)scratch;
    if (last) planes = crema_cuda_planes(op->in[0]);
    return crema_cuda_dropout(s, op->params, last ? &planes : NULL,
                              crema_cuda_type(op->in[0]), count_of(op->in[0]),
                              op->in[1]->data, crema_in(op, 0),
                              crema_out(op, 0));
}

/* ---- moves --------------------------------------------------------------- */

static int view(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    (void)scratch;
    return crema_cuda_copy(s, op->in[0]->data, op->out[0]->data,
                           op->in[0]->layout.bytes);
}

static void reorder_ports(const struct crema_op *op, struct crema_port in[],
                          struct crema_port out[])
{
    (void)op;
    in[0].want = *in[0].have;
    out[0].want = *out[0].have;
}

/* What of a dense tensor and one with the channels innermost is changed about,
 * padded perhaps where they get innermost; false: they are not such a pair. */
static bool turns(const struct crema_layout *from,
                  const struct crema_layout *to, struct crema_turn *turn)
{
    bool outward = crema_cuda_channels_last(from) && crema_layout_is_dense(to);
    struct crema_layout whole = *to;
    bool inward;
    int64_t inner = 1;

    whole.dim[1] = whole.padded[1];
    inward = crema_layout_is_dense(from) && crema_cuda_channels_last(&whole);

    if ((!inward && !outward) || from->ndims != to->ndims) return false;
    for (int i = 2; i < from->ndims; i++) inner *= from->dim[i];
    *turn = outward ? (struct crema_turn){ from->dim[0], inner, from->dim[1],
                                           inner }
                    : (struct crema_turn){ from->dim[0], from->dim[1], inner,
                                           to->padded[1] };
    return true;
}

static int reorder(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const struct crema_layout *from = &op->in[0]->layout;
    const struct crema_layout *to = &op->out[0]->layout;
    const struct crema_layout typed = crema_layout_as(from, to->type);
    const void *x = op->in[0]->data;
    void *y = op->out[0]->data;
    bool numbers =
        crema_cuda_is_number(from->type) && crema_cuda_is_number(to->type);
    struct crema_turn turn;

    (void)scratch;
    if (numbers && crema_layout_equal(&typed, to))
        return crema_cuda_convert(
            s, (int)from->type, x, (int)to->type, y,
            (int64_t)(to->bytes / crema_type_bytes(to->type)));
    if (numbers && turns(from, to, &turn))
        return crema_cuda_turn(s, &turn, (int)from->type, x, (int)to->type, y);
    if (crema_layout_is_padded(to)) {
        int error = crema_cuda_zero(s, y, to->bytes);

        if (error) return error;
    }
    return crema_cuda_reorder(s, from, x, to, y, count_of(op->in[0]));
}

/* Along axis 1 tensors with the channels innermost join as well as dense ones:
 * each pixel is a row. */
static void join_ports(const struct crema_op *op, struct crema_port in[],
                       struct crema_port out[])
{
    const struct crema_along *params = op->params;
    const struct crema_layout *have = params->axis == 1 ? in[0].have : NULL;

    if (have && have->ndims != op->in[0]->shape.ndims) have = NULL;
    for (int i = 0; i < op->nin; i++)
        in[i].want = crema_cuda_like(&op->in[i]->shape, have, op->storage);
    for (int i = 0; i < op->nout; i++)
        out[i].want = crema_cuda_like(&op->out[i]->shape, have, op->storage);
}

/* Rows that the whole and its part have; n: elements of a row of the part, each
 * a unit. */
static struct crema_rows rows_of(const struct crema_op *op,
                                 const struct crema_tensor *whole,
                                 const struct crema_tensor *part,
                                 int64_t *whole_row)
{
    const struct crema_along *params = op->params;
    struct crema_sides w = crema_sides(&whole->shape, params->axis);
    int64_t length = part->shape.dim[params->axis];
    int unit = (int)crema_type_bytes(whole->layout.type);

    /* by what the op agreed to, for a layout may be dense and the other too */
    if (params->axis == 1 && (crema_cuda_channels_last(&whole->layout) ||
                              crema_cuda_channels_last(&part->layout))) {
        *whole_row = w.length;
        return (struct crema_rows){ .rows = w.outer * w.inner,
                                    .n = length,
                                    .unit = unit };
    }
    *whole_row = w.length * w.inner;
    return (struct crema_rows){ .rows = w.outer,
                                .n = length * w.inner,
                                .unit = unit };
}

/* In units as wide as the rows' and the memory's alignment let them be. */
static int move_rows(cudaStream_t s, struct crema_rows r, const void *from,
                     void *to)
{
    struct crema_rows wide =
        crema_rows_widest(r, (uintptr_t)from | (uintptr_t)to);

    return crema_cuda_rows(s, &wide, from, to);
}

static int concat(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    char *to = op->out[0]->data;

    (void)scratch;
    for (int i = 0; i < op->nin; i++) {
        int64_t row;
        struct crema_rows r = rows_of(op, op->out[0], op->in[i], &row);
        int error;

        r.from_step = r.n;
        r.to_step = row;
        error = move_rows(s, r, op->in[i]->data, to);
        if (error) return error;
        to += r.n * r.unit;
    }
    return 0;
}

static int slice(cudaStream_t s, const struct crema_op *op, void *scratch)
{
    const char *from = op->in[0]->data;

    (void)scratch;
    for (int i = 0; i < op->nout; i++) {
        int64_t row;
        struct crema_rows r = rows_of(op, op->in[0], op->out[i], &row);
        int error;

        r.from_step = row;
        r.to_step = r.n;
        error = move_rows(s, r, from, op->out[i]->data);
        if (error) return error;
        from += r.n * r.unit;
    }
    return 0;
}

const struct cuda_kernel crema_cuda_elementwise[] = {
    { &crema_op_unary, unary, 0, NULL, NULL, false },
    { &crema_op_unary_zero, unary, 0, NULL, NULL, false },
    { &crema_op_unary_bwd, unary_bwd, 0, NULL, slopes_room, false },
    { &crema_op_sum, sum, 0, NULL, NULL, true },
    { &crema_op_product, product, 0, NULL, NULL, false },
    { &crema_op_product_bwd, product_bwd, 0, NULL, NULL, false },
    { &crema_op_maximum, maximum, 0, NULL, NULL, false },
    { &crema_op_maximum_bwd, maximum_bwd, 0, NULL, NULL, false },
    { &crema_op_fill, fill, -1, fill_ports, NULL, false },
    { &crema_op_dropout, dropout, 0, NULL, NULL, false },
    { &crema_op_view, view, -1, NULL, NULL, false },
    { &crema_op_reorder, reorder, -1, reorder_ports, NULL, false },
    { &crema_op_concat, concat, -1, join_ports, NULL, false },
    { &crema_op_slice, slice, -1, join_ports, NULL, false },
    { NULL, NULL, 0, NULL, NULL, false },
};
