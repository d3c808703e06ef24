package main

// #cgo LDFLAGS: -L${SRCDIR} -lcopy
// #include "libcopy.h"
import "C"

import (
	"fmt"
	"log"
	"strings"
)

// Copy runs the program in place.
func Copy(memory []uint32) error {
	size := C.uint32_t(len(memory))
	cells := (*C.uint32_t)(&memory[0])
	if status := C.copy_run(cells, size, C.copy_step_budget(size), nil); status != C.COPY_HALTED {
		return fmt.Errorf("status %d", status)
	}
	return nil
}

func main() {
	memory := []uint32{6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0}
	if err := Copy(memory); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Trim(fmt.Sprint(memory), "[]"))
}
