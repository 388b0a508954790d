/* How fast this machine does what cannot be avoided: decoding the input, encoding and writing the output, streaming
   through memory.

     floor decode THREADS < CHUNKS           reads and decodes every chunk; best of 3
     floor encode THREADS CODEC LEVEL DIR < CHUNKS
                                             decodes them all (untimed), then encodes each and writes it to a new file
                                            in DIR, once, so that the kernel's price for new pages is paid
     floor stream THREADS                    STREAM triad

   A line of CHUNKS is `codec path offset length decoded-length shuffled`, where the codec is raw, zstd or zlib. Elements
   have 4 bytes. Prints one JSON object.

   cc -O3 -march=native -o floor floor.c -ldeflate -lzstd -lpthread */
#define _GNU_SOURCE
#include <emmintrin.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#define MAX_THREADS 256

typedef struct {
  char codec[8], path[1024];
  long offset, length, decoded;
  int shuffled;
} Chunk;

static Chunk *chunks;
static unsigned char **values; /* of each chunk, where they are kept */
static long count, next_chunk, written;
static const char *out_dir, *out_codec;
static int level;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

/* Seconds that some threads take for `work`, which takes chunk after chunk. */
static double parallel(int threads, void *(*work)(void *), void *argument) {
  pthread_t started[MAX_THREADS];
  next_chunk = 0;
  double start = now();
  for (int i = 0; i < threads; i++) pthread_create(started + i, 0, work, argument);
  for (int i = 0; i < threads; i++) pthread_join(started[i], 0);
  return now() - start;
}

static void unshuffle(const unsigned char *from, unsigned char *to, long length) {
  long n = length / 4, i = 0;
  const unsigned char *b0 = from, *b1 = from + n, *b2 = from + 2 * n, *b3 = from + 3 * n;
  for (; i + 16 <= n; i += 16) {
    __m128i v0 = _mm_loadu_si128((void *)(b0 + i)), v1 = _mm_loadu_si128((void *)(b1 + i));
    __m128i v2 = _mm_loadu_si128((void *)(b2 + i)), v3 = _mm_loadu_si128((void *)(b3 + i));
    __m128i low01 = _mm_unpacklo_epi8(v0, v1), high01 = _mm_unpackhi_epi8(v0, v1);
    __m128i low23 = _mm_unpacklo_epi8(v2, v3), high23 = _mm_unpackhi_epi8(v2, v3);
    _mm_storeu_si128((void *)(to + 4 * i), _mm_unpacklo_epi16(low01, low23));
    _mm_storeu_si128((void *)(to + 4 * i + 16), _mm_unpackhi_epi16(low01, low23));
    _mm_storeu_si128((void *)(to + 4 * i + 32), _mm_unpacklo_epi16(high01, high23));
    _mm_storeu_si128((void *)(to + 4 * i + 48), _mm_unpackhi_epi16(high01, high23));
  }
  for (; i < n; i++) {
    to[4 * i] = b0[i];
    to[4 * i + 1] = b1[i];
    to[4 * i + 2] = b2[i];
    to[4 * i + 3] = b3[i];
  }
}

static void shuffle(const unsigned char *from, unsigned char *to, long length) {
  long n = length / 4, i = 0;
  const __m128i mask = _mm_set1_epi32(0xff);
  for (; i + 16 <= n; i += 16) {
    __m128i v[4];
    for (int k = 0; k < 4; k++) v[k] = _mm_loadu_si128((void *)(from + 4 * i + 16 * k));
    for (int byte = 0; byte < 4; byte++) {
      __m128i part[4];
      for (int k = 0; k < 4; k++) part[k] = _mm_and_si128(_mm_srl_epi32(v[k], _mm_cvtsi32_si128(8 * byte)), mask);
      __m128i low = _mm_packs_epi32(part[0], part[1]), high = _mm_packs_epi32(part[2], part[3]);
      _mm_storeu_si128((void *)(to + byte * n + i), _mm_packus_epi16(low, high));
    }
  }
  for (; i < n; i++)
    for (int byte = 0; byte < 4; byte++) to[byte * n + i] = from[4 * i + byte];
}

/* What a thread works with: buffers that grow, contexts of the codecs, the file that was opened last. */
typedef struct {
  struct libdeflate_decompressor *inflate;
  struct libdeflate_compressor *deflate;
  ZSTD_DCtx *zstd_in;
  ZSTD_CCtx *zstd_out;
  unsigned char *stored, *plain, *result;
  size_t stored_size, plain_size;
  char path[1024];
  int file;
} Worker;

static Worker worker(void) {
  Worker w = {0};
  w.inflate = libdeflate_alloc_decompressor();
  w.deflate = libdeflate_alloc_compressor(level > 0 ? level : 1);
  w.zstd_in = ZSTD_createDCtx();
  w.zstd_out = ZSTD_createCCtx();
  w.file = -1;
  return w;
}

static void drop(Worker *w) {
  libdeflate_free_decompressor(w->inflate);
  libdeflate_free_compressor(w->deflate);
  ZSTD_freeDCtx(w->zstd_in);
  ZSTD_freeCCtx(w->zstd_out);
  free(w->stored);
  free(w->plain);
  free(w->result);
  if (w->file >= 0) close(w->file);
}

static void grow(Worker *w, size_t stored, size_t plain) {
  if (stored > w->stored_size) w->stored = realloc(w->stored, w->stored_size = stored);
  if (plain > w->plain_size) {
    w->plain_size = plain;
    w->plain = realloc(w->plain, plain);
    w->result = realloc(w->result, plain);
  }
}

static void decode_chunk(Worker *w, const Chunk *c, unsigned char *to) {
  unsigned char *plain = c->shuffled ? w->plain : to;
  int bad;
  if (strcmp(w->path, c->path)) {
    if (w->file >= 0) close(w->file);
    if ((w->file = open(c->path, O_RDONLY)) < 0) fail(c->path);
    strcpy(w->path, c->path);
  }
  if (!strcmp(c->codec, "raw")) {
    bad = pread(w->file, plain, c->decoded, c->offset) != c->decoded;
  } else {
    bad = pread(w->file, w->stored, c->length, c->offset) != c->length;
    if (!strcmp(c->codec, "zstd")) {
      bad |= ZSTD_decompressDCtx(w->zstd_in, plain, c->decoded, w->stored, c->length) != (size_t)c->decoded;
    } else {
      size_t got;
      bad |= libdeflate_zlib_decompress(w->inflate, w->stored, c->length, plain, c->decoded, &got) != 0;
    }
  }
  if (bad) {
    fprintf(stderr, "bad chunk %s@%ld\n", c->path, c->offset);
    exit(1);
  }
  if (c->shuffled) unshuffle(plain, to, c->decoded);
}

/* Decodes chunks; keeps their values where `keep` is not null. */
static void *decode(void *keep) {
  Worker w = worker();
  for (long i; (i = __sync_fetch_and_add(&next_chunk, 1)) < count;) {
    grow(&w, chunks[i].length, chunks[i].decoded);
    decode_chunk(&w, chunks + i, keep ? (values[i] = malloc(chunks[i].decoded)) : w.result);
  }
  drop(&w);
  return 0;
}

static void *encode(void *unused) {
  (void)unused;
  Worker w = worker();
  char path[1200];
  for (long i; (i = __sync_fetch_and_add(&next_chunk, 1)) < count;) {
    size_t n = chunks[i].decoded, length = n;
    unsigned char *bytes = values[i];
    if (!strcmp(out_codec, "zstd")) {
      grow(&w, ZSTD_compressBound(n), 0);
      length = ZSTD_compressCCtx(w.zstd_out, w.stored, w.stored_size, bytes, n, level);
      bytes = w.stored;
    } else if (!strcmp(out_codec, "zlib")) {
      grow(&w, libdeflate_zlib_compress_bound(w.deflate, n), n);
      shuffle(bytes, w.plain, n);
      length = libdeflate_zlib_compress(w.deflate, w.plain, n, w.stored, w.stored_size);
      bytes = w.stored;
    }
    snprintf(path, sizeof path, "%s/%ld", out_dir, i);
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    if (file < 0 || write(file, bytes, length) != (ssize_t)length) fail(path);
    close(file);
    __sync_fetch_and_add(&written, (long)length);
  }
  drop(&w);
  return 0;
}

static double *a, *b, *c;
static long elements, parts;

static void *triad(void *unused) {
  (void)unused;
  long part = __sync_fetch_and_add(&next_chunk, 1);
  for (long i = elements / parts * part; i < elements / parts * (part + 1); i++) a[i] = b[i] + 3. * c[i];
  return 0;
}

static void stream(int threads) {
  elements = 1L << 26;
  parts = threads;
  a = malloc(elements * 8);
  b = malloc(elements * 8);
  c = malloc(elements * 8);
  for (long i = 0; i < elements; i++) a[i] = b[i] = c[i] = 1;
  double best = 1e9;
  for (int r = 0; r < 5; r++) {
    double t = parallel(threads, triad, 0);
    if (t < best) best = t;
  }
  printf("{\"triad\": %.4g}\n", 24. * elements / best);
}

static void read_chunks(void) {
  Chunk chunk;
  long room = 0;
  while (scanf("%7s %1023s %ld %ld %ld %d", chunk.codec, chunk.path, &chunk.offset, &chunk.length, &chunk.decoded,
               &chunk.shuffled) == 6) {
    if (count == room) chunks = realloc(chunks, (room = room * 2 + 64) * sizeof *chunks);
    chunks[count++] = chunk;
  }
  values = calloc(count + 1, sizeof *values);
}

int main(int n, char **arguments) {
  if (n < 3) return 2;
  int threads = atoi(arguments[2]);
  if (threads < 1 || threads > MAX_THREADS) return 2;
  if (!strcmp(arguments[1], "stream")) return stream(threads), 0;
  read_chunks();
  double best = 1e9;
  if (!strcmp(arguments[1], "encode") && n == 6) {
    out_codec = arguments[3];
    level = atoi(arguments[4]);
    out_dir = arguments[5];
    parallel(threads, decode, chunks);
    best = parallel(threads, encode, 0);
  } else {
    for (int r = 0; r < 3; r++) {
      double t = parallel(threads, decode, 0);
      if (t < best) best = t;
    }
  }
  printf("{\"seconds\": %.5f, \"chunks\": %ld, \"written\": %ld}\n", best, count, written);
  return 0;
}
