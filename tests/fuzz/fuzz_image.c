/* fuzz_image.c - any bytes as a picture: decoded, turned, resized or refused,
 * never a crash. */
#include "data/image.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crema_ctx *ctx = crema_ctx_new(NULL, NULL);
    struct crema_image image = { 0 }, small = { 0 };
    struct crema_image_size header;

    if (crema_image_header(data, size, &header) &&
        (header.height < 1 || header.width < 1 || header.channels < 1))
        abort();
    for (int mode = CREMA_IMAGE_COLOR; ctx && mode <= CREMA_IMAGE_UNCHANGED;
         mode++) {
        if (crema_image_decode(ctx, "fuzz", data, size,
                               (enum crema_image_mode)mode, &image) != CREMA_OK)
            continue;
        if (crema_image_resize(ctx, &image, 7, 5, &small) != CREMA_OK) break;
    }
    crema_image_free(&image);
    crema_image_free(&small);
    crema_ctx_free(ctx);
    return 0;
}
