/* components.c - principal components of a database's colours.
 *
 *   covariance[c][d] = mean of in[c] in[d] - mean[c] mean[d]   over all pixels
 *
 * Its eigenvectors come from Jacobi's rotations: each makes one pair of
 * elements off the diagonal zero, until all are.
 */
#include "record_sums.h"

#include <math.h>
#include <string.h>

typedef double matrix[SUMS_CHANNELS][SUMS_CHANNELS];

static void covariance(const struct record_sums *sums,
                       double mean[SUMS_CHANNELS], matrix out)
{
    size_t channels = (size_t)sums->shape[0], pixels = sums->count / channels;
    double n = (double)pixels * (double)sums->records;

    for (size_t c = 0; c < channels; c++) {
        mean[c] = 0;
        for (size_t i = 0; i < pixels; i++)
            mean[c] += sums->values[c * pixels + i];
        mean[c] /= n;
    }
    for (size_t c = 0; c < channels; c++)
        for (size_t d = c; d < channels; d++)
            out[c][d] = out[d][c] = sums->product[c][d] / n - mean[c] * mean[d];
}

/* a = R' a R and v = v R, R the rotation of p and q that clears a[p][q]. */
static void rotate(matrix a, matrix v, int n, int p, int q)
{
    double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
    double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;

    for (int i = 0; i < n; i++) {
        double x = a[i][p], y = a[i][q];

        a[i][p] = c * x - s * y;
        a[i][q] = s * x + c * y;
    }
    for (int i = 0; i < n; i++) {
        double x = a[p][i], y = a[q][i];

        a[p][i] = c * x - s * y;
        a[q][i] = s * x + c * y;
        x = v[i][p];
        y = v[i][q];
        v[i][p] = c * x - s * y;
        v[i][q] = s * x + c * y;
    }
}

void colour_components(const struct record_sums *sums,
                       double mean[SUMS_CHANNELS], matrix component)
{
    enum { SWEEPS = 60 };
    int n = sums->shape[0];
    matrix a = { { 0 } }, v = { { 0 } };
    bool taken[SUMS_CHANNELS] = { false };

    covariance(sums, mean, a);
    for (int i = 0; i < n; i++) v[i][i] = 1;
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                if (fabs(a[p][q]) > 1e-14 * (fabs(a[p][p]) + fabs(a[q][q])))
                    rotate(a, v, n, p, q);
    for (int i = 0; i < n; i++) {
        int best = -1, most = 0;
        double length;

        for (int k = 0; k < n; k++)
            if (!taken[k] && (best < 0 || a[k][k] > a[best][best])) best = k;
        taken[best] = true;
        for (int c = 0; c < n; c++)
            if (fabs(v[c][best]) > fabs(v[most][best])) most = c;
        length = sqrt(fmax(a[best][best], 0)) * (v[most][best] < 0 ? -1 : 1);
        for (int c = 0; c < n; c++) component[i][c] = v[c][best] * length;
    }
}
