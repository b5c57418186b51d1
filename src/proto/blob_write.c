/* blob_write.c - .caffemodel, .solverstate and mean files, strip by strip.
 *
 * A message's length stands in front of it, so all lengths are computed before
 * the first byte goes out.
 */
#include "proto/blob_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

int64_t crema_blob__count(const struct crema_blob_out *blob)
{
    int64_t count = 1;

    for (int i = 0; i < blob->ndims; i++)
        if (__builtin_mul_overflow(count, blob->dims[i], &count) || count < 0)
            return INT64_MAX / 8;
    return count;
}

/* Dim i of the four legacy ones. */
static uint64_t legacy_dim(const struct crema_blob_out *blob, int i)
{
    int missing = 4 - blob->ndims;

    return i < missing ? 1 : (uint64_t)blob->dims[i - missing];
}

/* Of the packed dims. */
static uint64_t dims_size(const struct crema_blob_out *blob)
{
    uint64_t size = 0;

    for (int i = 0; i < blob->ndims; i++)
        size += crema_wire_size((uint64_t)blob->dims[i]);
    return size;
}

/* Of the message BlobShape. */
static uint64_t shape_size(const struct crema_blob_out *blob)
{
    uint64_t dims = dims_size(blob);

    return dims ? crema_wire_head_size(SHAPE_DIM, dims) + dims : 0;
}

/* Of the message BlobProto. */
static uint64_t blob_size(const struct crema_blob_out *blob)
{
    uint64_t data = (uint64_t)crema_blob__count(blob) * sizeof(float), size = 0;
    uint64_t shape = shape_size(blob);

    if (blob->copy) return blob->length;
    if (data) size += crema_wire_head_size(BLOB_DATA, data) + data;
    if (!blob->legacy)
        return size + crema_wire_head_size(BLOB_SHAPE, shape) + shape;
    for (int i = 0; i < 4; i++)
        size += 1 + crema_wire_size(legacy_dim(blob, i));
    return size;
}

/* With its head. */
static uint64_t field_size(uint32_t number, uint64_t message)
{
    return crema_wire_head_size(number, message) + message;
}

static enum crema_status put_shape(const struct crema_sink *sink,
                                   const struct crema_blob_out *blob)
{
    uint64_t dims = dims_size(blob);

    if (blob->legacy) {
        for (int i = 0; i < 4; i++) {
            CREMA_TRY(crema_wire_put_tag(sink, (uint32_t)(BLOB_NUM + i),
                                         CREMA_WIRE_VARINT));
            CREMA_TRY(crema_wire_put(sink, legacy_dim(blob, i)));
        }
        return CREMA_OK;
    }
    CREMA_TRY(crema_wire_put_head(sink, BLOB_SHAPE, shape_size(blob)));
    if (dims) CREMA_TRY(crema_wire_put_head(sink, SHAPE_DIM, dims));
    for (int i = 0; i < blob->ndims; i++)
        CREMA_TRY(crema_wire_put(sink, (uint64_t)blob->dims[i]));
    return CREMA_OK;
}

static enum crema_status put_data(struct crema_ctx *ctx,
                                  const struct crema_sink *sink,
                                  const struct crema_blob_out *blob)
{
    int64_t count = crema_blob__count(blob);
    enum crema_status status = CREMA_OK;
    float *strip;

    if (count == 0) return CREMA_OK;
    CREMA_TRY(
        crema_wire_put_head(sink, BLOB_DATA, (uint64_t)count * sizeof(float)));
    if (blob->data)
        return crema_sink_write(sink, blob->data,
                                (size_t)count * sizeof(float));
    strip = malloc(CREMA_BLOB_STRIP * sizeof *strip);
    if (!strip) return crema_no_memory(ctx, "writing weights");
    for (int64_t at = 0, n; at < count && status == CREMA_OK; at += n) {
        n = count - at < CREMA_BLOB_STRIP ? count - at : CREMA_BLOB_STRIP;
        status = blob->fill(blob->user, at, n, strip);
        if (status == CREMA_OK)
            status = crema_sink_write(sink, strip, (size_t)n * sizeof *strip);
    }
    free(strip);
    return status;
}

/* As Caffe has it: the fields by number. */
static enum crema_status put_blob(struct crema_ctx *ctx,
                                  const struct crema_sink *sink,
                                  const struct crema_blob_out *blob)
{
    if (blob->copy) return blob->copy(blob->user, sink);
    if (blob->legacy) CREMA_TRY(put_shape(sink, blob));
    CREMA_TRY(put_data(ctx, sink, blob));
    return blob->legacy ? CREMA_OK : put_shape(sink, blob);
}

static enum crema_status put_blobs(struct crema_ctx *ctx,
                                   const struct crema_sink *sink,
                                   uint32_t number, int n,
                                   const struct crema_blob_out *blobs)
{
    for (int i = 0; i < n; i++) {
        CREMA_TRY(crema_wire_put_head(sink, number, blob_size(&blobs[i])));
        CREMA_TRY(put_blob(ctx, sink, &blobs[i]));
    }
    return CREMA_OK;
}

/* Sums of sizes stay far below 2^64: each is at most 2^62. */
static uint64_t blobs_size(uint32_t number, int n,
                           const struct crema_blob_out *blobs)
{
    uint64_t size = 0;

    for (int i = 0; i < n && size < INT64_MAX / 8; i++)
        size += field_size(number, blob_size(&blobs[i]));
    return size;
}

static enum crema_status check_size(struct crema_ctx *ctx, uint64_t size)
{
    if (size <= INT_MAX) return CREMA_OK;
    return crema_fail(ctx, CREMA_EUNSUPPORTED,
                      "this takes %llu bytes, but no program reads more than "
                      "%d (2 GiB) from one protobuf file",
                      (unsigned long long)size, INT_MAX);
}

/* A layer's own message without blobs; packed size and bytes. */
static Crema__LayerParameter without_blobs(const struct crema_layer_out *layer)
{
    Crema__LayerParameter param = *layer->param;

    param.n_blobs = 0;
    param.blobs = NULL;
    return param;
}

static uint64_t layer_size(const struct crema_layer_out *layer)
{
    Crema__LayerParameter param = without_blobs(layer);

    return protobuf_c_message_get_packed_size(&param.base) +
           blobs_size(LAYER_BLOBS, layer->nblobs, layer->blobs);
}

/* Packs a small message. */
static enum crema_status put_message(struct crema_ctx *ctx,
                                     const struct crema_sink *sink,
                                     const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = malloc(size ? size : 1);
    enum crema_status status;

    if (!bytes) return crema_no_memory(ctx, "writing a message");
    protobuf_c_message_pack(message, bytes);
    status = crema_sink_write(sink, bytes, size);
    free(bytes);
    return status;
}

static enum crema_status put_layer(struct crema_ctx *ctx,
                                   const struct crema_sink *sink,
                                   const struct crema_layer_out *layer)
{
    Crema__LayerParameter param = without_blobs(layer);

    CREMA_TRY(crema_wire_put_head(sink, NET_LAYER, layer_size(layer)));
    CREMA_TRY(put_message(ctx, sink, &param.base));
    return put_blobs(ctx, sink, LAYER_BLOBS, layer->nblobs, layer->blobs);
}

enum crema_status crema_net_write(struct crema_ctx *ctx,
                                  const struct crema_sink *sink,
                                  const Crema__NetParameter *net, int nlayers,
                                  const struct crema_layer_out *layers)
{
    Crema__NetParameter small = *net;
    uint64_t size;

    small.n_layer = small.n_layers = 0;
    size = protobuf_c_message_get_packed_size(&small.base);
    for (int i = 0; i < nlayers && size < INT64_MAX / 8; i++)
        size += field_size(NET_LAYER, layer_size(&layers[i]));
    CREMA_TRY(check_size(ctx, size));
    CREMA_TRY(put_message(ctx, sink, &small.base));
    for (int i = 0; i < nlayers; i++)
        CREMA_TRY(put_layer(ctx, sink, &layers[i]));
    return CREMA_OK;
}

enum crema_status crema_weights_write(struct crema_ctx *ctx,
                                      const struct crema_sink *sink,
                                      const char *net_name, int nlayers,
                                      const struct crema_layer_out *layers)
{
    Crema__NetParameter net = CREMA__NET_PARAMETER__INIT;
    char *name = strdup(net_name);
    enum crema_status status;

    if (!name) return crema_no_memory(ctx, "writing weights");
    net.name = name;
    status = crema_net_write(ctx, sink, &net, nlayers, layers);
    free(name);
    return status;
}

/* Without its histories. */
static Crema__SolverState small_state(const Crema__SolverState *state)
{
    Crema__SolverState small = *state;

    small.n_history = 0;
    small.history = NULL;
    return small;
}

enum crema_status crema_blob__pack_state(const Crema__SolverState *state,
                                         struct crema_bytes *out)
{
    Crema__SolverState small = small_state(state);
    struct crema_sink sink = crema_sink_bytes(out);

    return put_message(out->ctx, &sink, &small.base);
}

enum crema_status crema_state_write(struct crema_ctx *ctx,
                                    const struct crema_sink *sink,
                                    const Crema__SolverState *state, int nblobs,
                                    const struct crema_blob_out *history)
{
    Crema__SolverState small = small_state(state);

    CREMA_TRY(check_size(ctx, protobuf_c_message_get_packed_size(&small.base) +
                                  blobs_size(STATE_HISTORY, nblobs, history)));
    CREMA_TRY(put_message(ctx, sink, &small.base));
    return put_blobs(ctx, sink, STATE_HISTORY, nblobs, history);
}

enum crema_status crema_blob_write(struct crema_ctx *ctx,
                                   const struct crema_sink *sink,
                                   const struct crema_blob_out *blob)
{
    CREMA_TRY(check_size(ctx, blob_size(blob)));
    return put_blob(ctx, sink, blob);
}
