/* feed.c - host data into a net: batches of its sources, the user's inputs. */
#include "net/feed.h"

#include "net/build.h"

#include <stdlib.h>
#include <string.h>

/* ---- sources ------------------------------------------------------------ */

/* A label that no reader accepts: named by its record. */
static enum crema_status bad_label(const struct crema_layer *l,
                                   const struct crema_tensor *t, int64_t i,
                                   float value)
{
    int64_t each = t->shape.dim[0] > 0
                       ? crema_shape_count(&t->shape) / t->shape.dim[0]
                       : 1;
    const char *key = l->type->item ? l->type->item(l, i / each) : NULL;

    return crema_layer_fail(l, NULL,
                            "label %g%s%s is not in 0..%lld, what the layers "
                            "that read blob \"%s\" accept",
                            (double)value, key ? " of record " : "",
                            key ? key : "", (long long)t->labels - 1, t->name);
}

static enum crema_status check_labels(const struct crema_layer *l,
                                      const struct crema_tensor *t,
                                      const float *data)
{
    int64_t n = t->labels > 0 ? crema_shape_count(&t->shape) : 0;

    for (int64_t i = 0; i < n; i++) {
        float v = data[i];

        if (v >= 0 && v < (float)t->labels) continue;
        if (t->ignores && v == (float)t->ignore_label) continue;
        return bad_label(l, t, i, v);
    }
    return CREMA_OK;
}

static enum crema_status write_top(struct crema_device *dev,
                                   struct crema_tensor *top,
                                   const struct crema_batch *batch)
{
    if (batch->data)
        return top->streamed ? crema_tensor_feed(dev, top, batch->data)
                             : crema_tensor_write(dev, top, batch->data);
    for (int i = 0; i < 2; i++) {
        const struct crema_part *part = &batch->part[i];

        CREMA_TRY(part->cuts ? crema_tensor_feed_cuts(dev, *part->to, part->cuts)
                             : crema_tensor_feed(dev, *part->to, part->data));
    }
    return CREMA_OK;
}

static enum crema_status write_batch(struct crema_net *net,
                                     struct crema_layer *l,
                                     const struct crema_batch *batch)
{
    for (int k = 0; k < l->ntops; k++) {
        if (batch[k].same && net->fed) continue;
        if (batch[k].data) CREMA_TRY(check_labels(l, l->top[k], batch[k].data));
        CREMA_TRY(write_top(net->world->dev, l->top[k], &batch[k]));
    }
    return CREMA_OK;
}

/* ---- inputs ------------------------------------------------------------- */

static enum crema_status write_user(struct crema_net *net,
                                    const struct crema_net_input *in)
{
    if (!in->tensor) return CREMA_OK;
    return crema_tensor_write(net->world->dev, in->tensor, in->data);
}

static enum crema_status set_values(struct crema_ctx *ctx,
                                    struct crema_net_input **list, int *n,
                                    const char *name,
                                    const struct crema_shape *shape,
                                    const float *dense)
{
    size_t bytes = (size_t)crema_shape_count(shape) * sizeof *dense;
    float *copy = malloc(bytes + 1);
    struct crema_net_input *more;

    if (!copy) return crema_no_memory(ctx, name);
    memcpy(copy, dense, bytes);
    for (int i = 0; i < *n; i++)
        if (!strcmp((*list)[i].name, name)) {
            free((*list)[i].data);
            (*list)[i].data = copy;
            (*list)[i].shape = *shape;
            return CREMA_OK;
        }
    more = realloc(*list, (size_t)(*n + 1) * sizeof *more);
    if (!more) {
        free(copy);
        return crema_no_memory(ctx, name);
    }
    *list = more;
    more[(*n)++] = (struct crema_net_input){ name, *shape, copy, NULL };
    return CREMA_OK;
}

/* The layer that takes values from outside and its top, which make the blob. */
static struct crema_layer *input_layer(struct crema_net *net, const char *name,
                                       int *top)
{
    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        if (!l->type || (!l->type->reshape && !l->type->deal)) continue;
        for (*top = 0; *top < l->ntops; ++*top)
            if (!strcmp(l->param->top[*top], name)) return l;
    }
    return NULL;
}

enum crema_status crema_net_write_input(struct crema_net *net, const char *name,
                                        const struct crema_shape *shape,
                                        const float *dense)
{
    struct crema_blob *b = crema_net_blob(net, name);
    struct crema_layer *l;
    int top;

    if (!b)
        return crema_fail(net->ctx, CREMA_EINVAL, "the net has no blob \"%s\"",
                          name);
    l = input_layer(net, name, &top);
    if (!l)
        return crema_fail(net->ctx, CREMA_EINVAL,
                          "blob \"%s\" is not made by an Input or MemoryData "
                          "layer",
                          name);
    if (l->type->deal) return l->type->deal(l, top, shape, dense);
    CREMA_TRY(set_values(net->ctx, &net->input, &net->ninputs, b->name, shape,
                         dense));
    if (!b->first || !crema_shape_equal(shape, &b->first->shape)) {
        CREMA_TRY(l->type->reshape(l, top, shape));
        CREMA_TRY(crema_net_record(net));
    }
    return CREMA_OK;
}

enum crema_status crema_net_set_diff(struct crema_net *net, const char *name,
                                     int64_t count, const float *dense)
{
    struct crema_blob *b = crema_net_blob(net, name);

    if (!b || !b->output)
        return crema_fail(net->ctx, CREMA_EINVAL,
                          "blob \"%s\" is not an output of the net", name);
    if (!b->last) CREMA_TRY(crema_net_record(net));
    CREMA_TRY(set_values(net->ctx, &net->diff, &net->ndiffs, b->name,
                         &CREMA_SHAPE(count), dense));
    return crema_net_record(net);
}

/* ---- one forward pass --------------------------------------------------- */

/* ... and whether it is made of parts. */
static bool shapes_agree(const struct crema_layer *l,
                         const struct crema_batch *batch)
{
    for (int k = 0; k < l->ntops; k++)
        if (!crema_shape_equal(&l->top[k]->shape, &batch[k].shape) ||
            (l->top[k]->role == CREMA_INPUT) != (batch[k].data != NULL))
            return false;
    return true;
}

/* Fetches every source's batch; true in *reshaped when a shape is new. */
static enum crema_status fetch(struct crema_net *net, struct crema_batch *batch,
                               bool *reshaped)
{
    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        if (!l->type->next) continue;
        CREMA_TRY(l->type->next(l, batch));
        *reshaped |= !shapes_agree(l, batch);
        batch += l->ntops;
    }
    return CREMA_OK;
}

/* A program that was recorded anew goes on where the last one stood. */
static enum crema_status start_ring(struct crema_net *net)
{
    static const float broken[1 + CREMA_RING] = { 1 };

    net->ring_since = net->passes;
    if (!net->broken || !net->program->ring) return CREMA_OK;
    return crema_tensor_write(net->world->dev, net->program->ring, broken);
}

enum crema_status crema_net_prepare(struct crema_net *net)
{
    enum crema_status status;

    if (net->prepared) return CREMA_OK;
    if (!net->program) CREMA_TRY(crema_net_record(net));
    status = crema_program_prepare(net->program);
    if (status != CREMA_OK) {
        crema_net_forget(net); /* it cannot be prepared a second time */
        return status;
    }
    net->prepared = true;
    if (!net->arranged && net->program->arranged) {
        net->arranged =
            crema_arena_strdup(&net->arena, net->program->arranged);
        if (!net->arranged) return crema_no_memory(net->ctx, "a net");
    }
    CREMA_TRY(start_ring(net));
    for (int i = 0; i < net->ndiffs; i++)
        CREMA_TRY(write_user(net, &net->diff[i]));
    return net->ready ? net->ready(net->ready_user, net) : CREMA_OK;
}

/* Input layers hold what the user wrote last, or zeros. */
static enum crema_status write_inputs(struct crema_net *net)
{
    for (int i = 0; i < net->ninputs; i++) {
        struct crema_net_input *in = &net->input[i];
        struct crema_blob *b = crema_net_blob(net, in->name);
        struct crema_layer *l = &net->layer[b->producer];

        in->tensor = b->first;
        if (b->first && b->first->role == CREMA_INPUT)
            CREMA_TRY(check_labels(l, b->first, in->data));
        CREMA_TRY(write_user(net, in));
    }
    return CREMA_OK;
}

/* What was fetched, and the user's inputs, into the program's tensors. */
static enum crema_status write_all(struct crema_net *net)
{
    struct crema_batch *batch = net->batches;

    for (int i = 0; i < net->nlayers; i++) {
        struct crema_layer *l = &net->layer[i];

        if (!l->type->next) continue;
        CREMA_TRY(write_batch(net, l, batch));
        batch += l->ntops;
    }
    net->fed = true;
    return write_inputs(net);
}

enum crema_status crema_net_feed_again(struct crema_net *net)
{
    CREMA_TRY(crema_net_read_losses(net)); /* they go with the program */
    CREMA_TRY(crema_net_record(net));
    CREMA_TRY(crema_net_prepare(net));
    return write_all(net);
}

enum crema_status crema_net_feed(struct crema_net *net)
{
    bool reshaped = false;

    if (!net->program) CREMA_TRY(crema_net_record(net));
    CREMA_TRY(fetch(net, net->batches, &reshaped));
    if (reshaped) {
        CREMA_TRY(crema_net_read_losses(net)); /* they go with the program */
        CREMA_TRY(crema_net_record(net));
    }
    CREMA_TRY(crema_net_prepare(net));
    return write_all(net);
}
