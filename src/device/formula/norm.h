/* norm.h - batch normalization of one element, for gcc and nvcc alike.
 *
 * A channel's numbers: mean; a = scale / sqrt(var + eps), b its bias.  `floor`
 * is 0 where a ReLU belongs to it, else minus infinity.
 */
#ifndef CREMA_DEVICE_FORMULA_NORM_H
#define CREMA_DEVICE_FORMULA_NORM_H

#include "base/formula.h"

CREMA_FORMULA float crema_norm_value(float x, float mean, float a, float b)
{
    return (x - mean) * a + b;
}

/* NaN stays what it is. */
CREMA_FORMULA float crema_norm_above(float y, float floor)
{
    return y < floor ? floor : y;
}

/* What of dy comes back through the ReLU behind y. */
CREMA_FORMULA float crema_norm_passed(float dy, float y, float floor)
{
    return y > floor ? dy : 0.0f;
}

/* dX = e (dy + d + k (x - mean)), where dy has passed the ReLU */
CREMA_FORMULA float crema_norm_back(float x, float mean, float dy, float k,
                                    float d, float e)
{
    return ((x - mean) * k + (dy + d)) * e;
}

#endif
