/* hdf5_output.c - writes two bottoms into an HDF5 file, as its arrays data and
 * label. */
#include "layers/layer.h"
#include "proto/h5.h"

#include <string.h>

CREMA_LAYER_PARAM(Crema__HDF5OutputParameter,
                  CREMA__HDF5_OUTPUT_PARAMETER__INIT, hdf5_output_param)

struct hdf5_output {
    struct crema_h5 *file; /* NULL before the first pass */
    uint64_t rows;         /* in it, or to be kept of what is there */
};

static const char *const arrays[] = { "data", "label" };

/* Caffe's: four axes at least, with 1s behind. */
static struct crema_h5_shape shape_of(const struct crema_host_tensor *x)
{
    struct crema_h5_shape shape = { .ndims = x->shape.ndims };

    for (int i = 0; i < shape.ndims; i++) shape.dims[i] = x->shape.dim[i];
    while (shape.ndims < 4) shape.dims[shape.ndims++] = 1;
    return shape;
}

/* Does the file have rows like these, as many as are to be kept? */
static bool has_rows(struct crema_h5 *h5, const char *array,
                     const struct crema_h5_shape *want, uint64_t rows)
{
    struct crema_h5_shape has;

    return h5->type->has(h5, array) &&
           h5->type->shape(h5, array, &has) == CREMA_OK &&
           has.ndims == want->ndims && (uint64_t)has.dims[0] >= rows &&
           !memcmp(has.dims + 1, want->dims + 1,
                   sizeof *has.dims * (size_t)(has.ndims - 1));
}

static enum crema_status go_on(const struct crema_layer *l,
                               const struct crema_host_tensor *x)
{
    struct hdf5_output *s = l->state;

    CREMA_TRY(crema_h5_reopen(l->ctx, param(l)->file_name, &s->file));
    for (int k = 0; k < 2; k++) {
        struct crema_h5_shape shape = shape_of(&x[k]);

        if (!has_rows(s->file, arrays[k], &shape, s->rows))
            return crema_layer_fail(
                l, &param(l)->file_name,
                "%s does not hold the %llu rows of %s that were written so far",
                param(l)->file_name, (unsigned long long)s->rows, arrays[k]);
        CREMA_TRY(s->file->type->resize(s->file, arrays[k], (int64_t)s->rows));
    }
    return CREMA_OK;
}

static enum crema_status begin(const struct crema_layer *l,
                               const struct crema_host_tensor *x)
{
    struct hdf5_output *s = l->state;

    CREMA_TRY(crema_h5_create(l->ctx, param(l)->file_name, &s->file));
    for (int k = 0; k < 2; k++) {
        struct crema_h5_shape shape = shape_of(&x[k]);

        CREMA_TRY(s->file->type->make_array(s->file, arrays[k], CREMA_H5_FLOAT,
                                            &shape, true));
    }
    return CREMA_OK;
}

static enum crema_status append(const struct crema_layer *l,
                                const struct crema_host_tensor *x,
                                const char *array)
{
    struct hdf5_output *s = l->state;
    struct crema_h5 *h5 = s->file;
    struct crema_h5_shape shape = shape_of(x);
    int64_t count = crema_h5_count(&shape), rows = (int64_t)s->rows;
    int64_t each = shape.dims[0] ? count / shape.dims[0] : 0;

    if (!has_rows(h5, array, &shape, 0))
        return crema_layer_fail(l, NULL,
                                "rows of %s have another shape than those "
                                "written before",
                                array);
    CREMA_TRY(h5->type->resize(h5, array, rows + shape.dims[0]));
    return h5->type->write(h5, array, CREMA_H5_FLOAT, rows * each, count,
                           x->data);
}

static enum crema_status write(const struct crema_layer *l,
                               const struct crema_host_tensor *x)
{
    struct hdf5_output *s = l->state;

    if (!s->file) CREMA_TRY(s->rows ? go_on(l, x) : begin(l, x));
    for (int k = 0; k < 2; k++) CREMA_TRY(append(l, &x[k], arrays[k]));
    CREMA_TRY(s->file->type->flush(s->file));
    s->rows += (uint64_t)shape_of(x).dims[0];
    return CREMA_OK;
}

static enum crema_status forward(void *layer, struct crema_ctx *ctx, int nx,
                                 const struct crema_host_tensor *x, int ny,
                                 const struct crema_host_tensor *y)
{
    const struct crema_layer *l = layer;

    (void)ctx;
    (void)nx;
    (void)ny;
    (void)y;
    return crema_layer_blame(l, &param(l)->file_name, write(l, x));
}

static enum crema_status setup(struct crema_layer *l)
{
    if (param(l)->file_name && param(l)->file_name[0]) return CREMA_OK;
    return crema_layer_fail(l, &param(l)->file_name,
                            "file_name is missing: where to write to?");
}

static enum crema_status record(struct crema_layer *l)
{
    const struct crema_host_op host = { forward, NULL, l };
    const struct crema_shape *a = &l->bottom[0]->shape;
    const struct crema_shape *b = &l->bottom[1]->shape;

    if ((a->ndims ? a->dim[0] : 1) != (b->ndims ? b->dim[0] : 1))
        return crema_layer_fail(
            l, &l->param->bottom[1],
            "bottoms must have as many rows: \"%s\" has "
            "%lld, \"%s\" %lld",
            l->param->bottom[0], (long long)(a->ndims ? a->dim[0] : 1),
            l->param->bottom[1], (long long)(b->ndims ? b->dim[0] : 1));
    crema_host(l->program, &host, 2, l->bottom, 0, NULL, NULL);
    return CREMA_OK;
}

static uint64_t position(const struct crema_layer *l)
{
    return ((const struct hdf5_output *)l->state)->rows;
}

static void release(struct crema_layer *l)
{
    struct hdf5_output *s = l->state;

    (void)crema_h5_close(s->file);
    s->file = NULL;
}

/* The next rows follow row `to`. */
static enum crema_status seek(struct crema_layer *l, uint64_t to)
{
    release(l);
    ((struct hdf5_output *)l->state)->rows = to;
    return CREMA_OK;
}

static const struct crema_param_doc hdf5_output_param = {
    .message = "hdf5_output_param",
    .fields =
        (const struct crema_field_doc[]){
            { "file_name", "where to write; what is there is overwritten by "
                           "the first pass; must be given" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "writes two blobs into an HDF5 file",
    .text = "Each pass appends the rows of its bottoms to the arrays data and "
            "label, of 32-bit floats. A bottom of fewer than four axes gets 1s "
            "behind them. The file is whole after every pass.",
    .bottoms = { { "data", "N x .." }, { "label", "N x .." } },
    .params = { &hdf5_output_param },
    .quirks = "Caffe ends with an error at the second pass; the first gives "
              "the same numbers. A run that goes on from a snapshot goes on in "
              "the file, too, behind the rows written by then.",
    .example = "hdf5_output_param { file_name: \"features.h5\" }",
};

const struct crema_layer_type crema_layer_HDF5Output = {
    .name = "HDF5Output",
    .min_bottoms = 2,
    .max_bottoms = 2,
    .min_tops = 0,
    .max_tops = 0,
    .state_size = sizeof(struct hdf5_output),
    .setup = setup,
    .record = record,
    .free = release,
    .position = position,
    .seek = seek,
    .doc = &doc,
};
