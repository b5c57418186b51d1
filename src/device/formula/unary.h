/* unary.h - the unary formulas, for gcc and nvcc alike.
 *
 * A formula is two functions of one element: its value f(x) and its derivative
 * dy/dx, given x or y (list.h says which; the other is 0).  p: its numbers.
 */
#ifndef CREMA_DEVICE_FORMULA_UNARY_H
#define CREMA_DEVICE_FORMULA_UNARY_H

#include "base/formula.h"

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

/* y = |x|; the derivative at 0 is 0 */
CREMA_FORMULA float crema_abs_value(const float *p, float x)
{
    (void)p;
    return fabsf(x);
}

CREMA_FORMULA float crema_abs_slope(const float *p, float x, float y)
{
    (void)p, (void)y;
    return x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f;
}

/* y = log(1 + e^x), by what does not overflow */
CREMA_FORMULA float crema_bnll_value(const float *p, float x)
{
    (void)p;
    return x > 0 ? x + log1pf(expf(-x)) : log1pf(expf(x));
}

CREMA_FORMULA float crema_bnll_slope(const float *p, float x, float y)
{
    (void)y;
    return crema_sigmoid_value(p, x);
}

/* y = min(max(x, p0), p1); at both ends the derivative is 1 */
CREMA_FORMULA float crema_clip_value(const float *p, float x)
{
    return x < p[0] ? p[0] : x > p[1] ? p[1] : x;
}

CREMA_FORMULA float crema_clip_slope(const float *p, float x, float y)
{
    (void)y;
    return x >= p[0] && x <= p[1] ? 1.0f : 0.0f;
}

/* y = x > 0 ? x : p0 (e^x - 1) */
CREMA_FORMULA float crema_elu_value(const float *p, float x)
{
    return x > 0 ? x : p[0] * expm1f(x);
}

CREMA_FORMULA float crema_elu_slope(const float *p, float x, float y)
{
    (void)y;
    return x > 0 ? 1.0f : p[0] * expf(x);
}

/* y = p1 e^(p0 x) */
CREMA_FORMULA float crema_exp_value(const float *p, float x)
{
    return p[1] * expf(p[0] * x);
}

CREMA_FORMULA float crema_exp_slope(const float *p, float x, float y)
{
    (void)x;
    return p[0] * y;
}

/* y = p0 log(p1 x + p2) */
CREMA_FORMULA float crema_log_value(const float *p, float x)
{
    return p[0] * logf(p[1] * x + p[2]);
}

CREMA_FORMULA float crema_log_slope(const float *p, float x, float y)
{
    (void)y;
    return p[0] * p[1] / (p[1] * x + p[2]);
}

/* y = x / (1 + e^(-p0 x)) */
CREMA_FORMULA float crema_swish_value(const float *p, float x)
{
    return x * crema_sigmoid_value(p, p[0] * x);
}

CREMA_FORMULA float crema_swish_slope(const float *p, float x, float y)
{
    float s = crema_sigmoid_value(p, p[0] * x);

    (void)y;
    return s + p[0] * x * s * (1.0f - s);
}

/* y = x > p0; it has no derivative */
CREMA_FORMULA float crema_threshold_value(const float *p, float x)
{
    return x > p[0] ? 1.0f : 0.0f;
}

CREMA_FORMULA float crema_threshold_slope(const float *p, float x, float y)
{
    (void)p, (void)x, (void)y;
    return 0.0f;
}

/* y = (p1 x + p2)^p0; the derivative at 0 is NaN where p2 is 0 and p0 neither
 * 1 nor 2, as in Caffe */
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
    if (p[2] == 0.0f) return p[0] * powf(base, p[0]) / x;
    return scale * powf(base, p[0] - 1.0f);
}

#endif
