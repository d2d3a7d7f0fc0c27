// The arithmetic of a generator in the browser: matrix products over channels-last maps, in WebAssembly SIMD.
//
// A map is (height, width, channels) float32 with a border of zeros around it. Every layer is a sum over taps: a
// transposed convolution of stride 2 falls apart into four ordinary ones, one per parity of the output's row and
// column (sub-pixel convolution, Shi et al. 2016), and a dense layer has one tap and one pixel. Weights lie in panels
// of PANEL output channels, tap by tap, input channel by input channel, so that they are read strictly in order.
// Offsets of pixels and taps are counted in floats. build.sh makes kernels.wasm, with fused multiply-add, and
// kernels-plain.wasm, for browsers that lack it.

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define PANEL 8

#ifdef __wasm_relaxed_simd__
#define MULTIPLY_ADD(a, b, sum) wasm_f32x4_relaxed_madd(a, b, sum)
#else
#define MULTIPLY_ADD(a, b, sum) wasm_f32x4_add(wasm_f32x4_mul(a, b), sum)
#endif

typedef v128_t f32x4;

enum { LINEAR, RELU, LEAKY_RELU, SELU, TANH };

static inline f32x4 load(const float *p) { return wasm_v128_load(p); }
static inline f32x4 all(float x) { return wasm_f32x4_splat(x); }
static inline f32x4 spread(const float *p) { return wasm_v128_load32_splat(p); }

// exp to about 1e-7: 2^n times a Taylor polynomial on [-ln 2 / 2, ln 2 / 2]
static inline f32x4 exponential(f32x4 x) {
  x = wasm_f32x4_min(wasm_f32x4_max(x, all(-87.0f)), all(87.0f));
  f32x4 n = wasm_f32x4_nearest(wasm_f32x4_mul(x, all(1.44269504f)));
  f32x4 r = wasm_f32x4_sub(x, wasm_f32x4_mul(n, all(0.693359375f)));
  r = wasm_f32x4_sub(r, wasm_f32x4_mul(n, all(-2.12194440e-4f)));
  static const float inverse_factorials[] = {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f};
  f32x4 p = all(1.0f / 720);
  for (int i = 0; i < 6; i++) p = wasm_f32x4_add(wasm_f32x4_mul(p, r), all(inverse_factorials[i]));
  f32x4 power = wasm_i32x4_shl(wasm_i32x4_add(wasm_i32x4_trunc_sat_f32x4(n), wasm_i32x4_splat(127)), 23);
  return wasm_f32x4_mul(p, power);
}

static inline f32x4 activate(f32x4 x, int activation, float leak) {
  switch (activation) {
    case RELU: return wasm_f32x4_max(x, all(0));
    case LEAKY_RELU: return wasm_v128_bitselect(x, wasm_f32x4_mul(x, all(leak)), wasm_f32x4_gt(x, all(0)));
    case SELU: {  // Klambauer et al. 2017
      const float scale = 1.0507009873554805f, alpha = 1.6732632423543772f;
      f32x4 low = wasm_f32x4_mul(wasm_f32x4_sub(exponential(wasm_f32x4_min(x, all(0))), all(1)), all(scale * alpha));
      return wasm_v128_bitselect(wasm_f32x4_mul(x, all(scale)), low, wasm_f32x4_gt(x, all(0)));
    }
    case TANH: {
      f32x4 e = wasm_f32x4_add(exponential(wasm_f32x4_add(x, x)), all(1));
      return wasm_f32x4_sub(all(1), wasm_f32x4_div(all(2), e));
    }
    default: return x;
  }
}

// One layer's sum for ROWS pixels and VECTORS * 4 channels; all sums stay in registers.
#define TILE(ROWS, VECTORS)                                                                                     \
  static inline void tile_##ROWS##x##VECTORS(const float *in, const int32_t *pixels, const int32_t *taps,        \
                                             int num_taps, int inputs, const float *w, f32x4 sum[ROWS][VECTORS]) { \
    for (int t = 0; t < num_taps; t++) {                                                                        \
      const float *row[ROWS];                                                                                   \
      _Pragma("unroll") for (int r = 0; r < ROWS; r++) row[r] = in + pixels[r] + taps[t];                       \
      for (int k = 0; k < inputs; k += 4) {                                                                     \
        _Pragma("unroll") for (int j = 0; j < 4; j++) {                                                         \
          f32x4 weight[VECTORS];                                                                                \
          _Pragma("unroll") for (int v = 0; v < VECTORS; v++) weight[v] = load(w + (j * VECTORS + v) * 4);      \
          _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                    \
            f32x4 x = spread(row[r] + j);                                                                       \
            _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sum[r][v] = MULTIPLY_ADD(x, weight[v], sum[r][v]); \
          }                                                                                                     \
        }                                                                                                       \
        w += 16 * VECTORS;                                                                                      \
        _Pragma("unroll") for (int r = 0; r < ROWS; r++) row[r] += 4;                                           \
      }                                                                                                         \
    }                                                                                                           \
  }

// What follows the sums of some pixels: the activation, then BatchNorm where it stands behind it.
__attribute__((noinline)) static void finish(float *out, const int32_t *pixels, int num_pixels, int vectors,
                                             const float *scale, const float *shift, int activation, float leak) {
  for (int i = 0; i < num_pixels; i++)
    for (int v = 0; v < vectors; v++) {
      float *p = out + pixels[i] + 4 * v;
      f32x4 y = activate(load(p), activation, leak);
      if (scale) y = wasm_f32x4_add(wasm_f32x4_mul(y, load(scale + 4 * v)), load(shift + 4 * v));
      wasm_v128_store(p, y);
    }
}

// The tile at pixels i, i + 1, ..., begun with the biases.
#define RUN(ROWS, VECTORS)                                                                              \
  {                                                                                                     \
    f32x4 sum[ROWS][VECTORS];                                                                           \
    _Pragma("unroll") for (int r = 0; r < ROWS; r++)                                                    \
      _Pragma("unroll") for (int v = 0; v < VECTORS; v++) sum[r][v] = load(bias + 4 * v);               \
    tile_##ROWS##x##VECTORS(in, pixels_in + i, taps, num_taps, inputs, w, sum);                         \
    _Pragma("unroll") for (int r = 0; r < ROWS; r++)                                                    \
      _Pragma("unroll") for (int v = 0; v < VECTORS; v++)                                               \
        wasm_v128_store(out + pixels_out[i + r] + 4 * v, sum[r][v]);                                    \
    i += ROWS;                                                                                          \
  }

TILE(1, 2) TILE(4, 2)
TILE(1, 1) TILE(8, 1)

// A layer at some pixels. scale and shift may be null; inputs is a multiple of 4, outputs of the panel's width.
EXPORT("layer")
void layer(const float *in, float *out, const float *w, const float *bias, const float *scale, const float *shift,
           const int32_t *pixels_in, const int32_t *pixels_out, int num_pixels, const int32_t *taps, int num_taps,
           int inputs, int outputs, int activation, float leak) {
  for (int at = 0; at < outputs; at += PANEL) {
    int i = 0;
    while (num_pixels - i >= 4) RUN(4, 2)
    while (num_pixels - i >= 1) RUN(1, 2)
    finish(out, pixels_out, num_pixels, 2, scale, shift, activation, leak);
    w += num_taps * inputs * PANEL, bias += PANEL, out += PANEL;
    if (scale) scale += PANEL, shift += PANEL;
  }
}

// The same with one panel of four channels: for the last layer, which has one or three.
EXPORT("narrow_layer")
void narrow_layer(const float *in, float *out, const float *w, const float *bias, const float *scale,
                  const float *shift, const int32_t *pixels_in, const int32_t *pixels_out, int num_pixels,
                  const int32_t *taps, int num_taps, int inputs, int activation, float leak) {
  int i = 0;
  while (num_pixels - i >= 8) RUN(8, 1)
  while (num_pixels - i >= 1) RUN(1, 1)
  finish(out, pixels_out, num_pixels, 1, scale, shift, activation, leak);
}

// A dense layer on one vector: four partial sums per output, lest each multiply-add wait for the one before it.
EXPORT("dense_layer")
void dense_layer(const float *in, float *out, const float *w, const float *bias, const float *scale,
                 const float *shift, int inputs, int outputs, int activation, float leak) {
  static const int32_t here[] = {0};
  for (int at = 0; at < outputs; at += PANEL, out += PANEL, bias += PANEL) {
    f32x4 sum[4][2];
    _Pragma("unroll") for (int j = 0; j < 4; j++) sum[j][0] = sum[j][1] = all(0);
    for (int k = 0; k < inputs; k += 4, w += 4 * PANEL)
      _Pragma("unroll") for (int j = 0; j < 4; j++) {
        f32x4 x = spread(in + k + j);
        sum[j][0] = MULTIPLY_ADD(x, load(w + PANEL * j), sum[j][0]);
        sum[j][1] = MULTIPLY_ADD(x, load(w + PANEL * j + 4), sum[j][1]);
      }
    _Pragma("unroll") for (int v = 0; v < 2; v++) {
      f32x4 y = wasm_f32x4_add(wasm_f32x4_add(sum[0][v], sum[1][v]), wasm_f32x4_add(sum[2][v], sum[3][v]));
      wasm_v128_store(out + 4 * v, wasm_f32x4_add(y, load(bias + 4 * v)));
    }
    finish(out, here, 1, 2, scale, shift, activation, leak);
    if (scale) scale += PANEL, shift += PANEL;
  }
}

// Stored 16-bit weights to float32: each output channel has a step of its own. depth is taps * inputs.
EXPORT("unpack")
void unpack(const int16_t *stored, const float *steps, float *w, int depth, int outputs, int panel) {
  for (int at = 0; at < outputs; at += panel)
    for (int k = 0; k < depth; k++)
      for (int v = 0; v < panel; v += 4, stored += 4, w += 4) {
        f32x4 x = wasm_f32x4_convert_i32x4(wasm_i32x4_load16x4(stored));
        wasm_v128_store(w, wasm_f32x4_mul(x, load(steps + at + v)));
      }
}

// Pixels of four floats in [-1, 1], of which `channels` count, to RGBA bytes; halves round to even as in PyTorch.
EXPORT("to_rgba")
void to_rgba(const float *in, uint32_t *out, int num_pixels, int channels) {
  for (int i = 0; i < num_pixels; i++) {
    f32x4 x = wasm_f32x4_add(wasm_f32x4_mul(load(in + 4 * i), all(127.5f)), all(127.5f));
    x = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(wasm_f32x4_min(wasm_f32x4_max(x, all(0)), all(255))));
    uint32_t r = wasm_i32x4_extract_lane(x, 0);
    uint32_t g = channels == 1 ? r : wasm_i32x4_extract_lane(x, 1);
    uint32_t b = channels == 1 ? r : wasm_i32x4_extract_lane(x, 2);
    out[i] = r | g << 8 | b << 16 | 0xff000000u;
  }
}
