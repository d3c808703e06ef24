/* Swap: p, q, A[0..n-1], 0 becomes A with cells p and q exchanged. */
#include <stdint.h>

void swap(uint32_t *memory, uint32_t size)
{
    (void)size;
    uint32_t p = memory[0], q = memory[1];
    uint32_t element = memory[p];
    memory[p] = memory[q];
    memory[q] = element;
}
