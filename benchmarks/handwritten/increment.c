/* Increment: A[0..n-1], 0 becomes A[0]+1 .. A[n-1]+1. */
#include <stdint.h>

void increment(uint32_t *memory, uint32_t size)
{
    for (uint32_t i = 0; i < size && memory[i] != 0; i++)
        memory[i]++;
}
