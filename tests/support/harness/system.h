/* Standard input and output without an operating system's library, for one C file. */
#include <stddef.h>
#include <stdint.h>

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
