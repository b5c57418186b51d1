/* jpeg_trial.h - the picture by which a decoder is tried out. */
#ifndef CREMA_DEVICE_CUDA_JPEG_TRIAL_H
#define CREMA_DEVICE_CUDA_JPEG_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CREMA_JPEG_TRIAL_HEIGHT = 64, CREMA_JPEG_TRIAL_WIDTH = 128 };
extern const uint8_t crema_jpeg_trial[];
extern const size_t crema_jpeg_trial_bytes;

/* pixels[height][width][3], B,G,R: are they as they should be, to what decoders
 * may differ by? */
bool crema_jpeg_trial_holds(const uint8_t *pixels);

#endif
