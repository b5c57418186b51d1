/* primitive.c - from a description to a prepared call of oneDNN. */
#include "device/cpu/onednn.h"

#include <stdlib.h>
#include <string.h>

const struct crema_dn_arg crema_dn_forward_args[] = {
    { 0, DNNL_ARG_SRC, dnnl_query_src_md, 0 },
    { 1, DNNL_ARG_WEIGHTS, dnnl_query_weights_md, 0 },
    { 2, DNNL_ARG_BIAS, dnnl_query_weights_md, 1 },
    { CREMA_DN_OUT, DNNL_ARG_DST, dnnl_query_dst_md, 0 },
    { 0 },
};

const struct crema_dn_arg crema_dn_bwd_data_args[] = {
    { 0, DNNL_ARG_WEIGHTS, dnnl_query_weights_md, 0 },
    { 1, DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0 },
    { CREMA_DN_OUT, DNNL_ARG_DIFF_SRC, dnnl_query_diff_src_md, 0 },
    { 0 },
};

const struct crema_dn_arg crema_dn_bwd_weights_args[] = {
    { 0, DNNL_ARG_SRC, dnnl_query_src_md, 0 },
    { 1, DNNL_ARG_DIFF_DST, dnnl_query_diff_dst_md, 0 },
    { CREMA_DN_OUT, DNNL_ARG_DIFF_WEIGHTS, dnnl_query_diff_weights_md, 0 },
    { CREMA_DN_OUT + 1, DNNL_ARG_DIFF_BIAS, dnnl_query_diff_weights_md, 1 },
    { 0 },
};

enum { MAX_ARGS = 8 };

struct primitive {
    struct crema_call base;
    dnnl_primitive_t primitive;
    dnnl_stream_t stream;
    int nargs;
    dnnl_exec_arg_t arg[MAX_ARGS];
    int slot[MAX_ARGS];
};

enum crema_status crema_dn_failed(struct crema_device *dev,
                                  const struct crema_op *op, dnnl_status_t s,
                                  const char *what)
{
    const char *layer = op->layer ? op->layer : "";

    switch (s) {
    case dnnl_unimplemented:
    case dnnl_invalid_arguments:
        return CREMA_EUNSUPPORTED;
    case dnnl_out_of_memory:
        return crema_no_memory(dev->ctx, op->type->name);
    default:
        return crema_fail(dev->ctx, CREMA_EDEVICE,
                          "layer \"%s\": %s: oneDNN's %.60s gave status %d",
                          layer, op->type->name, what, (int)s);
    }
}

static enum crema_status broken(struct crema_call *call,
                                const struct crema_op *op, dnnl_status_t s)
{
    return crema_fail(call->dev->ctx, CREMA_EDEVICE,
                      "layer \"%s\": %s: oneDNN's %s gave status %d",
                      op->layer ? op->layer : "", op->type->name, call->info,
                      (int)s);
}

static enum crema_status run(struct crema_call *call, struct crema_op *op)
{
    struct primitive *p = (struct primitive *)call;
    dnnl_status_t s =
        dnnl_primitive_execute(p->primitive, p->stream, p->nargs, p->arg);

    return s == dnnl_success ? CREMA_OK : broken(call, op, s);
}

static enum crema_status bind(struct crema_call *call, struct crema_op *op,
                              void *scratch)
{
    struct primitive *p = (struct primitive *)call;

    for (int i = 0; i < p->nargs; i++) {
        int slot = p->slot[i];
        void *data = slot == CREMA_DN_SCRATCH ? scratch
                     : slot >= CREMA_DN_OUT ? op->out[slot - CREMA_DN_OUT]->data
                                            : op->in[slot]->data;
        dnnl_status_t s = dnnl_memory_set_data_handle(p->arg[i].memory, data);

        if (s != dnnl_success) return broken(call, op, s);
    }
    return CREMA_OK;
}

static void free_primitive(struct crema_call *call)
{
    struct primitive *p = (struct primitive *)call;

    for (int i = 0; i < p->nargs; i++) dnnl_memory_destroy(p->arg[i].memory);
    if (p->primitive) dnnl_primitive_destroy(p->primitive);
    free(p);
}

static dnnl_status_t add_arg(struct crema_cpu *cpu, struct primitive *p,
                             int slot, int id, crema_dn_md m)
{
    dnnl_exec_arg_t *arg = &p->arg[p->nargs];
    dnnl_status_t s =
        dnnl_memory_create(&arg->memory, m, cpu->engine, DNNL_MEMORY_NONE);

    if (s != dnnl_success) return s;
    arg->arg = id;
    p->slot[p->nargs++] = slot;
    return s;
}

/* Arguments of absent tensors, and workspaces of no size, are left out. */
static enum crema_status add_args(struct crema_device *dev, struct crema_op *op,
                                  struct primitive *p, dnnl_primitive_desc_t pd,
                                  const struct crema_dn_arg *args,
                                  struct crema_port in[],
                                  struct crema_port out[])
{
    for (; args->id; args++) {
        int s = args->slot;
        bool is_out = s >= CREMA_DN_OUT;
        crema_dn_md m =
            dnnl_primitive_desc_query_md(pd, args->query, args->index);
        struct crema_layout *want =
            is_out ? &out[s - CREMA_DN_OUT].want : &in[s].want;
        size_t bytes = dnnl_memory_desc_get_size(m);

        if (!(is_out ? op->out[s - CREMA_DN_OUT] : op->in[s])) continue;
        if (args->query == dnnl_query_workspace_md)
            *want = crema_layout_bytes(bytes);
        else if (!crema_dn_layout(m, want))
            return CREMA_EUNSUPPORTED;
        if (bytes) CREMA_DN_TRY(add_arg(dev->state, p, s, args->id, m));
    }
    return CREMA_OK;
}

static enum crema_status fill_in(struct crema_device *dev, struct crema_op *op,
                                 struct primitive *p, dnnl_primitive_desc_t pd,
                                 const struct crema_dn_arg *args,
                                 struct crema_port in[],
                                 struct crema_port out[])
{
    crema_dn_md scratch =
        dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    const_dnnl_primitive_desc_t own;

    CREMA_TRY(add_args(dev, op, p, pd, args, in, out));
    p->base.scratch_bytes = dnnl_memory_desc_get_size(scratch);
    if (p->base.scratch_bytes)
        CREMA_DN_TRY(add_arg(dev->state, p, CREMA_DN_SCRATCH,
                             DNNL_ARG_SCRATCHPAD, scratch));
    CREMA_DN_TRY(dnnl_primitive_create(&p->primitive, pd));
    CREMA_DN_TRY(dnnl_primitive_get_primitive_desc(p->primitive, &own));
    CREMA_DN_TRY(dnnl_primitive_desc_query(own, dnnl_query_impl_info_str, 0,
                                           (void *)&p->base.info));
    return CREMA_OK;
}

static enum crema_status finish(struct crema_device *dev, struct crema_op *op,
                                dnnl_primitive_desc_t pd,
                                const struct crema_dn_arg *args,
                                struct crema_port in[], struct crema_port out[])
{
    struct crema_cpu *cpu = dev->state;
    struct primitive *p = calloc(1, sizeof *p);
    enum crema_status status;

    if (!p) return crema_no_memory(dev->ctx, op->type->name);
    p->base.run = run;
    p->base.bind = bind;
    p->base.free = free_primitive;
    p->base.dev = dev;
    p->stream = cpu->stream;
    status = fill_in(dev, op, p, pd, args, in, out);
    if (status == CREMA_OK)
        op->call = &p->base;
    else
        free_primitive(&p->base);
    return status;
}

static enum crema_dn_kind forward_of(enum crema_dn_kind kind)
{
    switch (kind) {
    case CREMA_DN_CONV_BWD_DATA:
    case CREMA_DN_CONV_BWD_WEIGHTS:
        return CREMA_DN_CONV;
    case CREMA_DN_IP_BWD_DATA:
    case CREMA_DN_IP_BWD_WEIGHTS:
        return CREMA_DN_IP;
    case CREMA_DN_POOL_BWD:
        return CREMA_DN_POOL;
    default:
        return CREMA_DN_SOFTMAX;
    }
}

enum crema_status crema_dn_plan(struct crema_device *dev, struct crema_op *op,
                                enum crema_dn_kind kind,
                                const struct crema_dn *d,
                                const struct crema_dn *forward,
                                const struct crema_dn_arg *args,
                                struct crema_port in[], struct crema_port out[])
{
    struct crema_cpu *cpu = dev->state;
    dnnl_primitive_desc_t pd, hint = NULL;
    enum crema_status status;
    dnnl_status_t s;

    if (forward)
        CREMA_DN_TRY(crema_dn_describe(cpu->engine, forward_of(kind), forward,
                                       NULL, &hint));
    s = crema_dn_describe(cpu->engine, kind, d, hint, &pd);
    if (hint) dnnl_primitive_desc_destroy(hint);
    CREMA_DN_TRY(s);
    status = finish(dev, op, pd, args, in, out);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

enum crema_status crema_dn_plan_reorder(struct crema_device *dev,
                                        struct crema_op *op,
                                        const struct crema_layout *from,
                                        const struct crema_layout *to)
{
    static const struct crema_dn_arg args[] = {
        { 0, DNNL_ARG_FROM, dnnl_query_src_md, 0 },
        { CREMA_DN_OUT, DNNL_ARG_TO, dnnl_query_dst_md, 0 },
        { 0 },
    };
    struct crema_cpu *cpu = dev->state;
    struct crema_port in, out;
    dnnl_primitive_desc_t pd;
    enum crema_status status;

    CREMA_DN_TRY(crema_dn_describe_reorder(cpu->engine, from, to, &pd));
    status = finish(dev, op, pd, args, &in, &out);
    dnnl_primitive_desc_destroy(pd);
    return status;
}

void crema_dn_drop(struct crema_op *op)
{
    op->call->free(op->call);
    op->call = NULL;
}

bool crema_dn_is_slow(const struct crema_op *op)
{
    return strncmp(op->call->info, "ref", 3) == 0;
}
