/* device.c - opening devices, and their memory. */
#include "device/backend.h"
#include "device/cpu/cpu.h"
#include "device/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 4096 };

static const struct crema_backend *const no_backends[] = { NULL };
static const struct crema_device_type device_ref = {
    .name = "ref",
    .host = true,
    .backends = no_backends,
};

static enum crema_status open_type(struct crema_device *dev,
                                   const struct crema_device_type *type)
{
    dev->type = type;
    snprintf(dev->name, sizeof dev->name, "%s", type->name);
    return type->open ? type->open(dev) : CREMA_OK;
}

/* "cuda", "cuda:1" -> the ordinal; -1 when it is neither. */
static int cuda_ordinal(const char *name)
{
    char *end;
    long n;

    if (strncmp(name, "cuda", 4)) return -1;
    if (name[4] == '\0') return 0;
    n = name[4] == ':' ? strtol(name + 5, &end, 10) : -1;
    return n >= 0 && n < 1024 && end != name + 5 && *end == '\0' ? (int)n : -1;
}

static enum crema_status open_cuda(struct crema_device *dev, int ordinal)
{
    const struct crema_device_type *type;

    CREMA_TRY(crema_module_open(dev->ctx, ordinal, &type, &dev->module));
    dev->ordinal = ordinal;
    return open_type(dev, type);
}

static enum crema_status open_named(struct crema_device *dev, const char *name)
{
    if (!strcmp(name, "ref")) return open_type(dev, &device_ref);
    if (!strcmp(name, "cpu")) return open_type(dev, &crema_device_cpu);
    if (!strcmp(name, "auto")) {
        if (open_cuda(dev, 0) == CREMA_OK) return CREMA_OK;
        dev->ctx->message[0] = '\0';
        return open_type(dev, &crema_device_cpu);
    }
    if (cuda_ordinal(name) >= 0) return open_cuda(dev, cuda_ordinal(name));
    return crema_fail(dev->ctx, CREMA_EINVAL,
                      "unknown device \"%s\"; known are auto, cpu, cuda, "
                      "cuda:N and ref",
                      name);
}

enum crema_status crema_device_open(struct crema_ctx *ctx, const char *name,
                                    int threads, struct crema_device **out)
{
    struct crema_device *dev = calloc(1, sizeof *dev);
    enum crema_status status;

    if (!dev) return crema_no_memory(ctx, "a device");
    dev->ctx = ctx;
    dev->threads = threads;
    dev->measures = true;
    status = open_named(dev, name);
    if (status != CREMA_OK) {
        free(dev);
        return status;
    }
    *out = dev;
    return CREMA_OK;
}

void crema_device_be_deterministic(struct crema_device *dev)
{
    dev->deterministic = true;
    dev->measures = false;
}

enum crema_status crema_device_arrange(struct crema_device *dev,
                                       const char *how)
{
    static const struct {
        const char *name;
        enum crema_arrangement forced;
    } known[] = {
        { "auto", CREMA_RULE },
        { "rule", CREMA_RULE },
        { "blocked", CREMA_BLOCKED },
        { "last", CREMA_LAST },
        { "packed", CREMA_PACKED },
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(how, known[i].name) != 0) continue;
        dev->measures = i == 0 && !dev->deterministic;
        dev->forced = known[i].forced;
        return CREMA_OK;
    }
    return crema_fail(dev->ctx, CREMA_EINVAL,
                      "unknown layout \"%s\"; known are auto, rule, blocked, "
                      "last and packed",
                      how);
}

void crema_device_use_winograd(struct crema_device *dev)
{
    dev->winograd = true;
}

enum crema_status crema_device_decode(struct crema_device *dev, const char *how)
{
    static const char *const known[] = { "cpu", "auto", "gpu" };
    int i = 0;

    while (i < 3 && strcmp(how, known[i]) != 0) i++;
    if (i == 3)
        return crema_fail(dev->ctx, CREMA_EINVAL,
                          "unknown decoder \"%s\"; known are auto, cpu and gpu",
                          how);
    dev->decode = (enum crema_decode)i;
    if (dev->decode != CREMA_DECODE_GPU) return CREMA_OK;
    if (!dev->type->decoder)
        return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                          "JPEG pictures can be decoded by a GPU where one "
                          "computes; here %s does",
                          dev->name);
    CREMA_TRY(dev->type->decoder(dev, &dev->decoder));
    return CREMA_OK;
}

bool crema_device_must_decode(const struct crema_device *dev)
{
    return dev->decode == CREMA_DECODE_GPU;
}

const char *crema_device_decoder(struct crema_device *dev, bool train)
{
    bool asked = dev->decode == CREMA_DECODE_GPU ||
                 (dev->decode == CREMA_DECODE_AUTO && train &&
                  !dev->deterministic);

    if (!asked || !dev->type->decoder) return NULL;
    if (dev->decoder_known) return dev->decoder;
    dev->decoder_known = true;
    if (dev->type->decoder(dev, &dev->decoder) == CREMA_OK) {
        crema_log(dev->ctx, CREMA_INFO, "JPEG records: decoded by %s",
                  dev->decoder);
        return dev->decoder;
    }
    dev->decoder = NULL;
    crema_log(dev->ctx, CREMA_INFO, "JPEG records: decoded by the processor: %s",
              dev->ctx->message);
    return NULL;
}

void crema_device_limit_workspace(struct crema_device *dev, size_t bytes)
{
    dev->workspace = bytes;
}

const char *crema_device_lacks(const struct crema_device *dev,
                               enum crema_type type)
{
    if (type == CREMA_F32) return NULL;
    return dev->type->lacks ? dev->type->lacks(dev, type)
                            : "it computes in 32 bits";
}

enum crema_status crema_device_set_math(struct crema_device *dev,
                                        const char *math)
{
    static const struct {
        const char *name;
        enum crema_type storage;
        bool tf32;
    } known[] = { { "fp32", CREMA_F32, false },
                  { "tf32", CREMA_F32, true },
                  { "bf16", CREMA_BF16, false },
                  { "fp16", CREMA_F16, false } };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *lacks = crema_device_lacks(dev, known[i].storage);

        if (strcmp(math, known[i].name) != 0) continue;
        if (known[i].tf32)
            lacks = dev->type->lacks_tf32 ? dev->type->lacks_tf32(dev)
                                          : "only GPUs have it";
        if (lacks)
            return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                              "%s cannot compute in %s: %s", dev->name, math,
                              lacks);
        dev->storage = known[i].storage;
        dev->tf32 = known[i].tf32;
        return CREMA_OK;
    }
    return crema_fail(dev->ctx, CREMA_EINVAL,
                      "unknown precision \"%s\"; known are fp32, tf32, bf16 "
                      "and fp16",
                      math);
}

void crema_device_free(struct crema_device *dev)
{
    if (!dev) return;
    if (dev->type->close) dev->type->close(dev);
    crema_module_close(dev->module);
    free(dev);
}

const char *crema_device_kind(const struct crema_device *dev)
{
    return dev->type->name;
}

const char *crema_device_name(const struct crema_device *dev)
{
    return dev->name;
}

/* ---- memory ----------------------------------------------------------- */

/* From calloc, which leaves memory fresh from the system for its first writer
 * to touch.  Where calloc's block begins is kept in front of the address. */
static void *host_alloc(size_t bytes)
{
    size_t whole = bytes + sizeof(void *) + ALIGN;
    char *block = whole > bytes ? calloc(1, whole) : NULL, *memory;

    if (!block) return NULL;
    memory = block + sizeof(void *);
    memory += (ALIGN - (uintptr_t)memory % ALIGN) % ALIGN;
    ((void **)memory)[-1] = block;
    return memory;
}

static void host_free(void *memory)
{
    free(((void **)memory)[-1]);
}

enum crema_status crema_device_alloc(struct crema_device *dev, size_t bytes,
                                     void **out)
{
    if (dev->type->alloc) return dev->type->alloc(dev, bytes, out);
    *out = host_alloc(bytes);
    if (*out) return CREMA_OK;
    return crema_fail(dev->ctx, CREMA_ENOMEM, "out of memory: %.1f MB wanted",
                      (double)bytes / 1e6);
}

void crema_device_release(struct crema_device *dev, void *memory)
{
    if (!memory) return;
    if (dev->type->free)
        dev->type->free(dev, memory);
    else
        host_free(memory);
}

enum crema_status crema_device_upload(struct crema_device *dev, void *to,
                                      const void *from_host, size_t bytes)
{
    if (bytes == 0) return CREMA_OK;
    if (dev->type->upload) return dev->type->upload(dev, to, from_host, bytes);
    memcpy(to, from_host, bytes);
    return CREMA_OK;
}

enum crema_status crema_device_download(struct crema_device *dev, void *to_host,
                                        const void *from, size_t bytes)
{
    if (bytes == 0) return CREMA_OK;
    if (dev->type->download)
        return dev->type->download(dev, to_host, from, bytes);
    memcpy(to_host, from, bytes);
    return CREMA_OK;
}

enum crema_status crema_device_finish(struct crema_device *dev)
{
    return dev->type->finish ? dev->type->finish(dev) : CREMA_OK;
}
