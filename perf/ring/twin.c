/*
 * The C twin of src/core/slot-ring.ts, its yardstick: the same layout (slots of 16 words, cursors
 * 128 bytes apart), the same batches, cached copies of the other side's cursor, and the same work a
 * slot: the producer fills 16 words, the consumer folds 16 words into a checksum. Two pthreads, one
 * on each of two cpus. Cursors are C11 atomics, published by a release store, which is the least
 * that C needs (JavaScript has only the sequentially consistent one).
 *
 *   twin ring BATCH SLOTS PASSES CAPACITY CPU_A CPU_B   ns per slot, the median of the passes, and
 *                                                the checksum of a pass
 *   twin hop  TRIPS CPU_A CPU_B                  one way through the ring: half a round trip
 *   twin raw  TRIPS CPU_A CPU_B                  the same over two bare cache lines
 *
 * Prints one line of JSON. Build: gcc -O2 -pthread -std=gnu11 twin.c -o twin
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOT_WORDS 16
#define STRIDE_WORDS 32
#define HOP_CAPACITY 64
#define STAMPS_COSTED 20000

typedef struct {
  _Atomic uint32_t *control;
  uint32_t *words;
  uint32_t capacity;
} ring_t;

typedef struct {
  ring_t ring;
  uint32_t mask, claimed, published, tail_seen;
} writer_t;

typedef struct {
  ring_t ring;
  uint32_t mask, next, head_seen;
} reader_t;

static ring_t ring_take(uint32_t capacity) {
  ring_t ring = {0};
  ring.capacity = capacity;
  size_t bytes = (size_t)capacity * SLOT_WORDS * sizeof(uint32_t);
  ring.control = aligned_alloc(4096, 4096);
  ring.words = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
  if (ring.control == NULL || ring.words == NULL) abort();
  memset((void *)ring.control, 0, 4096);
  memset(ring.words, 0, bytes);
  return ring;
}

static writer_t writer_of(ring_t ring) { return (writer_t){ring, ring.capacity - 1, 0, 0, 0}; }

static reader_t reader_of(ring_t ring) { return (reader_t){ring, ring.capacity - 1, 0, 0}; }

static inline int64_t claim(writer_t *w) {
  if (w->claimed - w->tail_seen >= w->ring.capacity) {
    w->tail_seen = atomic_load_explicit(&w->ring.control[STRIDE_WORDS], memory_order_acquire);
    if (w->claimed - w->tail_seen >= w->ring.capacity) return -1;
  }
  return (int64_t)(w->claimed++ & w->mask) * SLOT_WORDS;
}

static inline void publish(writer_t *w) {
  if (w->claimed == w->published) return;
  w->published = w->claimed;
  atomic_store_explicit(&w->ring.control[0], w->claimed, memory_order_release);
}

static inline uint32_t available(reader_t *r) {
  uint32_t count = r->head_seen - r->next;
  if (count == 0) {
    r->head_seen = atomic_load_explicit(&r->ring.control[0], memory_order_acquire);
    count = r->head_seen - r->next;
  }
  return count;
}

static inline void release(reader_t *r, uint32_t count) {
  r->next += count;
  atomic_store_explicit(&r->ring.control[STRIDE_WORDS], r->next, memory_order_release);
}

static inline void fill(uint32_t *words, int64_t at, uint32_t from) {
  for (uint32_t w = 0; w < SLOT_WORDS; w++) words[at + w] = from + w;
}

static inline uint32_t fold(const uint32_t *words, int64_t at, uint32_t sum) {
  for (uint32_t w = 0; w < SLOT_WORDS; w++) sum += words[at + w];
  return sum;
}

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
    fprintf(stderr, "twin: cpu %d may not be used\n", cpu);
    exit(4);
  }
}

/* What the second thread is told. */
typedef struct {
  ring_t to, from;
  int cpu;
  uint32_t count, passes;
  uint32_t sum;
  _Atomic uint32_t *lines;
  _Atomic int ready;
  /* Passes that the consumer has finished. */
  _Atomic uint32_t done;
} job_t;

static void *consume(void *argument) {
  job_t *job = argument;
  pin(job->cpu);
  reader_t reader = reader_of(job->to);
  atomic_store(&job->ready, 1);
  for (uint32_t pass = 1; pass <= job->passes; pass++) {
    uint32_t sum = 0;
    for (uint32_t left = job->count; left > 0;) {
      uint32_t count = available(&reader);
      if (count == 0) continue;
      for (uint32_t i = 0; i < count; i++) {
        sum = fold(reader.ring.words, (int64_t)((reader.next + i) & reader.mask) * SLOT_WORDS, sum);
      }
      release(&reader, count);
      left -= count;
    }
    job->sum = sum;
    atomic_store(&job->done, pass);
  }
  return NULL;
}

static void *echo(void *argument) {
  job_t *job = argument;
  pin(job->cpu);
  reader_t reader = reader_of(job->to);
  writer_t writer = writer_of(job->from);
  uint32_t sum = 0;
  atomic_store(&job->ready, 1);
  for (uint32_t i = 0; i < job->count; i++) {
    while (available(&reader) == 0) continue;
    sum = fold(reader.ring.words, (int64_t)(reader.next & reader.mask) * SLOT_WORDS, sum);
    fill(writer.ring.words, claim(&writer), sum);
    publish(&writer);
    release(&reader, 1);
  }
  job->sum = sum;
  return NULL;
}

static void *echo_raw(void *argument) {
  job_t *job = argument;
  pin(job->cpu);
  atomic_store(&job->ready, 1);
  for (uint32_t i = 1; i <= job->count; i++) {
    while (atomic_load_explicit(&job->lines[0], memory_order_acquire) != i) continue;
    atomic_store_explicit(&job->lines[STRIDE_WORDS], i, memory_order_release);
  }
  return NULL;
}

static pthread_t start(job_t *job, void *(*body)(void *)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, job) != 0) abort();
  while (atomic_load(&job->ready) == 0) continue;
  return thread;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* One pass of the producer. */
static void produce(writer_t *writer, uint32_t batch, uint32_t slots) {
  uint32_t in_batch = 0;
  for (uint32_t i = 0; i < slots; i++) {
    int64_t at = claim(writer);
    while (at < 0) {
      publish(writer);
      in_batch = 0;
      at = claim(writer);
    }
    fill(writer->ring.words, at, i);
    if (++in_batch == batch) {
      publish(writer);
      in_batch = 0;
    }
  }
  publish(writer);
}

static void run_ring(uint32_t batch, uint32_t slots, uint32_t passes, uint32_t capacity, int cpu_a,
                     int cpu_b) {
  pin(cpu_a);
  job_t job = {.to = ring_take(capacity), .cpu = cpu_b, .count = slots, .passes = passes};
  double *ns = calloc(passes, sizeof *ns);
  writer_t writer = writer_of(job.to);
  pthread_t thread = start(&job, consume);
  for (uint32_t pass = 1; pass <= passes; pass++) {
    double started = now_ns();
    produce(&writer, batch, slots);
    while (atomic_load(&job.done) < pass) continue;
    ns[pass - 1] = (now_ns() - started) / slots;
  }
  pthread_join(thread, NULL);
  qsort(ns, passes, sizeof *ns, by_value);
  printf("{\"ns\":%.4f,\"sum\":%d}\n", ns[passes / 2], (int32_t)job.sum);
}

/* Turns stamps into sorted distances. */
static void distances(double *stamps, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) stamps[i] = stamps[i + 1] - stamps[i];
  qsort(stamps, count, sizeof *stamps, by_value);
}

/* What a stamp itself costs: it lies inside every round trip. */
static double stamp_cost(void) {
  static double stamps[STAMPS_COSTED + 1];
  for (uint32_t i = 0; i <= STAMPS_COSTED; i++) stamps[i] = now_ns();
  distances(stamps, STAMPS_COSTED);
  return stamps[STAMPS_COSTED / 2];
}

/* Prints the percentiles of half the distances between stamps, less what a stamp costs. */
static void print_trips(double *stamps, uint32_t trips, uint32_t sum) {
  double cost = stamp_cost();
  distances(stamps, trips);
  printf("{\"p50\":%.1f,\"p99\":%.1f,\"sum\":%d}\n", (stamps[trips / 2] - cost) / 2,
         (stamps[(uint64_t)trips * 99 / 100] - cost) / 2, (int32_t)sum);
}

static void run_hop(uint32_t trips, int cpu_a, int cpu_b) {
  pin(cpu_a);
  job_t job = {.to = ring_take(HOP_CAPACITY), .from = ring_take(HOP_CAPACITY), .cpu = cpu_b};
  job.count = trips;
  double *stamps = calloc(trips + 1, sizeof *stamps);
  writer_t writer = writer_of(job.to);
  reader_t reader = reader_of(job.from);
  uint32_t sum = 0;
  pthread_t thread = start(&job, echo);
  for (uint32_t i = 0; i < trips; i++) {
    stamps[i] = now_ns();
    fill(writer.ring.words, claim(&writer), i);
    publish(&writer);
    if (i > 0) release(&reader, 1);
    while (available(&reader) == 0) continue;
    sum = fold(reader.ring.words, (int64_t)(reader.next & reader.mask) * SLOT_WORDS, sum);
  }
  release(&reader, 1);
  stamps[trips] = now_ns();
  pthread_join(thread, NULL);
  print_trips(stamps, trips, sum);
}

static void run_raw(uint32_t trips, int cpu_a, int cpu_b) {
  pin(cpu_a);
  job_t job = {.cpu = cpu_b, .count = trips};
  job.lines = aligned_alloc(4096, 4096);
  memset((void *)job.lines, 0, 4096);
  double *stamps = calloc(trips + 1, sizeof *stamps);
  pthread_t thread = start(&job, echo_raw);
  for (uint32_t i = 1; i <= trips; i++) {
    stamps[i - 1] = now_ns();
    atomic_store_explicit(&job.lines[0], i, memory_order_release);
    while (atomic_load_explicit(&job.lines[STRIDE_WORDS], memory_order_acquire) != i) continue;
  }
  stamps[trips] = now_ns();
  pthread_join(thread, NULL);
  print_trips(stamps, trips, trips);
}

int main(int argc, char **argv) {
  if (argc == 8 && strcmp(argv[1], "ring") == 0) {
    run_ring((uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]),
             (uint32_t)atoi(argv[5]), atoi(argv[6]), atoi(argv[7]));
  } else if (argc == 5 && strcmp(argv[1], "hop") == 0) {
    run_hop((uint32_t)atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
  } else if (argc == 5 && strcmp(argv[1], "raw") == 0) {
    run_raw((uint32_t)atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
  } else {
    fprintf(stderr, "twin ring BATCH SLOTS PASSES CAPACITY A B | hop TRIPS A B | raw TRIPS A B\n");
    return 2;
  }
  return 0;
}
