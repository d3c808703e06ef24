/* Access: k, A[0..n-1], 0 becomes: cell 0 = cell k. */
#include <stdint.h>

void access(uint32_t *memory, uint32_t size)
{
    (void)size;
    memory[0] = memory[memory[0]];
}
