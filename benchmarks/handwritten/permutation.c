/* Permutation: a, P[0..n-1], A[0..n-1] with a = n+1 becomes: cells 1..n = A[P[i]]. */
#include <stdint.h>

void permutation(uint32_t *memory, uint32_t size)
{
    (void)size;
    uint32_t a = memory[0];
    for (uint32_t i = 1; i < a; i++)
        memory[i] = memory[a + memory[i]];
}
