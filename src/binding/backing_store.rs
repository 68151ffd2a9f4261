//! Holds the memory of an `ArrayBuffer` for as long as native code reads it. See
//! `backing_store.cc`.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use napi::sys;

/// A `std::shared_ptr<v8::BackingStore>`, opaque here. Movable, as any `shared_ptr` is by its
/// bytes: neither of its two pointers points into itself.
#[repr(C)]
struct OffloopHold([*mut c_void; 2]);

unsafe extern "C" {
    fn offloop_hold_load() -> bool;
    fn offloop_hold_acquire(
        array_buffer: *mut c_void,
        expected: *const c_void,
        hold: *mut OffloopHold,
    ) -> bool;
    fn offloop_hold_release(hold: *mut OffloopHold);
}

/// Whether this runtime is one whose memory can be held: Node itself, with the functions that
/// `backing_store.cc` needs. Set once, by [`BackingStore::enable`].
static ENABLED: OnceLock<bool> = OnceLock::new();

/// A reference to the bytes of an `ArrayBuffer` or `SharedArrayBuffer`. While it lives they stay
/// mapped, whatever becomes of the JavaScript object: transferred, collected, its isolate gone.
pub(super) struct BackingStore(OffloopHold);

// SAFETY: a shared_ptr may be dropped on any thread, its count is atomic. The BackingStore that
// the last one destroys is freed on V8's own sweeper threads too, so freeing is thread-safe.
unsafe impl Send for BackingStore {}
// SAFETY: nothing can be done with a shared reference to it.
unsafe impl Sync for BackingStore {}

impl BackingStore {
    /// Called with each environment's start; `node` says whether the runtime is Node's own build.
    pub(super) fn enable(node: bool) -> bool {
        // SAFETY: it only looks symbols up; `OnceLock` calls it once, before `acquire` can run.
        *ENABLED.get_or_init(|| node && unsafe { offloop_hold_load() })
    }

    /// Takes a reference to the memory of `array_buffer`, which must begin at `base`. `None` where
    /// it cannot be held.
    ///
    /// # Safety
    ///
    /// `array_buffer` is a live handle, on its own thread, to an `ArrayBuffer` or
    /// `SharedArrayBuffer` that is not detached.
    pub(super) unsafe fn acquire(array_buffer: sys::napi_value, base: *const u8) -> Option<Self> {
        if ENABLED.get() != Some(&true) {
            return None;
        }
        let mut hold = MaybeUninit::uninit();
        // SAFETY: the functions were found (ENABLED). In Node a napi_value is the slot of a
        // v8::Local, and the caller vouches for what it holds.
        let acquired =
            unsafe { offloop_hold_acquire(array_buffer.cast(), base.cast(), hold.as_mut_ptr()) };
        if !acquired {
            return None;
        }
        // SAFETY: on true the function has constructed the value.
        Some(Self(unsafe { hold.assume_init() }))
    }
}

impl Drop for BackingStore {
    fn drop(&mut self) {
        // SAFETY: `acquire` constructed it, and it is dropped once.
        unsafe { offloop_hold_release(&raw mut self.0) }
    }
}
