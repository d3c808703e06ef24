/* Reverse: p, A[0..n-1] with p = n+1 becomes: cells p..p+n-1 = A reversed. */
#include <stdint.h>

void reverse(uint32_t *memory, uint32_t size)
{
    (void)size;
    uint32_t p = memory[0];
    for (uint32_t i = 1; i < p; i++)
        memory[2 * p - 1 - i] = memory[i];
}
