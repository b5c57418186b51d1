/* nvjpeg.c - batches of JPEG pictures through NVIDIA's nvJPEG, which is looked
 * for at run time: nobody needs it, and CUDA's own package may lack it.
 *
 * Its prototypes and numbers are written down here.  Where a GPU has a decoder
 * of its own, beside what computes, that is used.
 */
#include "device/cuda/nvjpeg.h"
#include "device/cuda/jpeg_trial.h"

#include "device/module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what nvJPEG calls by these numbers ---------------------------------- */

enum { BACKEND_GPU_HYBRID = 2, BACKEND_HARDWARE = 3 };
enum { OUTPUT_BGRI = 6 }; /* [height][width][3] */
enum { MAJOR_VERSION, MINOR_VERSION };
enum { COMPONENTS = 4 };

struct image {
    unsigned char *channel[COMPONENTS];
    size_t pitch[COMPONENTS];
};

/* All return a status; 0 is success. */
struct functions {
    int (*property)(int which, int *value);
    int (*create)(int backend, void *device_allocator, void *pinned_allocator,
                  unsigned flags, void **handle);
    int (*destroy)(void *handle);
    int (*state_create)(void *handle, void **state);
    int (*state_destroy)(void *state);
    int (*begin)(void *handle, void *state, int n, int threads, int format);
    int (*decode)(void *handle, void *state, const unsigned char *const *data,
                  const size_t *lengths, struct image *, cudaStream_t);
};

static const struct {
    const char *name;
    size_t at; /* in struct functions */
} symbols[] = {
    { "nvjpegGetProperty", offsetof(struct functions, property) },
    { "nvjpegCreateEx", offsetof(struct functions, create) },
    { "nvjpegDestroy", offsetof(struct functions, destroy) },
    { "nvjpegJpegStateCreate", offsetof(struct functions, state_create) },
    { "nvjpegJpegStateDestroy", offsetof(struct functions, state_destroy) },
    { "nvjpegDecodeBatchedInitialize", offsetof(struct functions, begin) },
    { "nvjpegDecodeBatched", offsetof(struct functions, decode) },
};

static const char *word(int status)
{
    static const char *const words[] = {
        "success",          "not initialized",    "invalid parameter",
        "bad JPEG",         "not supported",      "out of memory",
        "execution failed", "the GPU is another", "internal error",
        "not implemented",  "incomplete JPEG",
    };

    return status >= 0 && status < (int)(sizeof words / sizeof *words)
               ? words[status]
               : "unknown error";
}

/* ---- the library --------------------------------------------------------- */

struct crema_nvjpeg {
    struct functions call;
    void *handle;
    char name[64];
};

static enum crema_status find_library(struct crema_ctx *ctx, void **library)
{
    const char *path = getenv("CREMA_NVJPEG");

    if (path && *path) {
        *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!*library)
            return crema_fail(ctx, CREMA_EUNSUPPORTED, "CREMA_NVJPEG: %s",
                              dlerror());
        return CREMA_OK;
    }
    *library = crema_module_library("libnvjpeg.so.13");
    if (!*library) *library = crema_module_library("libnvjpeg.so.12");
    if (*library) return CREMA_OK;
    return crema_fail(ctx, CREMA_EUNSUPPORTED,
                      "libnvjpeg.so.13 was not found; pip install "
                      "nvidia-nvjpeg, or name the file in CREMA_NVJPEG");
}

static enum crema_status find_symbols(struct crema_ctx *ctx, void *library,
                                      struct functions *f)
{
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(library, symbols[i].name);

        if (!symbol)
            return crema_fail(ctx, CREMA_EUNSUPPORTED, "nvJPEG lacks %s",
                              symbols[i].name);
        memcpy((char *)f + symbols[i].at, &symbol, sizeof symbol);
    }
    return CREMA_OK;
}

static enum crema_status create(struct crema_ctx *ctx, struct crema_nvjpeg *j)
{
    bool own = true;
    int major = 0, minor = 0, status;

    status = j->call.create(BACKEND_HARDWARE, NULL, NULL, 0, &j->handle);
    if (status) {
        own = false;
        j->handle = NULL;
        status = j->call.create(BACKEND_GPU_HYBRID, NULL, NULL, 0, &j->handle);
    }
    if (status) {
        j->handle = NULL;
        return crema_fail(ctx, CREMA_EUNSUPPORTED,
                          "nvJPEG does not start: %s (%d)", word(status),
                          status);
    }
    (void)j->call.property(MAJOR_VERSION, &major);
    (void)j->call.property(MINOR_VERSION, &minor);
    snprintf(j->name, sizeof j->name, "nvJPEG %d.%d, the GPU's %s", major,
             minor, own ? "decoder" : "cores");
    return CREMA_OK;
}

const char *crema_nvjpeg_name(const struct crema_nvjpeg *j)
{
    return j->name;
}

void crema_nvjpeg_close(struct crema_nvjpeg *j)
{
    if (j && j->handle) j->call.destroy(j->handle);
    free(j);
}

/* ---- batches ------------------------------------------------------------- */

static const size_t SHARE = (size_t)3 * CREMA_ENCODED_PIXELS;

struct crema_nvjpeg_batch {
    const struct crema_nvjpeg *library;
    void *state;
    uint8_t *room; /* n pictures of at most SHARE bytes */
    int begun;     /* the state is ready for that many pictures; 0: for none */
    bool told;     /* that the processor helps out */
    /* of what is encoded, one behind the other */
    const unsigned char **data;
    size_t *lengths;
    struct image *image;
    int64_t *which;
};

void crema_nvjpeg_batch_close(struct crema_device *dev,
                              struct crema_nvjpeg_batch *b)
{
    if (!b) return;
    if (b->state) b->library->call.state_destroy(b->state);
    if (b->room) crema_device_release(dev, b->room);
    free(b->data);
    free(b->lengths);
    free(b->image);
    free(b->which);
    free(b);
}

static enum crema_status open_batch(struct crema_device *dev,
                                    struct crema_nvjpeg_batch *b, size_t n)
{
    const struct crema_nvjpeg *j = b->library;
    void *room;
    int status;

    b->data = calloc(n, sizeof *b->data);
    b->lengths = calloc(n, sizeof *b->lengths);
    b->image = calloc(n, sizeof *b->image);
    b->which = calloc(n, sizeof *b->which);
    if (!b->data || !b->lengths || !b->image || !b->which)
        return crema_no_memory(dev->ctx, "a batch of pictures");
    CREMA_TRY(crema_device_alloc(dev, n * SHARE, &room));
    b->room = room;
    CREMA_TRY(crema_device_finish(dev)); /* fresh memory is cleared */
    status = j->call.state_create(j->handle, &b->state);
    if (!status) return CREMA_OK;
    b->state = NULL;
    return crema_fail(dev->ctx, CREMA_EDEVICE, "nvJPEG: %s (%d)", word(status),
                      status);
}

enum crema_status crema_nvjpeg_batch_open(struct crema_device *dev,
                                          const struct crema_nvjpeg *library,
                                          int64_t n,
                                          struct crema_nvjpeg_batch **out)
{
    struct crema_nvjpeg_batch *b = calloc(1, sizeof *b);
    enum crema_status status;

    if (!b) return crema_no_memory(dev->ctx, "a batch of pictures");
    b->library = library;
    status = open_batch(dev, b, (size_t)n);
    if (status != CREMA_OK) {
        crema_nvjpeg_batch_close(dev, b);
        return status;
    }
    *out = b;
    return CREMA_OK;
}

/* Pictures [first, first + n) of the list; nvJPEG's status. */
static int decode(struct crema_nvjpeg_batch *b, cudaStream_t s, int first,
                  int n)
{
    const struct crema_nvjpeg *j = b->library;
    int status = 0;

    if (b->begun != n)
        status = j->call.begin(j->handle, b->state, n, 1, OUTPUT_BGRI);
    b->begun = n;
    if (!status)
        status = j->call.decode(j->handle, b->state, b->data + first,
                                b->lengths + first, b->image + first, s);
    if (status) b->begun = 0; /* a failed batch leaves it in disorder */
    return status;
}

/* Some picture is not to nvJPEG's liking: which? */
static enum crema_status decode_singly(struct crema_device *dev,
                                       struct crema_nvjpeg_batch *b,
                                       cudaStream_t s,
                                       const struct crema_cuts *cuts, int n)
{
    for (int k = 0; k < n; k++) {
        int status = decode(b, s, k, 1);

        CREMA_TRY(crema_cuda_wait(dev, s)); /* the state is used again */
        if (!status) continue;
        if (!b->told)
            crema_log(dev->ctx, CREMA_INFO,
                      "a JPEG record is decoded by the processor, and so are "
                      "others like it: nvJPEG says %s (%d)",
                      word(status), status);
        b->told = true;
        CREMA_TRY(cuts->decode(dev->ctx, cuts, b->which[k]));
    }
    return CREMA_OK;
}

/* How many are encoded. */
static int list_encoded(struct crema_nvjpeg_batch *b,
                        const struct crema_cuts *cuts)
{
    int n = 0;

    for (int64_t i = 0; i < cuts->n; i++) {
        const struct crema_encoded *e = &cuts->encoded[i];

        if (!e->length) continue;
        b->data[n] = cuts->bytes + (size_t)i * cuts->stride;
        b->lengths[n] = e->length;
        b->image[n] = (struct image){
            .channel = { b->room + (size_t)n * SHARE },
            .pitch = { (size_t)e->width * 3 },
        };
        b->which[n++] = i;
    }
    return n;
}

enum crema_status
crema_nvjpeg_decode(struct crema_device *dev, struct crema_nvjpeg_batch *b,
                    cudaStream_t s, const struct crema_cuts *cuts,
                    uint8_t *room, struct crema_cut_from from[])
{
    int64_t each = cuts->rows * cuts->row;
    int n = list_encoded(b, cuts);

    if (n > 0 && decode(b, s, 0, n) != 0)
        CREMA_TRY(decode_singly(dev, b, s, cuts, n));
    for (int64_t i = 0; i < cuts->n; i++)
        from[i] = (struct crema_cut_from){ room + i * each, cuts->row };
    for (int k = 0; k < n; k++) {
        int64_t i = b->which[k], pitch = (int64_t)b->image[k].pitch[0];
        const int32_t *place = cuts->places + i * CREMA_PLACE_NUMBERS;

        if (!cuts->encoded[i].length) continue;
        from[i].at = b->image[k].channel[0] + place[CREMA_PLACE_TOP] * pitch +
                     place[CREMA_PLACE_LEFT] * 3;
        from[i].pitch = pitch;
    }
    return CREMA_OK;
}

/* ---- does it decode? ----------------------------------------------------- */

static enum crema_status decode_trial(struct crema_device *dev,
                                      struct crema_nvjpeg_batch *b)
{
    uint8_t pixels[CREMA_JPEG_TRIAL_HEIGHT * CREMA_JPEG_TRIAL_WIDTH * 3];
    cudaStream_t s = crema_cuda_stream(dev);
    int status;

    b->data[0] = crema_jpeg_trial;
    b->lengths[0] = crema_jpeg_trial_bytes;
    b->image[0] =
        (struct image){ .channel = { b->room },
                        .pitch = { (size_t)CREMA_JPEG_TRIAL_WIDTH * 3 } };
    status = decode(b, s, 0, 1);
    CREMA_TRY(crema_cuda_wait(dev, s));
    if (status)
        return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                          "nvJPEG does not decode a first picture: %s (%d)",
                          word(status), status);
    CREMA_TRY(crema_device_download(dev, pixels, b->room, sizeof pixels));
    if (crema_jpeg_trial_holds(pixels)) return CREMA_OK;
    return crema_fail(dev->ctx, CREMA_EUNSUPPORTED,
                      "nvJPEG makes another picture of a known one");
}

static enum crema_status try_out(struct crema_device *dev,
                                 const struct crema_nvjpeg *j)
{
    struct crema_nvjpeg_batch *b;
    enum crema_status status;

    CREMA_TRY(crema_nvjpeg_batch_open(dev, j, 1, &b));
    status = decode_trial(dev, b);
    crema_nvjpeg_batch_close(dev, b);
    return status;
}

enum crema_status crema_nvjpeg_open(struct crema_device *dev,
                                    struct crema_nvjpeg **out)
{
    struct crema_nvjpeg *j = calloc(1, sizeof *j);
    enum crema_status status;
    void *library;

    if (!j) return crema_no_memory(dev->ctx, "nvJPEG");
    status = find_library(dev->ctx, &library);
    if (status == CREMA_OK) status = find_symbols(dev->ctx, library, &j->call);
    if (status == CREMA_OK) status = create(dev->ctx, j);
    if (status == CREMA_OK) status = try_out(dev, j);
    if (status != CREMA_OK) {
        crema_nvjpeg_close(j);
        return status;
    }
    *out = j;
    return CREMA_OK;
}
