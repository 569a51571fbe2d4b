/* pool.c: the worker threads. Workers sleep until `round` changes, then take task numbers from one atomic counter.
 * Since numbers rise, every task below a failed one has been taken; a worker runs those, so the lowest failure is the
 * same for any number of threads. Each worker keeps its own first failure, which is its lowest; the run picks the least.
 * Runs are short and follow one another, and to sleep and be woken takes longer than many of them: whoever waits looks
 * around for a while first. For a worker that is not awake when all tasks are taken nobody waits.
 * Linux often wakes a thread on the processor of the one that wakes it, though another is idle, and leaves both there for ten
 * milliseconds, longer than most runs take. So workers of a small pool are woken anywhere else.
 * Invariants: 1. `round`, `busy`, `under_way`, `closing`, and who sleeps or is placed, change under `lock` only.  2. Only
 * while `under_way` does a worker become busy; `busy` is 0 between runs, and nothing of a run is read by a worker then.
 * Threads: open, run and close by one thread at a time. */
#include "core/base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/base/memory.h"
#include "core/base/os.h"

enum {
    THREADS_MAX = 64,
    LOOKS = 64, /* between two looks at the clock */
    THREADS_PLACED = 8, /* of more, one that shares a processor does not matter, and to place them all takes too long */
};
#define WAIT_NS 100000u /* before it sleeps; about twice what waking takes */

/* One per thread, a cache line or more apart thanks to the error record's size. */
typedef struct lots_worker {
    struct lots_pool *pool;
    pthread_t thread;
    unsigned index;
    bool sleeps, placed;        /* placed: until it is awake it may not run on the caller's processor */
    lots_processors processors; /* of a placed one: those it might run on before, and may again once it is awake */
    size_t failed_task; /* SIZE_MAX: none */
    lots_error error;
} lots_worker;

struct lots_pool {
    lots_worker *workers; /* workers[0] is the caller's thread */
    unsigned threads;
    unsigned started; /* threads to join, workers[1..started] */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_cond_t idle;
    atomic_ullong round;
    atomic_uint busy; /* workers, the caller not among them */
    bool under_way;
    atomic_bool closing;
    bool waits; /* has a processor for each thread to wait on */

    lots_task task;
    void *context;
    size_t count;
    const _Atomic bool *stop;
    atomic_size_t next;
    atomic_size_t lowest_failed;
    atomic_bool interrupted;
};

/* Make the pool's lowest failure at most `task`. */
static void note_failure(lots_pool *pool, size_t task)
{
    size_t lowest = atomic_load(&pool->lowest_failed);
    while (task < lowest && !atomic_compare_exchange_weak(&pool->lowest_failed, &lowest, task)) {
    }
}

/* The next task that must run, or SIZE_MAX when the run is over for this worker. */
static size_t take_task(lots_pool *pool)
{
    /* Looking first keeps the counter from wrapping, whatever the count. */
    size_t task = atomic_load(&pool->next);
    do {
        if (task >= pool->count || task > atomic_load(&pool->lowest_failed))
            return SIZE_MAX;
    } while (!atomic_compare_exchange_weak(&pool->next, &task, task + 1));
    if (pool->stop != NULL && atomic_load(pool->stop)) {
        atomic_store(&pool->interrupted, true);
        return SIZE_MAX;
    }
    return task;
}

static void work(lots_worker *worker)
{
    lots_pool *pool = worker->pool;
    for (size_t task = take_task(pool); task != SIZE_MAX; task = take_task(pool)) {
        lots_error_clear(&worker->error);
        lots_status status = pool->task(pool->context, task, worker->index, &worker->error);
        if (status != LOTS_OK) {
            worker->error.status = status;
            worker->failed_task = task;
            note_failure(pool, task);
            return;
        }
    }
}

static inline void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

typedef bool (*lots_come)(const lots_pool *pool, uint64_t seen);

static bool has_begun(const lots_pool *pool, uint64_t seen) { return atomic_load(&pool->round) != seen || atomic_load(&pool->closing); }
static bool has_ended(const lots_pool *pool, uint64_t seen)
{
    (void)seen;
    return atomic_load(&pool->busy) == 0;
}

/* Look for a while whether it has come. */
static void look_out(const lots_pool *pool, lots_come come, uint64_t seen)
{
    const uint64_t start = lots_clock_ns();
    while (pool->waits && lots_clock_ns() - start < WAIT_NS)
        for (unsigned i = 0; i < LOOKS; i++) {
            if (come(pool, seen))
                return;
            pause_briefly();
        }
}

static void *run_worker(void *argument)
{
    lots_worker *worker = argument;
    lots_pool *pool = worker->pool;
    uint64_t seen = 0;
    for (;;) {
        look_out(pool, has_begun, seen);
        pthread_mutex_lock(&pool->lock);
        worker->sleeps = true;
        while (!has_begun(pool, seen))
            pthread_cond_wait(&pool->wake, &pool->lock);
        worker->sleeps = false;
        if (worker->placed)
            lots_thread_place(pthread_self(), &worker->processors, -1);
        worker->placed = false;
        const bool joins = pool->under_way && !pool->closing;
        seen = pool->round;
        pool->busy += joins;
        pthread_mutex_unlock(&pool->lock);
        if (pool->closing)
            return NULL;
        if (!joins)
            continue;
        work(worker);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->idle);
        pthread_mutex_unlock(&pool->lock);
    }
}

/* Start the other threads with every signal blocked, so that Ctrl-C reaches the thread that handles it. */
static int start_threads(lots_pool *pool)
{
    sigset_t all, before;
    int reason = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (reason == 0 && pool->started + 1 < pool->threads) {
        lots_worker *worker = &pool->workers[pool->started + 1];
        reason = pthread_create(&worker->thread, NULL, run_worker, worker);
        if (reason == 0)
            pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return reason;
}

static unsigned default_threads(void)
{
    unsigned processors = lots_processor_count();
    return processors < THREADS_MAX ? processors : THREADS_MAX;
}

lots_status lots_pool_open(lots_pool **out, unsigned threads, lots_error *err)
{
    void *block = NULL, *workers = NULL;
    *out = NULL;
    if (threads == 0)
        threads = default_threads();
    LOTS_TRY(lots_alloc(&block, 1, sizeof(lots_pool), err));
    lots_status status = lots_alloc(&workers, threads, sizeof(lots_worker), err);
    if (status != LOTS_OK) {
        lots_free(block);
        return status;
    }
    lots_pool *pool = block;
    pool->workers = workers;
    pool->threads = threads;
    pool->waits = threads <= lots_processor_count();
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->idle, NULL);
    for (unsigned i = 0; i < threads; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].index = i;
    }
    int reason = start_threads(pool);
    if (reason != 0) {
        char text[128];
        lots_os_reason(reason, text, sizeof text);
        unsigned first_missing = pool->started + 2;
        lots_pool_close(pool);
        return lots_fail(err, LOTS_IO, "can't start thread %u of %u: %s", first_missing, threads, text);
    }
    *out = pool;
    return LOTS_OK;
}

void lots_pool_close(lots_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    lots_free(pool->workers);
    lots_free(pool);
}

unsigned lots_pool_threads(const lots_pool *pool)
{
    return pool->threads;
}

static void prepare_run(lots_pool *pool, size_t count, lots_task task, void *context, const _Atomic bool *stop)
{
    pool->task = task;
    pool->context = context;
    pool->count = count;
    pool->stop = stop;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->lowest_failed, SIZE_MAX);
    atomic_store(&pool->interrupted, false);
    for (unsigned i = 0; i < pool->threads; i++)
        pool->workers[i].failed_task = SIZE_MAX;
}

static lots_status finish_run(lots_pool *pool, lots_error *err)
{
    size_t lowest = atomic_load(&pool->lowest_failed);
    for (unsigned i = 0; i < pool->threads && lowest != SIZE_MAX; i++) {
        const lots_worker *worker = &pool->workers[i];
        if (worker->failed_task == lowest) {
            if (err != NULL)
                *err = worker->error;
            return worker->error.status;
        }
    }
    if (atomic_load(&pool->interrupted))
        return lots_fail(err, LOTS_INTERRUPTED, "interrupted");
    return LOTS_OK;
}

/* Those who sleep will wake on other processors than the caller's. */
static void place_sleepers(lots_pool *pool)
{
    const int here = lots_processor_here();
    for (unsigned i = 1; i <= pool->started && pool->waits && pool->threads <= THREADS_PLACED; i++) {
        lots_worker *worker = &pool->workers[i];
        if (!worker->sleeps || worker->placed)
            continue;
        lots_thread_processors(worker->thread, &worker->processors);
        lots_thread_place(worker->thread, &worker->processors, here);
        worker->placed = true;
    }
}

/* Tasks can be taken from now on. */
static void begin_run(lots_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    assert(pool->busy == 0);
    pool->under_way = true;
    place_sleepers(pool);
    pool->round++;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

/* All are taken: nobody else joins, and those who did are waited for. */
static void end_run(lots_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->under_way = false;
    pthread_mutex_unlock(&pool->lock);
    look_out(pool, has_ended, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->idle, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

lots_status lots_pool_run(lots_pool *pool, size_t count, lots_task task, void *context, const _Atomic bool *stop,
                          lots_error *err)
{
    const bool alone = pool->threads == 1 || count <= 1;
    prepare_run(pool, count, task, context, stop);
    if (!alone)
        begin_run(pool);
    work(&pool->workers[0]);
    if (!alone)
        end_run(pool);
    return finish_run(pool, err);
}
