/* blob_write_h5.c - .caffemodel.h5 and .solverstate.h5, strip by strip. */
#include "proto/blob_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 1000 };

/* Can `name` be a path of groups that leads back to it? */
static bool is_path(const char *name)
{
    while (*name) {
        size_t n = strcspn(name, "/");

        if (n == 0 || (n == 1 && *name == '.')) return false;
        name += n;
        if (*name && !*++name) return false;
    }
    return true;
}

static enum crema_status put_numbers(struct crema_h5 *h5, const char *array,
                                     const struct crema_blob_out *blob)
{
    int64_t count = crema_blob__count(blob);
    enum crema_status status = CREMA_OK;
    float *strip;

    if (blob->data)
        return h5->type->write(h5, array, CREMA_H5_FLOAT, 0, count, blob->data);
    strip = malloc(CREMA_BLOB_STRIP * sizeof *strip);
    if (!strip) return crema_no_memory(h5->ctx, "writing weights");
    for (int64_t at = 0, n; at < count && status == CREMA_OK; at += n) {
        n = count - at < CREMA_BLOB_STRIP ? count - at : CREMA_BLOB_STRIP;
        status = blob->fill(blob->user, at, n, strip);
        if (status == CREMA_OK)
            status = h5->type->write(h5, array, CREMA_H5_FLOAT, at, n, strip);
    }
    free(strip);
    return status;
}

static enum crema_status put_blob(struct crema_h5 *h5, const char *group, int i,
                                  const struct crema_blob_out *blob)
{
    struct crema_h5_shape shape = { .ndims = blob->ndims };
    char array[NAME + 16];

    snprintf(array, sizeof array, "%s/%d", group, i);
    for (int k = 0; k < blob->ndims; k++) shape.dims[k] = blob->dims[k];
    CREMA_TRY(h5->type->make_array(h5, array, CREMA_H5_FLOAT, &shape, false));
    return put_numbers(h5, array, blob);
}

static enum crema_status put_layer(struct crema_h5 *h5,
                                   const struct crema_layer_out *layer)
{
    const char *name = layer->param->name ? layer->param->name : "";
    char group[NAME];

    if (*name && is_path(name) &&
        snprintf(group, sizeof group, "data/%s", name) < NAME) {
        CREMA_TRY(h5->type->make_group(h5, group));
        for (int i = 0; i < layer->nblobs; i++)
            if (!layer->blobs[i].shared)
                CREMA_TRY(put_blob(h5, group, i, &layer->blobs[i]));
        return CREMA_OK;
    }
    if (layer->nblobs == 0) return CREMA_OK;
    return crema_fail(h5->ctx, CREMA_EUNSUPPORTED,
                      "layer \"%s\" cannot be named so in HDF5: rename it, or "
                      "leave snapshot_format out",
                      name);
}

static enum crema_status put_layers(struct crema_h5 *h5, int nlayers,
                                    const struct crema_layer_out *layers)
{
    CREMA_TRY(h5->type->make_group(h5, "data"));
    for (int i = 0; i < nlayers; i++) CREMA_TRY(put_layer(h5, &layers[i]));
    return CREMA_OK;
}

/* The first failure counts. */
static enum crema_status finish(struct crema_h5 *h5, enum crema_status status)
{
    if (status == CREMA_OK) return crema_h5_close(h5);
    (void)crema_h5_close(h5);
    return status;
}

enum crema_status crema_weights_write_h5(struct crema_ctx *ctx,
                                         const char *path, int nlayers,
                                         const struct crema_layer_out *layers)
{
    struct crema_h5 *h5;

    CREMA_TRY(crema_h5_create(ctx, path, &h5));
    return finish(h5, put_layers(h5, nlayers, layers));
}

/* ---- the state ---------------------------------------------------------- */

static enum crema_status put_int(struct crema_h5 *h5, const char *name,
                                 int32_t value)
{
    const struct crema_h5_shape one = { 1, { 1 } };

    CREMA_TRY(h5->type->make_array(h5, name, CREMA_H5_INT, &one, false));
    return h5->type->write(h5, name, CREMA_H5_INT, 0, 1, &value);
}

static enum crema_status put_own(struct crema_h5 *h5,
                                 const Crema__SolverState *state)
{
    struct crema_bytes packed = { .ctx = h5->ctx };
    enum crema_status status = crema_blob__pack_state(state, &packed);
    const struct crema_h5_shape shape = { 1, { (int64_t)packed.length } };

    if (status == CREMA_OK)
        status = h5->type->make_array(h5, "crema_state", CREMA_H5_BYTE, &shape,
                                      false);
    if (status == CREMA_OK)
        status = h5->type->write(h5, "crema_state", CREMA_H5_BYTE, 0,
                                 shape.dims[0], packed.data);
    free(packed.data);
    return status;
}

static enum crema_status put_state(struct crema_h5 *h5,
                                   const Crema__SolverState *state, int nblobs,
                                   const struct crema_blob_out *history)
{
    CREMA_TRY(put_int(h5, "iter", state->iter));
    CREMA_TRY(put_int(h5, "current_step", state->current_step));
    if (state->learned_net)
        CREMA_TRY(h5->type->write_text(h5, "learned_net", state->learned_net));
    CREMA_TRY(put_own(h5, state));
    CREMA_TRY(h5->type->make_group(h5, "history"));
    for (int i = 0; i < nblobs; i++)
        CREMA_TRY(put_blob(h5, "history", i, &history[i]));
    return CREMA_OK;
}

enum crema_status crema_state_write_h5(struct crema_ctx *ctx, const char *path,
                                       const Crema__SolverState *state,
                                       int nblobs,
                                       const struct crema_blob_out *history)
{
    struct crema_h5 *h5;

    CREMA_TRY(crema_h5_create(ctx, path, &h5));
    return finish(h5, put_state(h5, state, nblobs, history));
}
