/* unary.h - the unary formulas, for gcc and nvcc alike.
 *
 * A formula is two functions of one element: its value f(x) and its derivative
 * dy/dx, given x or y (list.h says which; the other is 0).  p: its numbers.
 */
#ifndef CREMA_DEVICE_FORMULA_UNARY_H
#define CREMA_DEVICE_FORMULA_UNARY_H

#include "base/philox.h"

#include <math.h>

/* y = max(x, 0) + p0 min(x, 0), p0 >= 0; the sign of x can be told from y */
CREMA_FORMULA float crema_relu_value(const float *p, float x)
{
    return x > 0 ? x : p[0] * x;
}

CREMA_FORMULA float crema_relu_slope(const float *p, float x, float y)
{
    (void)x;
    return y > 0 ? 1.0f : p[0];
}

/* the same for p0 < 0 */
CREMA_FORMULA float crema_leaky_relu_value(const float *p, float x)
{
    return x > 0 ? x : p[0] * x;
}

CREMA_FORMULA float crema_leaky_relu_slope(const float *p, float x, float y)
{
    (void)y;
    return x > 0 ? 1.0f : p[0];
}

/* y = 1 / (1 + e^-x), by tanh, which does not overflow */
CREMA_FORMULA float crema_sigmoid_value(const float *p, float x)
{
    (void)p;
    return 0.5f * tanhf(0.5f * x) + 0.5f;
}

CREMA_FORMULA float crema_sigmoid_slope(const float *p, float x, float y)
{
    (void)p, (void)x;
    return y * (1.0f - y);
}

CREMA_FORMULA float crema_tanh_value(const float *p, float x)
{
    (void)p;
    return tanhf(x);
}

CREMA_FORMULA float crema_tanh_slope(const float *p, float x, float y)
{
    (void)p, (void)x;
    return 1.0f - y * y;
}

/* y = (p1 x + p2)^p0 */
CREMA_FORMULA float crema_power_value(const float *p, float x)
{
    return p[0] == 1.0f ? p[1] * x + p[2] : powf(p[1] * x + p[2], p[0]);
}

CREMA_FORMULA float crema_power_slope(const float *p, float x, float y)
{
    float scale = p[0] * p[1], base = p[1] * x + p[2];

    (void)y;
    if (scale == 0.0f) return 0.0f;
    if (p[0] == 1.0f) return scale;
    if (p[0] == 2.0f) return scale * base;
    return scale * powf(base, p[0] - 1.0f);
}

#endif
