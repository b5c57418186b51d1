/* cpu.c - the device "cpu" and who plans what on it. */
#include "device/cpu/cpu.h"

#include "device/cpu/onednn.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is missing runs on ref: losses, accuracy, fill, host, the running
 * statistics of batch norm, and what few nets have or costs little. */
static const struct {
    const struct crema_op_type *type;
    crema_cpu_planner *plan;
} planners[] = {
    { &crema_op_conv, crema_cpu_conv },
    { &crema_op_conv_bwd_data, crema_cpu_conv_bwd_data },
    { &crema_op_conv_bwd_weights, crema_cpu_conv_bwd_weights },
    { &crema_op_inner_product, crema_cpu_ip },
    { &crema_op_inner_product_bwd_data, crema_cpu_ip_bwd_data },
    { &crema_op_inner_product_bwd_weights, crema_cpu_ip_bwd_weights },
    { &crema_op_pool, crema_cpu_pool },
    { &crema_op_pool_bwd, crema_cpu_pool_bwd },
    { &crema_op_pool_draw, crema_cpu_pool_draw },
    { &crema_op_lrn, crema_cpu_lrn },
    { &crema_op_lrn_bwd, crema_cpu_lrn_bwd },
    { &crema_op_softmax, crema_cpu_softmax },
    { &crema_op_softmax_bwd, crema_cpu_softmax_bwd },
    { &crema_op_concat, crema_cpu_concat },
    { &crema_op_slice, crema_cpu_slice },
    { &crema_op_reorder, crema_cpu_reorder },
    { &crema_op_unary, crema_cpu_unary },
    { &crema_op_unary_zero, crema_cpu_unary },
    { &crema_op_unary_bwd, crema_cpu_unary_bwd },
    { &crema_op_sum, crema_cpu_sum },
    { &crema_op_product, crema_cpu_elementwise },
    { &crema_op_product_bwd, crema_cpu_elementwise },
    { &crema_op_maximum, crema_cpu_elementwise },
    { &crema_op_maximum_bwd, crema_cpu_elementwise },
    { &crema_op_dropout, crema_cpu_dropout },
    { &crema_op_update, crema_cpu_update },
    { &crema_op_accumulate, crema_cpu_accumulate },
    { &crema_op_clear, crema_cpu_clear },
    { &crema_op_clip_factor, crema_cpu_clip_factor },
    { &crema_op_batch_norm, crema_cpu_batch_norm },
    { &crema_op_batch_norm_bwd, crema_cpu_batch_norm_bwd },
    { &crema_op_batch_norm_global, crema_cpu_batch_norm_global },
    { &crema_op_batch_norm_global_bwd, crema_cpu_batch_norm_global_bwd },
    { &crema_op_regions, crema_cpu_regions },
    { &crema_op_regions_bwd, crema_cpu_regions_bwd },
    { &crema_op_resize, crema_cpu_resize },
    { &crema_op_resize_bwd, crema_cpu_resize },
    { &crema_op_scale, crema_cpu_scale },
    { &crema_op_scale_bwd_data, crema_cpu_scale_bwd_data },
    { &crema_op_scale_bwd_params, crema_cpu_scale_bwd_params },
};

static enum crema_status plan(struct crema_device *dev, struct crema_op *op,
                              struct crema_port in[], struct crema_port out[])
{
    for (size_t i = 0; i < sizeof planners / sizeof *planners; i++)
        if (planners[i].type == op->type)
            return planners[i].plan(dev, op, in, out);
    return CREMA_EUNSUPPORTED;
}

/* Those whose loops would run through memory once more for it. */
static bool fuses_relu(const struct crema_op *op)
{
    static const struct crema_op_type *const types[] = {
        &crema_op_conv,       &crema_op_inner_product,
        &crema_op_batch_norm, &crema_op_batch_norm_global,
        &crema_op_scale,      &crema_op_sum,
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (op->type == types[i]) return true;
    return false;
}

const struct crema_backend crema_backend_cpu = {
    .name = "onednn",
    .plan = plan,
    .arrangements = crema_cpu_conv_arrangements,
    .fuses_relu = fuses_relu,
    .updates_copy = crema_cpu_updates_copy,
};

/* The processor's name, as Linux tells it. */
static void find_name(char *name, size_t size)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];

    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) || !colon) continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(name, size, "%s", colon + 2);
        break;
    }
    if (f) fclose(f);
}

static void close_cpu(struct crema_device *dev)
{
    struct crema_cpu *cpu = dev->state;

    if (!cpu) return;
    if (cpu->stream) dnnl_stream_destroy(cpu->stream);
    if (cpu->engine) dnnl_engine_destroy(cpu->engine);
    free(cpu->control);
    free(cpu);
    dev->state = NULL;
}

static enum crema_status open_cpu(struct crema_device *dev)
{
    struct crema_cpu *cpu = calloc(1, sizeof *cpu);
    dnnl_status_t s;

    if (!cpu) return crema_no_memory(dev->ctx, "a device");
    dev->state = cpu;
    dev->cores = dev->threads > 0 ? dev->threads : omp_get_max_threads();
    cpu->threads = dev->cores;
    cpu->control = calloc((size_t)dev->cores, sizeof *cpu->control);
    if (!cpu->control) {
        close_cpu(dev);
        return crema_no_memory(dev->ctx, "a device");
    }
    s = dnnl_engine_create(&cpu->engine, dnnl_cpu, 0);
    if (s == dnnl_success)
        s = dnnl_stream_create(&cpu->stream, cpu->engine,
                               dnnl_stream_default_flags);
    if (s == dnnl_success) {
        find_name(dev->name, sizeof dev->name);
        return CREMA_OK;
    }
    close_cpu(dev);
    return crema_fail(dev->ctx, CREMA_EDEVICE,
                      "oneDNN does not start: status %d", (int)s);
}

/* With CREMA_CPU_BF16=emulate a processor that has AVX-512 alone will do: for
 * tests, for it is slow.  oneDNN answers in sets of bits. */
static const char *lacks(const struct crema_device *dev, enum crema_type type)
{
    const char *how = getenv("CREMA_CPU_BF16");
    bool emulate = how && !strcmp(how, "emulate");
    unsigned has = (unsigned)dnnl_get_effective_cpu_isa();
    unsigned needed =
        emulate ? dnnl_cpu_isa_avx512_core : dnnl_cpu_isa_avx512_core_bf16;

    (void)dev;
    if (type != CREMA_BF16) return "processors compute in fp32 or bf16";
    if ((has & needed) == needed) return NULL;
    return "the processor lacks avx512_bf16";
}

static const struct crema_backend *const backends[] = {
    &crema_backend_cpu,
    NULL,
};

const struct crema_device_type crema_device_cpu = {
    .name = "cpu",
    .host = true,
    .backends = backends,
    .open = open_cpu,
    .close = close_cpu,
    .begin = crema_cpu_begin,
    .end = crema_cpu_end,
    .lacks = lacks,
};
