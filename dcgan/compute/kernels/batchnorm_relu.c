/* What lies between the matrix products of a training step, in as few passes over memory as it needs.
 *
 * A map of bfloat16 lies in memory in one of two orders:
 *   rows    pixel after pixel, (B, H, W, C)
 *   blocks  padded by one pixel and cut into blocks of 2x2 pixels, (B, H/2 + 1, W/2 + 1, 2, 2, C)
 * `bend` is BatchNorm (or a bias) and (leaky) ReLU, from either order into either, and its gradient. Sums of BatchNorm
 * are taken in float32 along a line and in double over the lines. H and W are even wherever there are blocks, C is a
 * multiple of 16. Groups are equal parts of the batch with BatchNorm statistics of their own.
 *
 * Build (see __init__.py): x86-64 with AVX-512 and its bfloat16 instructions; threads are those of the OpenMP library
 * that PyTorch has brought into the process.
 */
#include <immintrin.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned short bf16;
typedef long long whole;

typedef struct { whole batch, height, width, channels, groups; } shape;

#define LANES 16
#define AT_ONCE 64 /* channels whose sums stay in registers along a line */

static inline __m512 load(const bf16 *from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from)), 16));
}

static inline void store(bf16 *to, __m512 values) {
    _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(values));
}

/* Where a line's pixel x begins: at the line's begin, plus x pixels in rows; in blocks two neighbours of a block lie
 * side by side, then the block's other line follows. */
static inline whole begin(int blocks, shape s, whole line) {
    if (!blocks) return line * s.width * s.channels;
    whole image = line / s.height, y = line % s.height + 1;
    return (((image * (s.height / 2 + 1) + y / 2) * (s.width / 2 + 1)) * 4 + y % 2 * 2) * s.channels;
}

static inline whole pixel(int blocks, shape s, whole x) {
    return blocks ? ((x + 1) / 2 * 4 + (x + 1) % 2) * s.channels : x * s.channels;
}

static void clear_border(bf16 *map, shape s) {
    whole lines = s.height / 2 + 1, across = s.width / 2 + 1, c = s.channels;
#pragma omp parallel for
    for (whole image = 0; image < s.batch; image++) {
        bf16 *first = map + image * lines * across * 4 * c;
        bf16 *last = first + (lines - 1) * across * 4 * c;
        for (whole x = 0; x < across; x++) {
            memset(first + x * 4 * c, 0, 2 * c * sizeof(bf16));
            memset(last + (x * 4 + 2) * c, 0, 2 * c * sizeof(bf16));
        }
        for (whole y = 0; y < lines; y++) {
            bf16 *left = first + y * across * 4 * c, *right = left + (across - 1) * 4 * c;
            for (int half = 0; half < 2; half++) {
                memset(left + half * 2 * c, 0, c * sizeof(bf16));
                memset(right + (half * 2 + 1) * c, 0, c * sizeof(bf16));
            }
        }
    }
}


static inline __m512 bent(__m512 grad, __m512 before, float slope) {
    __mmask16 off = _mm512_cmp_ps_mask(before, _mm512_setzero_ps(), _CMP_LE_OQ);
    return _mm512_mask_mul_ps(grad, off, grad, _mm512_set1_ps(slope));
}

/* Sums over the pixels of one line: of x and x * x, or, where there is a gradient g of what came out, of the gradient
 * before the bend and of that times x. They are added to sums, (2, C). */
static void add_line(const bf16 *x, int x_blocks, const bf16 *g, int g_blocks, const float *scale, const float *shift,
                     float slope, double *sums, shape s) {
    for (whole first = 0; first < s.channels; first += AT_ONCE) {
        int vectors = (s.channels - first < AT_ONCE ? s.channels - first : AT_ONCE) / LANES;
        __m512 one[AT_ONCE / LANES], two[AT_ONCE / LANES];
        for (int i = 0; i < AT_ONCE / LANES; i++) one[i] = two[i] = _mm512_setzero_ps();
        for (whole at = 0; at < s.width; at++) {
            const bf16 *here = x + pixel(x_blocks, s, at) + first;
            for (int i = 0; i < vectors; i++) {
                __m512 value = load(here + i * LANES), weight = value;
                if (g) {
                    whole c = first + i * LANES;
                    __m512 before = _mm512_fmadd_ps(value, _mm512_loadu_ps(scale + c), _mm512_loadu_ps(shift + c));
                    weight = bent(load(g + pixel(g_blocks, s, at) + c), before, slope);
                }
                one[i] = _mm512_add_ps(one[i], weight);
                two[i] = _mm512_fmadd_ps(weight, value, two[i]);
            }
        }
        for (int i = 0; i < vectors; i++) {
            float a[LANES], b[LANES];
            _mm512_storeu_ps(a, one[i]);
            _mm512_storeu_ps(b, two[i]);
            for (int k = 0; k < LANES; k++) {
                sums[first + i * LANES + k] += a[k];
                sums[s.channels + first + i * LANES + k] += b[k];
            }
        }
    }
}

/* The sums of add_line over each group: (groups, 2, C). Each thread has its own, added in the order of the threads, so
 * that the same input gives the same bits. */
static void add_up(const bf16 *x, int x_blocks, const bf16 *g, int g_blocks, const float *scale, const float *shift,
                   float slope, double *sums, shape s) {
    whole lines = s.batch / s.groups * s.height, c = s.channels;
    int threads = omp_get_max_threads();
    double *own = malloc(threads * 2 * c * sizeof(double));
    memset(sums, 0, s.groups * 2 * c * sizeof(double));
    for (whole group = 0; group < s.groups; group++) {
        const float *by = scale ? scale + group * c : NULL, *to = shift ? shift + group * c : NULL;
        memset(own, 0, threads * 2 * c * sizeof(double));
#pragma omp parallel for schedule(static)
        for (whole line = group * lines; line < (group + 1) * lines; line++)
            add_line(x + begin(x_blocks, s, line), x_blocks, g ? g + begin(g_blocks, s, line) : NULL, g_blocks, by, to,
                     slope, own + omp_get_thread_num() * 2 * c, s);
        for (int thread = 0; thread < threads; thread++)
            for (whole k = 0; k < 2 * c; k++) sums[group * 2 * c + k] += own[thread * 2 * c + k];
    }
    free(own);
}

/* y = bend(scale * x + shift), with scale and shift (groups, C). With BatchNorm (gamma not NULL) they come out of the
 * batch, with its mean and inverse deviation (groups, C), and the running statistics move; else scale is 1 and shift
 * the bias beta, which may be NULL. */
void bend(const bf16 *x, int x_blocks, bf16 *y, int y_blocks, const float *gamma, const float *beta, float *running_mean,
          float *running_var, float momentum, float epsilon, float slope, float *scale, float *shift, float *mean,
          float *deviation, shape s) {
    whole c = s.channels, lines = s.batch * s.height, per_group = lines / s.groups;
    double n = (double)per_group * s.width;
    double *sums = gamma ? malloc(s.groups * 2 * c * sizeof(double)) : NULL;
    if (gamma) add_up(x, x_blocks, NULL, 0, NULL, NULL, 0, sums, s);
    for (whole i = 0; i < s.groups * c; i++) {
        whole k = i % c;
        if (!gamma) {
            scale[i] = 1;
            shift[i] = beta ? beta[k] : 0;
            continue;
        }
        const double *sum = sums + i / c * 2 * c;
        double m = sum[k] / n, var = sum[c + k] / n - m * m;
        if (var < 0) var = 0; /* by rounding; a NaN stays one */
        mean[i] = m;
        deviation[i] = 1 / sqrt(var + epsilon); /* its inverse */
        scale[i] = gamma[k] * deviation[i];
        shift[i] = beta[k] - m * scale[i];
        running_mean[k] += momentum * (m - running_mean[k]);
        running_var[k] += momentum * (var * n / (n - 1) - running_var[k]);
    }
    free(sums);
    if (y_blocks) clear_border(y, s);
#pragma omp parallel for schedule(static)
    for (whole line = 0; line < lines; line++) {
        const bf16 *from = x + begin(x_blocks, s, line);
        bf16 *to = y + begin(y_blocks, s, line);
        const float *by = scale + line / per_group * c, *plus = shift + line / per_group * c;
        for (whole at = 0; at < s.width; at++)
            for (whole k = 0; k < c; k += LANES) {
                __m512 value = load(from + pixel(x_blocks, s, at) + k);
                value = _mm512_fmadd_ps(value, _mm512_loadu_ps(by + k), _mm512_loadu_ps(plus + k));
                store(to + pixel(y_blocks, s, at) + k, bent(value, value, slope));
            }
    }
}

/* The gradients of x, gamma and beta from g, that of y; as `bend` had them. gamma_grad and beta_grad, (C), may be NULL.
 * With x - mean as d and deviation as i, the gradient of BatchNorm's input is
 * gamma * i * (g - mean(g) - d * i * i * mean(g * d)) (Ioffe and Szegedy 2015, section 3). */
void unbend(const bf16 *g, int g_blocks, const bf16 *x, int x_blocks, bf16 *x_grad, const float *gamma,
            const float *scale, const float *shift, const float *mean, const float *deviation, float slope,
            float *gamma_grad, float *beta_grad, shape s) {
    whole c = s.channels, lines = s.batch * s.height, per_group = lines / s.groups;
    double n = (double)per_group * s.width;
    float *factors = malloc(3 * s.groups * c * sizeof(float)); /* x_grad = a * bent(g) + b * x + c0 */
    float *a = factors, *b = a + s.groups * c, *c0 = b + s.groups * c;
    if (gamma) {
        double *sums = malloc(s.groups * 2 * c * sizeof(double));
        add_up(x, x_blocks, g, g_blocks, scale, shift, slope, sums, s);
        if (gamma_grad) memset(gamma_grad, 0, c * sizeof(float));
        if (beta_grad) memset(beta_grad, 0, c * sizeof(float));
        for (whole i = 0; i < s.groups * c; i++) {
            whole k = i % c;
            double sum = sums[i / c * 2 * c + k], with_x = sums[i / c * 2 * c + c + k];
            if (beta_grad) beta_grad[k] += sum;
            double with_d = with_x - mean[i] * sum, curve = with_d * deviation[i] * deviation[i] / n;
            if (gamma_grad) gamma_grad[k] += with_d * deviation[i];
            a[i] = scale[i];
            b[i] = -scale[i] * curve;
            c0[i] = -scale[i] * (sum / n - mean[i] * curve);
        }
        free(sums);
    }
    int threads = omp_get_max_threads();
    float *bias = !gamma && beta_grad ? calloc(threads * c, sizeof(float)) : NULL; /* without BatchNorm one pass does */
    if (x_blocks) clear_border(x_grad, s);
#pragma omp parallel for schedule(static)
    for (whole line = 0; line < lines; line++) {
        whole group = line / per_group * c;
        const bf16 *from = g + begin(g_blocks, s, line), *before = x + begin(x_blocks, s, line);
        bf16 *to = x_grad + begin(x_blocks, s, line);
        float *own = bias ? bias + omp_get_thread_num() * c : NULL;
        for (whole at = 0; at < s.width; at++)
            for (whole k = 0; k < c; k += LANES) {
                __m512 value = load(before + pixel(x_blocks, s, at) + k), grad = load(from + pixel(g_blocks, s, at) + k);
                __m512 bend_at = _mm512_fmadd_ps(value, _mm512_loadu_ps(scale + group + k),
                                                 _mm512_loadu_ps(shift + group + k));
                grad = bent(grad, bend_at, slope);
                if (own) _mm512_storeu_ps(own + k, _mm512_add_ps(_mm512_loadu_ps(own + k), grad));
                if (gamma) {
                    __m512 rest = _mm512_fmadd_ps(value, _mm512_loadu_ps(b + group + k), _mm512_loadu_ps(c0 + group + k));
                    grad = _mm512_fmadd_ps(grad, _mm512_loadu_ps(a + group + k), rest);
                }
                store(to + pixel(x_blocks, s, at) + k, grad);
            }
    }
    for (whole k = 0; bias && k < c; k++) {
        beta_grad[k] = 0;
        for (int thread = 0; thread < threads; thread++) beta_grad[k] += bias[thread * c + k];
    }
    free(bias);
    free(factors);
}

/* Windows of 2x2 blocks, (B, H/2, W/2, 2, 2, 4C), added where they overlap: blocks of 4C channels. */
void add_windows(const bf16 *windows, bf16 *blocks, shape s) {
    whole height = s.height / 2, width = s.width / 2, c = 4 * s.channels;
#pragma omp parallel for collapse(2) schedule(static)
    for (whole image = 0; image < s.batch; image++)
        for (whole y = 0; y <= height; y++) {
            bf16 *to = blocks + (image * (height + 1) + y) * (width + 1) * c;
            for (whole x = 0; x <= width; x++) {
                const bf16 *parts[4];
                int n = 0;
                for (int part = 0; part < 4; part++) {
                    whole up = y - part / 2, left = x - part % 2;
                    if (up >= 0 && up < height && left >= 0 && left < width)
                        parts[n++] = windows + (((image * height + up) * width + left) * 4 + part) * c;
                }
                for (whole k = 0; k < c; k += LANES) {
                    __m512 sum = load(parts[0] + k);
                    for (int i = 1; i < n; i++) sum = _mm512_add_ps(sum, load(parts[i] + k));
                    store(to + x * c + k, sum);
                }
            }
        }
}
