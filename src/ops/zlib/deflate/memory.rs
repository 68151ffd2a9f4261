//! Arrays on the heap, allocated so that memory that runs out is an error.

use std::collections::TryReserveError;

/// An array of `N` times `value` on the heap.
pub(super) fn boxed<T: Copy, const N: usize>(value: T) -> Result<Box<[T; N]>, TryReserveError> {
    let mut items = Vec::new();
    items.try_reserve_exact(N)?;
    items.resize(N, value);
    match <Box<[T; N]>>::try_from(items.into_boxed_slice()) {
        Ok(array) => Ok(array),
        Err(_) => unreachable!("a slice of N items is an array of N items"),
    }
}
