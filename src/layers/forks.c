/* forks.c - fields and names that only some forks of Caffe have. */
#include "layers/forks.h"

#include <stdio.h>
#include <string.h>

const struct crema_fork_field crema_fork_layer_fields[] = {
    { "forward_math", "NVIDIA", "in which type products are summed" },
    { "backward_math", "NVIDIA", "the same for gradients" },
    { "debug", "NVIDIA", "more lines in the log" },
    { "cudnn_math_override", "NVIDIA", "whether tensor cores are used" },
    { "trt_param", "NVIDIA", "how TensorRT runs the layer" },
    { "engine", "Intel", "which library runs the layer" },
    { "multinode", "Intel", "how several machines share the layer" },
    { "mn_grad_compress_param", "Intel", "gradients sent in 8 bits" },
    { "quantization_param", "Intel, ristretto", "values in 8 bits" },
    { "split_param", "Intel", "which library runs the layer" },
    { "source_class", "CaffeOnSpark", "where Spark's data comes from" },
    { NULL, NULL, NULL },
};

const struct crema_fork_field crema_fork_net_fields[] = {
    { "engine", "Intel", "which library runs the net" },
    { "compile_net_state", "Intel", "which layers are merged" },
    { "multinode", "Intel", "how several machines share the net" },
    { "default_forward_math", "NVIDIA", "in which type products are summed" },
    { "default_backward_math", "NVIDIA", "the same for gradients" },
    { "default_conv_algos_override", "NVIDIA", "cuDNN's algorithms" },
    { "default_cudnn_math_override", "NVIDIA",
      "whether tensor cores are used" },
    { "reduce_buckets", "NVIDIA", "parts in which GPUs add up gradients" },
    { "eltwise_mem_sharing", "NVIDIA", "sums share memory" },
    { "mem_param", "yjxiong", "which blobs share memory" },
    { NULL, NULL, NULL },
};

const struct crema_fork_type crema_fork_types[] = {
    { "MKLBatchNorm", "Intel", "BatchNorm" },
    { "SyncBN", "yjxiong", "BN" },
    { NULL, NULL, NULL },
};

/* ---- fields that are set --------------------------------------------------
 */

/* Is `name` one of the words?  words: divided by a space, or NULL. */
static bool listed(const char *words, const char *name)
{
    size_t n = strlen(name);

    for (const char *w = words; w && (w = strstr(w, name)); w += n)
        if ((w == words || w[-1] == ' ') && (w[n] == ' ' || w[n] == '\0'))
            return true;
    return false;
}

static void add(struct crema_ignored *ignored, const char *message,
                const char *field)
{
    size_t used = strlen(ignored->names);
    char name[128];

    snprintf(name, sizeof name, "%s%s%s", message ? message : "",
             message ? "." : "", field);
    if (listed(ignored->names, name)) return;
    if (used + strlen(name) + 2 > sizeof ignored->names) return;
    snprintf(ignored->names + used, sizeof ignored->names - used, "%s%s",
             used ? " " : "", name);
}

static void add_general(const ProtobufCMessage *message,
                        const struct crema_fork_field *fields,
                        struct crema_ignored *ignored)
{
    for (; fields->name; fields++) {
        const ProtobufCFieldDescriptor *f =
            protobuf_c_message_descriptor_get_field_by_name(message->descriptor,
                                                            fields->name);

        if (f && crema_field_differs(f, message)) add(ignored, NULL, f->name);
    }
}

void crema_net_check_fields(const Crema__NetParameter *net,
                            struct crema_ignored *ignored)
{
    add_general(&net->base, crema_fork_net_fields, ignored);
}

/* ---- a layer's own messages -----------------------------------------------
 */

/* The message of that name, NULL where it is not set. */
static const ProtobufCMessage *find(const Crema__LayerParameter *param,
                                    const char *name)
{
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field_by_name(param->base.descriptor,
                                                        name);

    if (!f || f->type != PROTOBUF_C_TYPE_MESSAGE ||
        f->label == PROTOBUF_C_LABEL_REPEATED)
        return NULL;
    return *(const ProtobufCMessage *const *)((const char *)param + f->offset);
}

static enum crema_status check(const struct crema_layer *l,
                               const struct crema_param_doc *doc,
                               const ProtobufCMessage *message,
                               struct crema_ignored *ignored)
{
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &message->descriptor->fields[i];

        if (!crema_field_differs(f, message)) continue;
        /* which of Caffe's two engines: everybody's nets have it */
        if (listed(doc->ignored, f->name) && strcmp(f->name, "engine") != 0)
            add(ignored, doc->message, f->name);
        if (!listed(doc->refused, f->name)) continue;
        (void)!crema_layer_fail(l, crema_field_place(f, message),
                                "%s, which only some forks of Caffe have, is "
                                "not supported",
                                f->name);
        return l->ctx->status = CREMA_EUNSUPPORTED;
    }
    return CREMA_OK;
}

enum crema_status crema_layer_check_fields(const struct crema_layer *l,
                                           struct crema_ignored *ignored)
{
    const struct crema_layer_doc *doc = l->type->doc;

    add_general(&l->param->base, crema_fork_layer_fields, ignored);
    for (int i = 0; doc && i < CREMA_DOC_PARAMS && doc->params[i]; i++) {
        const ProtobufCMessage *message =
            find(l->param, doc->params[i]->message);

        if (message) CREMA_TRY(check(l, doc->params[i], message, ignored));
    }
    return CREMA_OK;
}
