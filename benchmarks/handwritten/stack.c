/*
 * A table with one stack or one queue, as a person would walk it: a row is {there, pop, cell to
 * push, output, next state}, a cell is a byte, value + 1. Returns 0 where every step was made.
 */
#include <stdint.h>

struct row {
    int32_t there, pop, push, output, next;
};

int stack(const struct row *table, uint8_t *cells, const uint32_t *symbols, uint64_t steps,
          uint32_t *outputs, uint32_t inputs, uint32_t reads, uint32_t capacity)
{
    uint64_t length = 0;
    uint32_t state = 0;
    for (uint64_t t = 0; t < steps; t++) {
        if (symbols[t] >= inputs)
            return 1;
        uint32_t top = length ? cells[length - 1] : 0;
        const struct row *row = &table[(state * inputs + symbols[t]) * reads + top];
        if (!row->there)
            return 2;
        if (row->pop && length)
            length--;
        if (row->push) {
            if (length == capacity)
                return 3;
            cells[length++] = (uint8_t)row->push;
        }
        outputs[t] = (uint32_t)row->output;
        state = (uint32_t)row->next;
    }
    return 0;
}

int queue(const struct row *table, uint8_t *cells, const uint32_t *symbols, uint64_t steps,
          uint32_t *outputs, uint32_t inputs, uint32_t reads, uint32_t capacity)
{
    uint64_t front = 0, length = 0;
    uint32_t state = 0;
    for (uint64_t t = 0; t < steps; t++) {
        if (symbols[t] >= inputs)
            return 1;
        uint32_t first = length ? cells[front] : 0;
        const struct row *row = &table[(state * inputs + symbols[t]) * reads + first];
        if (!row->there)
            return 2;
        if (row->pop && length) {
            front = front + 1 == capacity ? 0 : front + 1;
            length--;
        }
        if (row->push) {
            if (length == capacity)
                return 3;
            uint64_t back = front + length;
            cells[back < capacity ? back : back - capacity] = (uint8_t)row->push;
            length++;
        }
        outputs[t] = (uint32_t)row->output;
        state = (uint32_t)row->next;
    }
    return 0;
}
