/* input.c - blobs that the user fills. */
#include "base/arena.h"
#include "layers/layer.h"

CREMA_LAYER_PARAM(Crema__InputParameter, CREMA__INPUT_PARAMETER__INIT,
                  input_param)

struct input {
    struct crema_shape *shape; /* of each top */
    bool *known;               /* false: nobody said it yet */
    struct crema_arena arena;
};

static enum crema_status read_shape(const struct crema_layer *l,
                                    const Crema__BlobShape *from,
                                    struct crema_shape *out)
{
    if (from->n_dim > CREMA_MAX_DIMS)
        return crema_layer_fail(l, from, "%zu axes; up to %d are possible",
                                from->n_dim, CREMA_MAX_DIMS);
    out->ndims = (int)from->n_dim;
    for (int i = 0; i < out->ndims; i++) {
        out->dim[i] = from->dim[i];
        if (out->dim[i] < 0)
            return crema_layer_fail(l, &from->dim[i], "dim %lld is negative",
                                    (long long)out->dim[i]);
    }
    return CREMA_OK;
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__InputParameter *p = param(l);
    struct input *s = l->state;
    size_t tops = (size_t)l->ntops;

    s->shape = crema_arena_alloc(&s->arena, tops * sizeof *s->shape);
    s->known = crema_arena_alloc(&s->arena, tops * sizeof *s->known);
    if (!s->shape || !s->known) return crema_no_memory(l->ctx, "an Input");
    if (p->n_shape > 1 && p->n_shape != tops)
        return crema_layer_fail(l, p->shape[0], "%zu shapes for %d tops",
                                p->n_shape, l->ntops);
    for (size_t i = 0; i < tops && p->n_shape; i++) {
        CREMA_TRY(
            read_shape(l, p->shape[p->n_shape == 1 ? 0 : i], &s->shape[i]));
        s->known[i] = true;
    }
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct input *s = l->state;

    for (int i = 0; i < l->ntops; i++) {
        if (s->known[i])
            l->top[i] =
                crema_program_input(l->program, &s->shape[i], CREMA_F32);
        else if (l->lender->opens_data)
            return crema_layer_fail(l, &l->param->top[i],
                                    "top \"%s\" has no shape: say input_param "
                                    "{ shape { dim: ... } }",
                                    l->param->top[i]);
    }
    return CREMA_OK;
}

static enum crema_status reshape(struct crema_layer *l, int k,
                                 const struct crema_shape *shape)
{
    struct input *s = l->state;

    s->shape[k] = *shape;
    s->known[k] = true;
    return CREMA_OK;
}

static void release(struct crema_layer *l)
{
    struct input *s = l->state;

    crema_arena_free(&s->arena);
}

static const struct crema_param_doc input_param = {
    .message = "input_param",
    .fields =
        (const struct crema_field_doc[]){
            { "shape", "one for all tops, or one for each" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "blobs that the program fills",
    .text = "The inputs of a net that is used from a program, by crema predict "
            "or crema forward. A program may give other sizes; the net is laid "
            "out again then.",
    .tops = { { "data", "as shape says; more may follow" } },
    .params = { &input_param },
    .quirks = "The old form, input and input_dim at the outermost level of a "
              "net, becomes this layer.",
    .example = "input_param { shape { dim: 1 dim: 3 dim: 227 dim: 227 } }",
};

const struct crema_layer_type crema_layer_Input = {
    .name = "Input",
    .max_bottoms = 0,
    .min_tops = 1,
    .max_tops = -1,
    .state_size = sizeof(struct input),
    .setup = setup,
    .record = record,
    .free = release,
    .reshape = reshape,
    .doc = &doc,
};
