/* scramble.h - a device for tests whose every op wants another layout.
 *
 * It computes with ref's kernels, but asks for dense, channels-last or blocked
 * and padded layouts in a fixed disorder, so that a program's passes have to
 * put in reorders everywhere, also around what updates change.  Padding is
 * checked to be zero.
 */
#ifndef TESTS_SUPPORT_SCRAMBLE_H
#define TESTS_SUPPORT_SCRAMBLE_H

#include "base/philox.h"
#include "device/backend.h"

extern const struct crema_device_type scramble_device;

#endif
