/* dummy_data.c - blobs that fillers fill, anew for each forward pass but for
 * constants. */
#include "base/arena.h"
#include "base/philox.h"
#include "layers/filler.h"
#include "layers/layer.h"

#include <string.h>

CREMA_LAYER_PARAM(Crema__DummyDataParameter, CREMA__DUMMY_DATA_PARAMETER__INIT,
                  dummy_data_param)

struct dummy {
    struct crema_shape *shape; /* of each top */
    float **data;
    uint64_t passes;
    struct crema_arena arena;
};

/* Entry i of a field that has one for all tops, or one for each. */
static size_t entry(size_t n, int i)
{
    return n == 1 ? 0 : (size_t)i;
}

static enum crema_status counts_fit(const struct crema_layer *l,
                                    const char *what, size_t n, bool needed,
                                    const void *field)
{
    if ((n == 0 && !needed) || n == 1 || n == (size_t)l->ntops) return CREMA_OK;
    return crema_layer_fail(l, field,
                            "%zu %s for %d tops: give one for all, or one for "
                            "each",
                            n, what, l->ntops);
}

static enum crema_status read_shape(const struct crema_layer *l, int i,
                                    struct crema_shape *s)
{
    const Crema__DummyDataParameter *p = param(l);
    const Crema__BlobShape *from;

    if (p->n_shape == 0) {
        *s = CREMA_SHAPE(
            p->num[entry(p->n_num, i)], p->channels[entry(p->n_channels, i)],
            p->height[entry(p->n_height, i)], p->width[entry(p->n_width, i)]);
        return CREMA_OK;
    }
    from = p->shape[entry(p->n_shape, i)];
    if (from->n_dim > CREMA_MAX_DIMS)
        return crema_layer_fail(l, from, "%zu axes; up to %d are possible",
                                from->n_dim, CREMA_MAX_DIMS);
    s->ndims = (int)from->n_dim;
    for (int k = 0; k < s->ndims; k++) s->dim[k] = from->dim[k];
    return crema_shape_valid(s) ? CREMA_OK
                                : crema_layer_fail(l, from,
                                                   "an impossible "
                                                   "shape");
}

static enum crema_status setup(struct crema_layer *l)
{
    const Crema__DummyDataParameter *p = param(l);
    struct dummy *s = l->state;
    size_t tops = (size_t)l->ntops;
    bool sizes = p->n_num || p->n_channels || p->n_height || p->n_width;

    if (sizes && p->n_shape)
        return crema_layer_fail(l, p->shape[0],
                                "shape is given, and num, channels, height or "
                                "width as well");
    CREMA_TRY(counts_fit(l, "data_filler", p->n_data_filler, false,
                         p->n_data_filler ? p->data_filler[0] : NULL));
    CREMA_TRY(counts_fit(l, "shape", p->n_shape, !sizes,
                         p->n_shape ? p->shape[0] : NULL));
    CREMA_TRY(counts_fit(l, "num", p->n_num, sizes, p->num));
    CREMA_TRY(counts_fit(l, "channels", p->n_channels, sizes, p->channels));
    CREMA_TRY(counts_fit(l, "height", p->n_height, sizes, p->height));
    CREMA_TRY(counts_fit(l, "width", p->n_width, sizes, p->width));
    s->shape = crema_arena_alloc(&s->arena, tops * sizeof *s->shape);
    s->data = crema_arena_alloc(&s->arena, tops * sizeof *s->data);
    if (!s->shape || !s->data) return crema_no_memory(l->ctx, "a DummyData");
    for (int i = 0; i < l->ntops; i++)
        CREMA_TRY(read_shape(l, i, &s->shape[i]));
    return CREMA_OK;
}

static enum crema_status record(struct crema_layer *l)
{
    const struct dummy *s = l->state;

    for (int i = 0; i < l->ntops; i++)
        l->top[i] = crema_program_input(l->program, &s->shape[i], CREMA_F32);
    return CREMA_OK;
}

static const Crema__FillerParameter *filler_of(const struct crema_layer *l,
                                               int i)
{
    const Crema__DummyDataParameter *p = param(l);

    return p->n_data_filler ? p->data_filler[entry(p->n_data_filler, i)] : NULL;
}

static enum crema_status fill(struct crema_layer *l, int i, float *data)
{
    const Crema__FillerParameter *filler = filler_of(l, i);
    struct dummy *s = l->state;
    struct crema_stream stream = { l->lender->seed, crema_hash(l->param->name),
                                   (uint32_t)i, (uint32_t)s->passes };

    return crema_layer_blame(
        l, filler ? &filler->type : NULL,
        crema_filler_values(l->ctx, filler, &s->shape[i], stream, 0,
                            crema_shape_count(&s->shape[i]), data));
}

static bool is_constant(const Crema__FillerParameter *filler)
{
    return !filler || !filler->type || !strcmp(filler->type, "constant");
}

static enum crema_status next(struct crema_layer *l, struct crema_batch *tops)
{
    struct dummy *s = l->state;

    for (int i = 0; i < l->ntops; i++) {
        int64_t count = crema_shape_count(&s->shape[i]);
        bool same = s->data[i] && is_constant(filler_of(l, i));

        if (!s->data[i])
            s->data[i] = crema_arena_alloc(&s->arena,
                                           sizeof(float) * (size_t)(count + 1));
        if (!s->data[i]) return crema_no_memory(l->ctx, "a DummyData");
        if (!same) CREMA_TRY(fill(l, i, s->data[i]));
        tops[i] = (struct crema_batch){ .shape = s->shape[i],
                                        .data = s->data[i],
                                        .same = same };
    }
    s->passes++;
    return CREMA_OK;
}

static uint64_t position(const struct crema_layer *l)
{
    return ((const struct dummy *)l->state)->passes;
}

static enum crema_status seek(struct crema_layer *l, uint64_t to)
{
    ((struct dummy *)l->state)->passes = to;
    return CREMA_OK;
}

static void release(struct crema_layer *l)
{
    crema_arena_free(&((struct dummy *)l->state)->arena);
}

static const struct crema_param_doc dummy_data_param = {
    .message = "dummy_data_param",
    .fields =
        (const struct crema_field_doc[]){
            { "data_filler",
              "one for all tops, or one for each; constant 0 when not given" },
            { "shape", "one for all tops, or one for each" },
            { "num", "old way of shape: the first of four lengths" },
            { "channels", "the second" },
            { "height", "the third" },
            { "width", "the fourth" },
            { 0 },
        },
};

static const struct crema_layer_doc doc = {
    .kind = CREMA_LAYER_DATA,
    .line = "blobs that fillers fill",
    .text = "Each top is filled anew for each pass; what a constant fills, "
            "once. Sizes are one shape for all tops or one for each, or "
            "likewise num, channels, height and width.",
    .tops = { { "data", "as shape says; more may follow, each with its shape "
                        "and filler" } },
    .params = { &dummy_data_param },
    .example = "dummy_data_param {\n"
               "  shape { dim: 10 dim: 3 dim: 32 dim: 32 }\n"
               "  data_filler { type: \"gaussian\" std: 1 }\n"
               "}",
};

const struct crema_layer_type crema_layer_DummyData = {
    .name = "DummyData",
    .max_bottoms = 0,
    .min_tops = 1,
    .max_tops = -1,
    .state_size = sizeof(struct dummy),
    .setup = setup,
    .record = record,
    .free = release,
    .next = next,
    .position = position,
    .seek = seek,
    .doc = &doc,
};
