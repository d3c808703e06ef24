/*
 * Runs batches on a machine without an operating system's library: requests on standard input,
 * answers on standard output. A request is {size, count, max_steps} and a tape: the memories with a
 * cell before and after them. The answer is the tape, the steps and the statuses.
 */
#include <stddef.h>
#include <stdint.h>

int32_t hardmax_run_batch(uint32_t *memories, uint32_t size, uint64_t count, uint64_t max_steps,
    uint64_t *steps, int32_t *statuses);

struct request {
    uint32_t size;
    uint32_t count;
    uint64_t max_steps;
};

enum { MAX_CELLS = 1 << 16, MAX_COUNT = 1 << 12 };

static uint32_t tape[MAX_CELLS];
static uint64_t steps[MAX_COUNT];
static int32_t statuses[MAX_COUNT];

#if defined(__x86_64__)
enum { READ = 0, WRITE = 1, EXIT = 60 };
#define ENTRY __attribute__((force_align_arg_pointer))
static long system_call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}
#else
#if defined(__aarch64__)
#define NUMBER "x8"
#define ARGUMENT(i) "x" #i
#define CALL "svc 0"
#elif defined(__riscv)
#define NUMBER "a7"
#define ARGUMENT(i) "a" #i
#define CALL "ecall"
#endif
enum { READ = 63, WRITE = 64, EXIT = 93 };
#define ENTRY
static long system_call(long number, long a, long b, long c)
{
    register long number_register __asm__(NUMBER) = number;
    register long first __asm__(ARGUMENT(0)) = a;
    register long second __asm__(ARGUMENT(1)) = b;
    register long third __asm__(ARGUMENT(2)) = c;
    __asm__ volatile(CALL
                     : "+r"(first)
                     : "r"(number_register), "r"(second), "r"(third)
                     : "memory");
    return first;
}
#endif

/* Moves all bytes, however many the system takes at a time; 0 where the input has ended. */
static int transfer(long call, void *data, size_t length)
{
    char *bytes = data;
    while (length > 0) {
        long done = system_call(call, call == WRITE, (long)bytes, (long)length);
        if (done <= 0)
            return 0;
        bytes += done;
        length -= (size_t)done;
    }
    return 1;
}

ENTRY void _start(void)
{
    struct request request;
    while (transfer(READ, &request, sizeof request)) {
        size_t cells = (size_t)request.size * request.count + 2;
        if (cells > MAX_CELLS || request.count > MAX_COUNT)
            system_call(EXIT, 2, 0, 0);
        transfer(READ, tape, cells * sizeof *tape);
        hardmax_run_batch(
            tape + 1, request.size, request.count, request.max_steps, steps, statuses);
        transfer(WRITE, tape, cells * sizeof *tape);
        transfer(WRITE, steps, request.count * sizeof *steps);
        transfer(WRITE, statuses, request.count * sizeof *statuses);
    }
    system_call(EXIT, 0, 0, 0);
    __builtin_unreachable();
}
