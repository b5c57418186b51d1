/* nvjpeg_stand_in.c - a library with nvJPEG's entry points, whose "device
 * memory" is the host's and whose pixels are libjpeg-turbo's.
 *
 * $NVJPEG_STAND_IN: "asleep" - does not start; "rgb" - has the colours the
 * wrong way round.  A picture that is 97 pixels wide is refused, and as with
 * nvJPEG that fails its batch, which must then be begun anew.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

enum { INVALID_PARAMETER = 2, BAD_JPEG = 3, NOT_SUPPORTED = 4, NO_DEVICE = 7 };
enum { GPU_HYBRID = 2, BGRI = 6, REFUSED_WIDTH = 97 };

struct image {
    unsigned char *channel[4];
    size_t pitch[4];
};

struct state {
    int n; /* pictures of a batch that may come; 0: none */
};

int nvjpegGetProperty(int which, int *value);
int nvjpegCreateEx(int backend, void *device, void *pinned, unsigned flags,
                   void **handle);
int nvjpegDestroy(void *handle);
int nvjpegJpegStateCreate(void *handle, void **state);
int nvjpegJpegStateDestroy(void *state);
int nvjpegDecodeBatchedInitialize(void *handle, void *state, int n, int threads,
                                  int format);
int nvjpegDecodeBatched(void *handle, void *state,
                        const unsigned char *const *data, const size_t *lengths,
                        struct image *images, void *stream);

static int asked(const char *what)
{
    const char *mode = getenv("NVJPEG_STAND_IN");

    return mode && !strcmp(mode, what);
}

int nvjpegGetProperty(int which, int *value)
{
    *value = which == 0 ? 13 : 99;
    return 0;
}

int nvjpegCreateEx(int backend, void *device, void *pinned, unsigned flags,
                   void **handle)
{
    if (device || pinned || flags) return INVALID_PARAMETER;
    if (backend != GPU_HYBRID || asked("asleep")) return NO_DEVICE;
    *handle = malloc(1);
    return 0;
}

int nvjpegDestroy(void *handle)
{
    free(handle);
    return 0;
}

int nvjpegJpegStateCreate(void *handle, void **state)
{
    (void)handle;
    *state = calloc(1, sizeof(struct state));
    return 0;
}

int nvjpegJpegStateDestroy(void *state)
{
    free(state);
    return 0;
}

int nvjpegDecodeBatchedInitialize(void *handle, void *state, int n, int threads,
                                  int format)
{
    struct state *s = state;

    (void)handle;
    s->n = n;
    return n > 0 && threads == 1 && format == BGRI ? 0 : INVALID_PARAMETER;
}

static int decode(const unsigned char *data, size_t length,
                  const struct image *to)
{
    tjhandle jpeg = tjInitDecompress();
    int width = 0, height = 0, sampling, space, status = 0;

    if (tjDecompressHeader3(jpeg, data, (unsigned long)length, &width, &height,
                            &sampling, &space) != 0)
        status = BAD_JPEG;
    else if (width == REFUSED_WIDTH || space != TJCS_YCbCr)
        status = NOT_SUPPORTED;
    else if (tjDecompress2(jpeg, data, (unsigned long)length, to->channel[0],
                           width, (int)to->pitch[0], height,
                           asked("rgb") ? TJPF_RGB : TJPF_BGR, 0) != 0)
        status = BAD_JPEG;
    tjDestroy(jpeg);
    return status;
}

int nvjpegDecodeBatched(void *handle, void *state,
                        const unsigned char *const *data, const size_t *lengths,
                        struct image *images, void *stream)
{
    struct state *s = state;
    int n = s->n;

    (void)handle;
    (void)stream;
    if (n == 0) return INVALID_PARAMETER;
    for (int i = 0; i < n; i++) {
        int status = decode(data[i], lengths[i], &images[i]);

        if (!status) continue;
        s->n = 0;
        return status;
    }
    return 0;
}
