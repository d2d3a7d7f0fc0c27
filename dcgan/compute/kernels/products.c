/* The products of a training step on a CPU's units for bfloat16, straight from maps in memory: on its matrix units
 * (AMX) where the process may use them, else by the vector instruction VDPBF16PS (AVX512-BF16).
 *
 * A map of bfloat16 lies pixel after pixel and, in each, picture after picture: (H, W, B, C). A convolution is then a
 * sum of products of whole matrices: at each pixel that it makes, (B, C) of a pixel that it reads times the (C, R) of
 * the kernel's tap between both. Taps beyond the map's edge are left out, nothing is padded, copied or added up later.
 *
 * Each convolution lies between a small map, (height, width) pixels of R channels, and a large one of C channels: tap
 * (i, j) of the small map's pixel (y, x) is the large one's (stride * y - pad + i, stride * x - pad + j). `product`
 * goes from large to small (the convolution) or from small to large (the transposed one), `correlate` makes the
 * gradient of the kernel. B is a multiple of 32, and so are the channels that a product adds up; those it makes are one
 * of 16. Each number is made by one thread in an order of its own: neither the number of threads nor chance changes a
 * bit; the two kinds of units round otherwise.
 *
 * Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18 (AMX); the Linux kernel's
 * Documentation/arch/x86/xstate.rst (permission).
 */
#include <immintrin.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef unsigned short bf16;
typedef long long whole;

/* height and width are the small map's; extra lines and columns of the large one lie beyond the last kernel's reach */
typedef struct { whole batch, height, width, kernel, stride, pad, extra; } grid;

#define LANES 16
#define TILE 512       /* numbers of a tile of bfloat16: 16 rows of 32 */
#define IMAGES 32      /* pictures, and */
#define OUTPUTS 32     /* channels, that are made at once: four tiles of sums */
#define TAPS 8         /* of the widest kernel, along one side */
#define KERNEL_PART (768 << 10) /* bytes of a kernel that stay in the second cache while all pictures pass */
#define SUMS_PART (512 << 10)   /* bytes of a kernel's gradient that stay there */
#define STEPS 16       /* pixels whose products are added up before sums go back to memory, at least */

enum { PLAIN, MOMENTS, BEND, UNBEND }; /* what becomes of a product: */

/* PLAIN   is stored.
 * MOMENTS also adds the sums of it and of its square to `sums`.
 * BEND    bias is added (if there is one), then it is multiplied by slope where it isn't above zero.
 * UNBEND  it is the gradient of the bend of scale * before + shift, and becomes that before the bend; its sums and those
 *         of it times before are added to `sums`. scale and shift are (groups, outputs); NULL means 1 and 0.
 * sums are (H, B / 32, 2, outputs) of the map that is made, set to zero at the begin of each line. */
typedef struct {
    int mode;
    float slope;
    const float *bias, *scale, *shift;
    const bf16 *before;
    float *sums;
    whole groups;
} ending;

static inline __m512 load(const bf16 *from) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)from)), 16));
}

static inline void store(bf16 *to, __m512 values) {
    _mm256_storeu_si256((__m256i *)to, (__m256i)_mm512_cvtneps_pbh(values));
}

static inline __m512 bent(__m512 value, __m512 before, __m512 slope) {
    __mmask16 off = _mm512_cmp_ps_mask(before, _mm512_setzero_ps(), _CMP_LE_OQ);
    return _mm512_mask_mul_ps(value, off, value, slope);
}

static int tiles_are_used = 0;

/* Ask Linux for the matrix units, once per process; 0 if they are granted. */
int ask_for_tiles(void) {
    return syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* XFEATURE_XTILEDATA */) != 0;
}

/* Which units all products use from now on: those of matrices, or those of vectors, as before the first call. */
void use_tiles(int wish) { tiles_are_used = wish; }

static void configure(void) {
    if (!tiles_are_used) return;
    struct { unsigned char palette, start, none[14]; unsigned short bytes[16]; unsigned char rows[16]; } tiles;
    memset(&tiles, 0, sizeof tiles);
    tiles.palette = 1;
    for (int i = 0; i < 8; i++) tiles.bytes[i] = 64, tiles.rows[i] = 16;
    _tile_loadconfig(&tiles);
}

static whole large(whole small, grid g) { return (small - 1) * g.stride + g.kernel - 2 * g.pad + g.extra; }

/* Along one axis, what the pixel `at` is made from: where they are, and by which taps. Returns how many. */
static int reach(int spread, whole at, whole small, grid g, whole *from, whole *tap) {
    int n = 0;
    for (whole k = 0; k < g.kernel; k++) {
        whole i = spread ? at + g.pad - k : g.stride * at - g.pad + k;
        if (i < 0 || (spread && (i % g.stride || i / g.stride >= small)) || (!spread && i >= large(small, g))) continue;
        from[n] = spread ? i / g.stride : i;
        tap[n++] = k;
    }
    return n;
}

/* ---- what becomes of a product */

/* Where 32 pictures x 32 or 16 channels go, and what they meet there; made holds the sums of products. */
typedef struct {
    const float *made, *bias, *scale, *shift;
    bf16 *y;
    const bf16 *before;
    float *sums;
} place;

/* What is kept in registers while the rows of a place are finished. */
typedef struct { __m512 one[2], two[2], by[2], plus[2]; } constants;

#define INLINE static inline __attribute__((always_inline))

INLINE void begin_finish(constants *k, const place *p, int mode, int halves) {
    for (int i = 0; i < halves; i++) {
        k->one[i] = k->two[i] = k->plus[i] = _mm512_setzero_ps();
        k->by[i] = _mm512_set1_ps(1);
        if (mode == BEND && p->bias) k->plus[i] = _mm512_loadu_ps(p->bias + i * LANES);
        if (mode == UNBEND && p->scale) {
            k->by[i] = _mm512_loadu_ps(p->scale + i * LANES);
            k->plus[i] = _mm512_loadu_ps(p->shift + i * LANES);
        }
    }
}

INLINE void finish_row(constants *k, const place *p, whole row, whole outputs, __m512 slope, int mode, int halves) {
    __m512 value[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    for (int i = 0; i < halves; i++) {
        value[i] = _mm512_load_ps(p->made + row * OUTPUTS + i * LANES);
        if (mode == MOMENTS) {
            k->one[i] = _mm512_add_ps(k->one[i], value[i]);
            k->two[i] = _mm512_fmadd_ps(value[i], value[i], k->two[i]);
        } else if (mode == BEND) {
            value[i] = _mm512_add_ps(value[i], k->plus[i]);
            value[i] = bent(value[i], value[i], slope);
        } else if (mode == UNBEND) {
            __m512 h = load(p->before + row * outputs + i * LANES);
            value[i] = bent(value[i], _mm512_fmadd_ps(h, k->by[i], k->plus[i]), slope);
            k->one[i] = _mm512_add_ps(k->one[i], value[i]);
            k->two[i] = _mm512_fmadd_ps(value[i], h, k->two[i]);
        }
    }
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(value[1], value[0]);
    if (halves == 2) _mm512_storeu_si512(p->y + row * outputs, both);
    else _mm256_storeu_si256((__m256i *)(p->y + row * outputs), _mm512_castsi512_si256(both));
}

INLINE void end_finish(constants *k, const place *p, whole outputs, int halves) {
    for (int i = 0; p->sums && i < halves; i++) {
        float *here = p->sums + i * LANES;
        _mm512_storeu_ps(here, _mm512_add_ps(_mm512_loadu_ps(here), k->one[i]));
        _mm512_storeu_ps(here + outputs, _mm512_add_ps(_mm512_loadu_ps(here + outputs), k->two[i]));
    }
}

INLINE void finish(const place *p, whole outputs, __m512 slope, int mode, int halves) {
    constants k;
    begin_finish(&k, p, mode, halves);
    for (whole row = 0; row < IMAGES; row++) finish_row(&k, p, row, outputs, slope, mode, halves);
    end_finish(&k, p, outputs, halves);
}

static place place_at(const float *made, bf16 *y, whole at, whole first, whole outputs, whole group, float *sums,
                      const ending *end) {
    whole c = group * outputs + first;
    return (place){made, end->bias ? end->bias + first : NULL, end->scale ? end->scale + c : NULL,
                   end->shift ? end->shift + c : NULL, y + at + first, end->before ? end->before + at + first : NULL,
                   sums ? sums + first : NULL};
}

static float *line_sums(const ending *end, whole line, whole images, whole image, whole outputs) {
    return end->sums ? end->sums + (line * images + image) * 2 * outputs : NULL;
}

/* ---- products */

#define ROWS 8 /* whose sums stay in vector registers */

/* What a tile product does, by vectors, for ROWS rows: add to their sums, 16 or 32 columns, the products of 32 numbers
 * of each row with one or two tiles of pairs side by side. */
INLINE void multiply(const bf16 *left, whole line, const bf16 *right, __m512 sums[ROWS][2], int halves) {
#pragma GCC unroll 1
    for (int pair = 0; pair < 16; pair++) {
        __m512bh one = (__m512bh)_mm512_loadu_si512(right + pair * 32), two = one;
        if (halves == 2) two = (__m512bh)_mm512_loadu_si512(right + TILE + pair * 32);
#pragma GCC unroll 8
        for (int row = 0; row < ROWS; row++) {
            __m512bh both = (__m512bh)_mm512_set1_epi32(*(const int *)(left + row * line + 2 * pair));
            sums[row][0] = _mm512_dpbf16_ps(sums[row][0], one, both);
            if (halves == 2) sums[row][1] = _mm512_dpbf16_ps(sums[row][1], two, both);
        }
    }
}

/* Which pixels of x, by which taps, make one of y, for 32 pictures. */
typedef struct { const bf16 *x[TAPS * TAPS], *kernel[TAPS * TAPS]; int n; } sources;

static void find(sources *found, int spread, const bf16 *x, whole inner, const bf16 *kernel, whole tap_size, grid g,
                 whole line, whole column, whole image) {
    whole ys[TAPS], xs[TAPS], tap_y[TAPS], tap_x[TAPS], across = spread ? g.width : large(g.width, g);
    int high = reach(spread, line, g.height, g, ys, tap_y), wide = reach(spread, column, g.width, g, xs, tap_x);
    found->n = 0;
    for (int i = 0; i < high; i++)
        for (int j = 0; j < wide; j++) {
            found->x[found->n] = x + ((ys[i] * across + xs[j]) * g.batch + image * IMAGES) * inner;
            found->kernel[found->n++] = kernel + (tap_y[i] * g.kernel + tap_x[j]) * tap_size;
        }
}

/* The sums of 32 pictures by 32 channels, or by 16, over all sources. */
INLINE void add_up_vectors(const sources *from, whole shift, whole inner, float *made, int halves) {
    for (whole row = 0; row < IMAGES; row += ROWS) {
        __m512 sums[ROWS][2];
        for (int i = 0; i < ROWS; i++) sums[i][0] = sums[i][1] = _mm512_setzero_ps();
        for (int i = 0; i < from->n; i++)
            for (whole c = 0; c < inner; c += 32)
                multiply(from->x[i] + row * inner + c, inner, from->kernel[i] + shift + c / 32 * halves * TILE, sums,
                         halves);
        for (int i = 0; i < ROWS; i++)
            for (int k = 0; k < halves; k++) _mm512_store_ps(made + (row + i) * OUTPUTS + k * LANES, sums[i][k]);
    }
}

/* The same by tiles: four tiles of sums, 32 pictures by 32 channels (or, with one half, two by 16), over all sources.
 * Meanwhile the place before (NULL at the first), made by the call before, is finished: matrix and vector units work
 * side by side. */
INLINE void add_up(const sources *from, whole shift, whole inner, float *made, const place *last, whole outputs,
                   __m512 slope, int mode, int halves) {
    if (!tiles_are_used) {
        if (last) finish(last, outputs, slope, mode, halves);
        add_up_vectors(from, shift, inner, made, halves);
        return;
    }
    whole line = inner * sizeof(bf16), lower = 16 * inner, row = last ? 0 : IMAGES;
    whole steps = from->n * (inner / 32), rows = (IMAGES + steps - 1) / steps;
    constants k;
    if (last) begin_finish(&k, last, mode, halves);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int i = 0; i < from->n; i++)
        for (whole c = 0; c < inner; c += 32) {
            const bf16 *right = from->kernel[i] + shift + c / 32 * halves * TILE, *left = from->x[i] + c;
            _tile_loadd(6, right, 64);
            _tile_loadd(4, left, line);
            _tile_dpbf16ps(0, 4, 6);
            if (halves == 2) {
                _tile_loadd(7, right + TILE, 64);
                _tile_dpbf16ps(1, 4, 7);
            }
            _tile_loadd(5, left + lower, line);
            _tile_dpbf16ps(2, 5, 6);
            if (halves == 2) _tile_dpbf16ps(3, 5, 7);
            for (whole until = row + rows < IMAGES ? row + rows : IMAGES; row < until; row++)
                finish_row(&k, last, row, outputs, slope, mode, halves);
        }
    if (last) end_finish(&k, last, outputs, halves);
    _tile_stored(0, made, OUTPUTS * sizeof(float));
    _tile_stored(2, made + 16 * OUTPUTS, OUTPUTS * sizeof(float));
    if (halves == 2) {
        _tile_stored(1, made + 16, OUTPUTS * sizeof(float));
        _tile_stored(3, made + 16 * OUTPUTS + 16, OUTPUTS * sizeof(float));
    }
}

/* Blocks of outputs, of 32 channels or one of 16, from `first` until `until`; see `product`. */
INLINE void product_of(int spread, const bf16 *x, whole inner, const bf16 *kernel, bf16 *y, whole outputs, grid g,
                       ending end, whole first, whole until, int mode, int halves) {
    whole taps = g.kernel * g.kernel, images = g.batch / IMAGES, wide = halves * LANES;
    whole lines = spread ? large(g.height, g) : g.height, columns = spread ? large(g.width, g) : g.width;
    whole block = taps * inner * wide, blocks = (until - first) / wide;
    whole most = KERNEL_PART / (block * (whole)sizeof(bf16)), parts;
    most = most < 1 ? 1 : most;
    parts = (blocks + most - 1) / most;
    most = (blocks + parts - 1) / parts;
    kernel += taps * inner * first;
#pragma omp parallel
    {
        configure();
        float made[2][IMAGES * OUTPUTS] __attribute__((aligned(64)));
        __m512 slope = _mm512_set1_ps(end.slope);
        place places[2];
        int odd = 0, begun = 0;
        sources from;
#pragma omp for schedule(static)
        for (whole item = 0; item < parts * images * lines; item++) {
            whole part = item / (images * lines), image = item / lines % images, line = item % lines;
            whole group = image * end.groups / images, stop = (part + 1) * most < blocks ? (part + 1) * most : blocks;
            float *sums = line_sums(&end, line, images, image, outputs);
            for (whole c = first + part * most * wide; sums && c < first + stop * wide; c++)
                sums[c] = sums[outputs + c] = 0;
            for (whole column = 0; column < columns; column++) {
                find(&from, spread, x, inner, kernel, inner * wide, g, line, column, image);
                whole at = ((line * columns + column) * g.batch + image * IMAGES) * outputs;
                for (whole b = part * most; b < stop; b++, odd ^= 1) {
                    places[odd] = place_at(made[odd], y, at, first + b * wide, outputs, group, sums, &end);
                    if (begun) add_up(&from, b * block, inner, made[odd], &places[!odd], outputs, slope, mode, halves);
                    else add_up(&from, b * block, inner, made[odd], NULL, outputs, slope, mode, halves);
                    begun = 1;
                }
            }
        }
        if (begun) finish(&places[!odd], outputs, slope, mode, halves);
        if (tiles_are_used) _tile_release();
    }
}

/* The map y from the map x, whose channels are `inner`, and a packed kernel: see the top. */
void product(int spread, const bf16 *x, whole inner, const bf16 *kernel, bf16 *y, whole outputs, grid g, ending end) {
    whole whole_blocks = outputs / OUTPUTS * OUTPUTS;
#define PRODUCT(mode) \
    case mode: \
        if (whole_blocks) product_of(spread, x, inner, kernel, y, outputs, g, end, 0, whole_blocks, mode, 2); \
        if (outputs > whole_blocks) \
            product_of(spread, x, inner, kernel, y, outputs, g, end, whole_blocks, outputs, mode, 1); \
        break;
    switch (end.mode) {
        PRODUCT(PLAIN)
        PRODUCT(MOMENTS)
        PRODUCT(BEND)
        PRODUCT(UNBEND)
    }
}

/* ---- kernels, as tiles want them: pairs of what is added up, side by side */

static inline void transpose(__m512i *r) { /* 16 x 16 numbers of 32 bits */
    __m512i t[16];
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

/* A kernel (R, taps, C) of float32 for `product`: to add up C and make R, or, to spread, to add up R and make C. What
 * is added up is filled with zeros up to a multiple of 32, `inner`. */
void pack(int spread, const float *kernel, whole rows, whole taps, whole channels, whole inner, bf16 *to) {
    whole outputs = spread ? channels : rows, added = spread ? rows : channels, line = taps * channels;
    whole tiles = outputs / 16;
#pragma omp parallel for collapse(2) schedule(static)
    for (whole tile = 0; tile < tiles; tile++)
        for (whole tap = 0; tap < taps; tap++) {
            whole block = tile / 2, width = outputs - block * OUTPUTS < OUTPUTS ? 16 : OUTPUTS;
            bf16 *out = to + block * taps * inner * OUTPUTS + tap * inner * width + tile % 2 * TILE;
            for (whole k = 0; k < inner; k += 32, out += width / 16 * TILE) {
                __m512i r[16];
                for (int i = 0; i < 16; i++) {
                    __m512 low = _mm512_setzero_ps(), high = low;
                    if (spread) { /* a row of the tile holds two rows of the kernel */
                        const float *from = kernel + (k + 2 * i) * line + tap * channels + tile * 16;
                        if (k + 2 * i < added) low = _mm512_loadu_ps(from);
                        if (k + 2 * i + 1 < added) high = _mm512_loadu_ps(from + line);
                        __m512i a = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
                        __m512i b = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
                        r[i] = _mm512_or_si512(a, _mm512_slli_epi32(b, 16));
                    } else { /* a column holds 32 channels of one row */
                        const float *from = kernel + (tile * 16 + i) * line + tap * channels + k;
                        if (k < added) low = _mm512_loadu_ps(from);
                        if (k + 16 < added) high = _mm512_loadu_ps(from + 16);
                        r[i] = (__m512i)_mm512_cvtne2ps_pbh(high, low);
                    }
                }
                if (!spread) transpose(r);
                for (int i = 0; i < 16; i++) _mm512_storeu_si512(out + i * 32, r[i]);
            }
        }
}

/* ---- gradients of kernels */

/* 32 pictures x 16 channels as a tile to multiply with: pairs of pictures side by side. */
static inline void pair_up(const bf16 *from, whole line, __m512i *r) {
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                                           21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    for (int i = 0; i < 16; i++, from += 2 * line) {
        __m512i both = _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)from));
        both = _mm512_inserti64x4(both, _mm256_loadu_si256((const __m256i *)(from + line)), 1);
        r[i] = _mm512_permutexvar_epi16(order, both);
    }
}

typedef struct { whole first_row, rows, first_channel, channels; } part;

/* Add to one or two tiles of sums, ROWS rows from `row` on, by vectors, the products of n pairs of tiles. */
INLINE void correlate_vectors(const bf16 *a, const bf16 *b, whole (*ats)[2], int n, float *sum, int row, int halves) {
    __m512 sums[ROWS][2];
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 2; k++) sums[i][k] = _mm512_load_ps(sum + k % halves * 256 + (row + i) * LANES);
    for (int k = 0; k < n; k++) multiply(a + ats[k][0] + row * 32, 32, b + ats[k][1], sums, halves);
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < halves; k++) _mm512_store_ps(sum + k * 256 + (row + i) * LANES, sums[i][k]);
}

/* A part of the gradient: all taps of some rows and channels. Sums stay in this core's cache while all pixels pass. */
static void correlate_part(const bf16 *small, whole rows, const bf16 *big, whole channels, whole line_of_big, float *to,
                           grid g, part p, whole at_once, bf16 *room) {
    whole tall = large(g.height, g), across = large(g.width, g), taps = g.kernel * g.kernel;
    whole row_tiles = p.rows / 16, channel_tiles = p.channels / 16;
    whole row_pairs = (row_tiles + 1) / 2, channel_pairs = (channel_tiles + 1) / 2;
    whole slots = (at_once - 1) * g.stride + g.kernel; /* lines of the large map */
    bf16 *left = room, *right = left + at_once * g.width * row_tiles * TILE;
    float *sums = (float *)(right + slots * across * channel_tiles * TILE);
    memset(sums, 0, taps * row_pairs * channel_pairs * 4 * 256 * sizeof(float));
    whole ats[2 * STEPS * TAPS][2];
    for (whole image = 0; image < g.batch; image += IMAGES) {
        whole packed = 0; /* lines of the large map, so far */
        for (whole line = 0; line < g.height; line += at_once) {
            whole until = line + at_once < g.height ? line + at_once : g.height;
            for (whole pixel = line * g.width; pixel < until * g.width; pixel++)
                for (whole tile = 0; tile < row_tiles; tile++) {
                    __m512i r[16];
                    pair_up(small + (pixel * g.batch + image) * rows + p.first_row + tile * 16, rows, r);
                    transpose(r);
                    bf16 *out = left + ((pixel - line * g.width) * row_tiles + tile) * TILE;
                    for (int i = 0; i < 16; i++) _mm512_store_si512(out + i * 32, r[i]);
                }
            whole end = (until - 1) * g.stride - g.pad + g.kernel;
            for (end = end < tall ? end : tall; packed < end; packed++)
                for (whole x = 0; x < across; x++)
                    for (whole tile = 0; tile < channel_tiles; tile++) {
                        __m512i r[16];
                        whole pixel = packed * across + x;
                        pair_up(big + (pixel * g.batch + image) * line_of_big + p.first_channel + tile * 16,
                                line_of_big, r);
                        bf16 *out = right + ((packed % slots * across + x) * channel_tiles + tile) * TILE;
                        for (int i = 0; i < 16; i++) _mm512_store_si512(out + i * 32, r[i]);
                    }
            for (whole tap = 0; tap < taps; tap++) {
                int n = 0;
                for (whole y = line; y < until; y++) {
                    whole from = y * g.stride - g.pad + tap / g.kernel;
                    for (whole x = 0; from >= 0 && from < tall && x < g.width; x++) {
                        whole at = x * g.stride - g.pad + tap % g.kernel;
                        if (at < 0 || at >= across) continue;
                        ats[n][0] = ((y - line) * g.width + x) * row_tiles * TILE;
                        ats[n++][1] = (from % slots * across + at) * channel_tiles * TILE;
                    }
                }
                for (whole i = 0; i < row_pairs; i++)
                    for (whole j = 0; j < channel_pairs; j++) {
                        float *sum = sums + ((tap * row_pairs + i) * channel_pairs + j) * 4 * 256;
                        const bf16 *a = left + 2 * i * TILE, *b = right + 2 * j * TILE;
                        int low = 2 * i + 1 < row_tiles, wide = 2 * j + 1 < channel_tiles;
                        if (!tiles_are_used) {
                            for (int tile = 0; tile <= low; tile++)
                                for (int row = 0; row < 16; row += ROWS)
                                    if (wide) correlate_vectors(a + tile * TILE, b, ats, n, sum + tile * 512, row, 2);
                                    else correlate_vectors(a + tile * TILE, b, ats, n, sum + tile * 512, row, 1);
                            continue;
                        }
                        _tile_loadd(0, sum, 64);
                        if (wide) _tile_loadd(1, sum + 256, 64);
                        if (low) _tile_loadd(2, sum + 512, 64);
                        if (low && wide) _tile_loadd(3, sum + 768, 64);
                        if (low && wide) {
                            for (int k = 0; k < n; k++) {
                                _tile_loadd(4, a + ats[k][0], 64);
                                _tile_loadd(6, b + ats[k][1], 64);
                                _tile_dpbf16ps(0, 4, 6);
                                _tile_loadd(7, b + ats[k][1] + TILE, 64);
                                _tile_dpbf16ps(1, 4, 7);
                                _tile_loadd(5, a + ats[k][0] + TILE, 64);
                                _tile_dpbf16ps(2, 5, 6);
                                _tile_dpbf16ps(3, 5, 7);
                            }
                        } else {
                            for (int k = 0; k < n; k++) {
                                _tile_loadd(4, a + ats[k][0], 64);
                                _tile_loadd(6, b + ats[k][1], 64);
                                _tile_dpbf16ps(0, 4, 6);
                                if (wide) {
                                    _tile_loadd(7, b + ats[k][1] + TILE, 64);
                                    _tile_dpbf16ps(1, 4, 7);
                                }
                                if (low) {
                                    _tile_loadd(5, a + ats[k][0] + TILE, 64);
                                    _tile_dpbf16ps(2, 5, 6);
                                }
                            }
                        }
                        _tile_stored(0, sum, 64);
                        if (wide) _tile_stored(1, sum + 256, 64);
                        if (low) _tile_stored(2, sum + 512, 64);
                        if (low && wide) _tile_stored(3, sum + 768, 64);
                    }
            }
        }
    }
    for (whole row = 0; row < p.rows; row++)
        for (whole tap = 0; tap < taps; tap++)
            for (whole c = 0; c < p.channels; c += 16) {
                whole tile = (tap * row_pairs + row / 32) * channel_pairs + c / 32;
                const float *from = sums + (tile * 4 + row / 16 % 2 * 2 + c / 16 % 2) * 256 + row % 16 * 16;
                _mm512_storeu_ps(to + ((p.first_row + row) * taps + tap) * channels + p.first_channel + c,
                                 _mm512_loadu_ps(from));
            }
}

static whole split(whole n, whole most) { /* into equal parts of at most so many, each a multiple of 16 */
    whole parts = (n + most - 1) / most;
    return ((n / 16 + parts - 1) / parts) * 16;
}

/* The gradient of a kernel (R, taps, C), float32, from the small map and the large one, in whose memory there are
 * line_of_big channels. */
void correlate(const bf16 *small, whole rows, const bf16 *big, whole channels, whole line_of_big, float *to, grid g) {
    whole taps = g.kernel * g.kernel, threads = omp_get_max_threads();
    whole at_once = (STEPS + g.width - 1) / g.width;
    at_once = at_once < g.height ? at_once : g.height;
    whole high = rows < 128 ? rows : 128, wide = channels < 64 ? channels : 64;
    while (wide > 32 && high * taps * wide * (whole)sizeof(float) > SUMS_PART) wide /= 2;
    while (high > 32 && high * taps * wide * (whole)sizeof(float) > SUMS_PART) high /= 2;
    if (wide > 32 && ((rows + high - 1) / high) * ((channels + wide - 1) / wide) < threads) wide = 32;
    while (high > 16 && ((rows + high - 1) / high) * ((channels + wide - 1) / wide) < threads) high /= 2;
    high = split(rows, high);
    wide = split(channels, wide);
    whole row_parts = (rows + high - 1) / high, channel_parts = (channels + wide - 1) / wide;
    whole slots = (at_once - 1) * g.stride + g.kernel;
    whole room = (at_once * g.width * high + slots * large(g.width, g) * wide) * 32 * sizeof(bf16) +
                 taps * ((high + 31) / 32) * ((wide + 31) / 32) * 4096;
    bf16 *rooms = aligned_alloc(4096, (threads * room + 4095) / 4096 * 4096);
#pragma omp parallel
    {
        configure();
#pragma omp for schedule(static)
        for (whole item = 0; item < row_parts * channel_parts; item++) {
            part p = {item % row_parts * high, high, item / row_parts * wide, wide};
            if (p.first_row + p.rows > rows) p.rows = rows - p.first_row;
            if (p.first_channel + p.channels > channels) p.channels = channels - p.first_channel;
            correlate_part(small, rows, big, channels, line_of_big, to, g, p, at_once,
                           rooms + omp_get_thread_num() * (room / (whole)sizeof(bf16)));
        }
        if (tiles_are_used) _tile_release();
    }
    free(rooms);
}

/* ---- between the products */

/* Sums (lines, images, 2, C) of a map, added up for each group: (groups, 2, C). */
static void total(const float *sums, whole lines, whole images, whole groups, whole c, double *totals) {
    memset(totals, 0, groups * 2 * c * sizeof(double));
    for (whole i = 0; i < lines * images; i++) {
        double *to = totals + i % images * groups / images * 2 * c;
        for (whole k = 0; k < 2 * c; k++) to[k] += sums[i * 2 * c + k];
    }
}

/* BatchNorm's scale, shift, mean and inverse deviation, each (groups, C), out of the sums of MOMENTS; the running
 * statistics move. n is the number of values of a group's channel. */
void normalise(const float *sums, whole lines, whole images, whole groups, whole c, double n, const float *gamma,
               const float *beta, float *running_mean, float *running_var, float momentum, float epsilon, float *scale,
               float *shift, float *mean, float *deviation) {
    double *totals = malloc(groups * 2 * c * sizeof(double));
    total(sums, lines, images, groups, c, totals);
    for (whole i = 0; i < groups * c; i++) {
        whole k = i % c;
        const double *sum = totals + i / c * 2 * c;
        double m = sum[k] / n, var = sum[c + k] / n - m * m;
        if (var < 0) var = 0; /* by rounding; a NaN stays one */
        mean[i] = m;
        deviation[i] = 1 / sqrt(var + epsilon);
        scale[i] = gamma[k] * deviation[i];
        shift[i] = beta[k] - m * scale[i];
        running_mean[k] += momentum * (m - running_mean[k]);
        running_var[k] += momentum * (var * n / (n - 1) - running_var[k]);
    }
    free(totals);
}

/* y = bend(scale * x + shift), maps of some pixels x B x C; scale and shift are (groups, C). */
void bend_map(const bf16 *x, bf16 *y, const float *scale, const float *shift, float slope, whole pixels, whole batch,
              whole groups, whole c) {
    __m512 by_slope = _mm512_set1_ps(slope);
#pragma omp parallel for schedule(static)
    for (whole part = 0; part < pixels * groups; part++) {
        const float *by = scale + part % groups * c, *plus = shift + part % groups * c;
        for (whole row = 0; row < batch / groups; row++) {
            whole at = (part * (batch / groups) + row) * c;
            for (whole k = 0; k < c; k += LANES) {
                __m512 value = _mm512_fmadd_ps(load(x + at + k), _mm512_loadu_ps(by + k), _mm512_loadu_ps(plus + k));
                store(y + at + k, bent(value, value, by_slope));
            }
        }
    }
}

/* The gradients after a product that ended in UNBEND: of BatchNorm's input, over g in place, and of gamma and beta, (C)
 * or NULL; without BatchNorm (gamma NULL) of the bias alone, beta_grad. See `unbend` in kernels.c. */
void unbend_map(bf16 *g, const bf16 *x, const float *sums, whole lines, whole pixels, whole batch, whole groups, whole c,
                const float *gamma, const float *scale, const float *mean, const float *deviation, float *gamma_grad,
                float *beta_grad) {
    double n = (double)pixels * (batch / groups);
    double *totals = malloc(groups * 2 * c * sizeof(double));
    float *a = malloc(3 * groups * c * sizeof(float)), *b = a + groups * c, *c0 = b + groups * c;
    total(sums, lines, batch / IMAGES, groups, c, totals);
    if (gamma_grad) memset(gamma_grad, 0, c * sizeof(float));
    if (beta_grad) memset(beta_grad, 0, c * sizeof(float));
    for (whole i = 0; i < groups * c; i++) {
        whole k = i % c;
        double sum = totals[i / c * 2 * c + k], with_x = totals[i / c * 2 * c + c + k];
        if (beta_grad) beta_grad[k] += sum;
        if (!gamma) continue;
        double with_d = with_x - mean[i] * sum, curve = with_d * deviation[i] * deviation[i] / n;
        if (gamma_grad) gamma_grad[k] += with_d * deviation[i];
        a[i] = scale[i];
        b[i] = -scale[i] * curve;
        c0[i] = -scale[i] * (sum / n - mean[i] * curve);
    }
    free(totals);
    if (gamma) {
#pragma omp parallel for schedule(static)
        for (whole part = 0; part < pixels * groups; part++) {
            whole group = part % groups * c;
            for (whole row = 0; row < batch / groups; row++) {
                whole at = (part * (batch / groups) + row) * c;
                for (whole k = 0; k < c; k += LANES) {
                    __m512 rest = _mm512_fmadd_ps(load(x + at + k), _mm512_loadu_ps(b + group + k),
                                                  _mm512_loadu_ps(c0 + group + k));
                    store(g + at + k, _mm512_fmadd_ps(load(g + at + k), _mm512_loadu_ps(a + group + k), rest));
                }
            }
        }
    }
    free(a);
}

/* ---- pictures, whose channels are few: float32 (C, 2H, 2W, B) */

/* A matrix of float32, rows x columns, turned over: columns x rows. Both are multiples of 16. */
void turn(const float *from, float *to, whole rows, whole columns) {
#pragma omp parallel for schedule(static)
    for (whole column = 0; column < columns; column += 16)
        for (whole row = 0; row < rows; row += 16) {
            __m512i r[16];
            for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(from + (row + i) * columns + column);
            transpose(r);
            for (int i = 0; i < 16; i++) _mm512_storeu_si512(to + (column + i) * rows + row, r[i]);
        }
}

/* All windows of 4x4 pixels with stride 2 and a border of one: (H, W, B, inner), of which 16C are filled, in the order
 * of a kernel (4, 4, C), and the rest is zero. */
void unfold(const float *pictures, bf16 *to, whole height, whole width, whole channels, whole batch, whole inner) {
#pragma omp parallel for collapse(2) schedule(static)
    for (whole y = 0; y < height; y++)
        for (whole x = 0; x < width; x++)
            for (whole b = 0; b < batch; b += 16)
                for (whole first = 0; first < inner; first += 16) {
                    __m512i r[16];
                    for (int i = 0; i < 16; i++) {
                        whole tap = (first + i) / channels, c = (first + i) % channels;
                        whole from = 2 * y - 1 + tap / 4, at = 2 * x - 1 + tap % 4;
                        int inside = tap < 16 && from >= 0 && at >= 0 && from < 2 * height && at < 2 * width;
                        const float *pixel = pictures + ((c * 2 * height + from) * 2 * width + at) * batch + b;
                        r[i] = inside ? _mm512_loadu_si512(pixel) : _mm512_setzero_si512();
                    }
                    transpose(r);
                    bf16 *out = to + ((y * width + x) * batch + b) * inner + first;
                    for (int i = 0; i < 16; i++) store(out + i * inner, _mm512_castsi512_ps(r[i]));
                }
}

/* The transpose of `unfold`: windows (H, W, B, 16C) added where they overlap. */
void fold(const bf16 *windows, float *pictures, whole height, whole width, whole channels, whole batch) {
    memset(pictures, 0, 4 * height * width * channels * batch * sizeof(float));
#pragma omp parallel for schedule(static)
    for (whole b = 0; b < batch; b += 16)
        for (whole y = 0; y < height; y++)
            for (whole x = 0; x < width; x++)
                for (whole first = 0; first < 16 * channels; first += 16) {
                    __m512i r[16];
                    const bf16 *in = windows + ((y * width + x) * batch + b) * 16 * channels + first;
                    for (int i = 0; i < 16; i++) r[i] = _mm512_castps_si512(load(in + i * 16 * channels));
                    transpose(r);
                    for (int i = 0; i < 16; i++) {
                        whole tap = (first + i) / channels, c = (first + i) % channels;
                        whole to = 2 * y - 1 + tap / 4, at = 2 * x - 1 + tap % 4;
                        if (to < 0 || at < 0 || to >= 2 * height || at >= 2 * width) continue;
                        float *pixel = pictures + ((c * 2 * height + to) * 2 * width + at) * batch + b;
                        _mm512_storeu_ps(pixel, _mm512_add_ps(_mm512_loadu_ps(pixel), _mm512_castsi512_ps(r[i])));
                    }
                }
}

/* ---- the verdict: n numbers per picture, (B, n), from the whole of a map (pixels, B, C) and kernels (n, pixels, C) */

#define JUDGED 8 /* pictures, by one kernel after the other */
void judge(const bf16 *x, const float *kernels, float *verdicts, whole pixels, whole batch, whole c, whole n) {
#pragma omp parallel for schedule(static)
    for (whole first = 0; first < batch; first += JUDGED)
        for (whole i = 0; i < n; i++) {
            const float *kernel = kernels + i * pixels * c;
            __m512 sums[JUDGED];
            for (int b = 0; b < JUDGED; b++) sums[b] = _mm512_setzero_ps();
            for (whole p = 0; p < pixels; p++)
                for (whole k = 0; k < c; k += LANES)
                    for (int b = 0; b < JUDGED; b++) {
                        const bf16 *from = x + (p * batch + first + b) * c + k;
                        sums[b] = _mm512_fmadd_ps(load(from), _mm512_loadu_ps(kernel + p * c + k), sums[b]);
                    }
            for (int b = 0; b < JUDGED; b++) verdicts[(first + b) * n + i] = _mm512_reduce_add_ps(sums[b]);
        }
}

/* With one kernel, the gradients of x, with an ending of its own, whose lines are pixels, and of the kernel; either may
 * be NULL. */
void unjudge(const float *grads, const bf16 *x, const float *kernel, bf16 *x_grad, float *kernel_grad, whole pixels,
             whole batch, whole c, ending end) {
    whole images = batch / IMAGES;
#pragma omp parallel for schedule(static)
    for (whole p = 0; p < pixels; p++) {
        for (whole k = 0; kernel_grad && k < c; k += LANES) {
            __m512 sum = _mm512_setzero_ps();
            for (whole b = 0; b < batch; b++)
                sum = _mm512_fmadd_ps(load(x + (p * batch + b) * c + k), _mm512_set1_ps(grads[b]), sum);
            _mm512_storeu_ps(kernel_grad + p * c + k, sum);
        }
        float made[IMAGES * OUTPUTS] __attribute__((aligned(64)));
        for (whole image = 0; x_grad && image < images; image++) {
            whole at = (p * batch + image * IMAGES) * c;
            float *sums = line_sums(&end, p, images, image, c);
            if (sums) memset(sums, 0, 2 * c * sizeof(float));
            for (whole first = 0; first < c; first += OUTPUTS) {
                for (int row = 0; row < IMAGES; row++)
                    for (int k = 0; k < OUTPUTS; k++)
                        made[row * OUTPUTS + k] = grads[image * IMAGES + row] * kernel[p * c + first + k];
                place to = place_at(made, x_grad, at, first, c, image * end.groups / images, sums, &end);
                finish(&to, c, _mm512_set1_ps(end.slope), UNBEND, 2);
            }
        }
    }
}
