//! The one operation that safe code has no name for: asking for memory ahead of its use.

/// Asks for the memory of `place` to be brought to the first-level cache; changes nothing else.
///
/// The tables of the match finder fill a good part of the second-level cache and are read at
/// places that only their hash predicts. On processors without an instruction known here it does
/// nothing.
#[inline(always)]
pub(super) fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let place: *const T = place;
        // SAFETY: a prefetch reads and writes nothing that a program can observe and never
        // faults, whatever the address; SSE, which has it, is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = place;
    }
}
