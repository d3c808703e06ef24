/* WalkBST: root, out, d1..dk, 0, nodes (value, left, right) becomes: cell 1 = value at the end. */
#include <stdint.h>

void walkbst(uint32_t *memory, uint32_t size)
{
    (void)size;
    uint32_t node = memory[0], path = 2, child;
    while ((child = memory[node + 1 + memory[path]]) != 0) {
        node = child;
        path++;
    }
    memory[1] = memory[node];
}
