/* cpu.h - the device "cpu": oneDNN, and loops of our own.  Floor 1. */
#ifndef CREMA_DEVICE_CPU_CPU_H
#define CREMA_DEVICE_CPU_CPU_H

#include "device/backend.h"

extern const struct crema_backend crema_backend_cpu;
extern const struct crema_device_type crema_device_cpu;

#endif
