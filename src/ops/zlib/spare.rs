//! The memory of the last large output, kept for the next one.
//!
//! Fresh memory costs more than decompressing into it where the system has to find its pages first:
//! on a virtual machine whose host had taken them back, 50 MB took up to 900 ms, against 60 ms of
//! work. So one buffer is not given back when JavaScript drops it.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is kept is not smaller than this, nor larger.
const SMALLEST: usize = 1 << 20;
const LARGEST: usize = 64 << 20;

static SPARE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<u8>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `length` bytes of anything, where the kept ones are as many, and not far more.
pub(super) fn take(length: usize) -> Option<Vec<u8>> {
    let mut spare = lock();
    if length < SMALLEST || spare.len() < length || spare.len() / 2 > length {
        return None;
    }
    let mut bytes = mem::take(&mut *spare);
    bytes.truncate(length);
    Some(bytes)
}

/// Keeps `bytes`, if they are more than those that are kept.
pub(super) fn put(bytes: Vec<u8>) {
    if !(SMALLEST..=LARGEST).contains(&bytes.capacity()) {
        return;
    }
    let mut spare = lock();
    let other = if spare.len() < bytes.len() {
        mem::replace(&mut *spare, bytes)
    } else {
        bytes
    };
    // The system takes it back, which can last.
    drop(spare);
    drop(other);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_large_buffer_is_kept_and_given_out_once() {
        let large = vec![7; 3 * SMALLEST];
        let address = large.as_ptr();
        put(large);
        put(vec![8; SMALLEST]);
        assert_eq!(take(SMALLEST), None, "it would be three times as much");
        assert_eq!(take(4 * SMALLEST), None);
        let again = take(2 * SMALLEST).expect("it is kept");
        assert_eq!((again.as_ptr(), again.len()), (address, 2 * SMALLEST));
        assert_eq!(take(2 * SMALLEST), None);
        put(vec![9; LARGEST + 1]);
        assert_eq!(take(LARGEST), None);
    }
}
