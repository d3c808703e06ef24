use std::ptr;

#[link(name = "copy", kind = "static")]
extern "C" {
    fn copy_run(memory: *mut u32, size: u32, max_steps: u64, steps: *mut u64) -> i32;
}

/// The one status that means that the answer is there.
const HALTED: i32 = 0;

/// Runs the program in place; the error is its status.
fn copy(memory: &mut [u32], max_steps: u64) -> Result<(), i32> {
    let size = u32::try_from(memory.len()).expect("a memory has fewer than 2^32 cells");
    // Safe: the program reads and writes memory[0..size] only, whatever it holds.
    let status = unsafe { copy_run(memory.as_mut_ptr(), size, max_steps, ptr::null_mut()) };
    if status == HALTED {
        Ok(())
    } else {
        Err(status)
    }
}

fn main() -> Result<(), i32> {
    let mut memory = [6, 2, 10, 6, 8, 9, 0, 0, 0, 0, 0, 0];
    copy(&mut memory, 1000)?;
    println!("{}", memory.map(|cell| cell.to_string()).join(" "));
    Ok(())
}
