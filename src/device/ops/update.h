/* update.h - the numbers of one update in one step, for gcc and nvcc alike. */
#ifndef CREMA_DEVICE_OPS_UPDATE_H
#define CREMA_DEVICE_OPS_UPDATE_H

#include "device/formula/update.h"
#include "device/learn.h"
#include "device/program.h"

/* clip, local: what gradients and the rate are multiplied with, too. */
CREMA_FORMULA struct crema_step crema_step_of(const struct crema_update *u,
                                              const struct crema_rates *now,
                                              float clip, float local)
{
    float mult = u->lr_mult * local, decay = u->decay * now->decay;
    struct crema_step s;

    s.rate = mult * now->rate;
    s.scale = u->scale * clip;
    s.momentum = u->momentum * now->momentum;
    s.momentum2 = u->momentum2;
    s.delta = u->delta;
    s.rms_decay = u->rms_decay;
    s.decay = u->decouples ? 0.0f : decay;
    s.keep = u->decouples ? 1.0f - mult * now->plain * decay : 1.0f;
    return s;
}

#endif
