//! How far below the JavaScript thread a lane's threads run.
//!
//! Measured on two cores, the event loop's p99 delay beside busy threads: two at nice 0 4.0 ms,
//! at +3 1.2 ms, at +5 0.5 ms, at +10 0.4 ms; four at nice 0 7.1 ms, at +5 4.8 ms, at +10 0.4 ms.

use super::LaneKind;

/// Lowers the calling thread to `lane`'s priority, once, at its start. Returns whether the system
/// allowed it; the lane works all the same where it did not.
#[cfg(target_os = "linux")]
pub(super) fn lower(lane: LaneKind) -> bool {
    use rustix::process::{getpriority_process, setpriority_process};
    // Linux keeps one nice value a thread, and `None` names the calling one. The values add to
    // the process's own, so a service that is itself niced keeps the distance.
    let distance = match lane {
        LaneKind::Interactive => 5,
        LaneKind::Bulk => 10,
    };
    getpriority_process(None)
        .and_then(|own| setpriority_process(None, (own + distance).min(19)))
        .is_ok()
}

/// See the Linux version. Here the priorities are classes of the system.
#[cfg(not(target_os = "linux"))]
pub(super) fn lower(lane: LaneKind) -> bool {
    use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
    // 50 is the middle of this crate's scale of 0 to 99, the priority of a thread just made.
    let value = match lane {
        LaneKind::Interactive => 35u8,
        LaneKind::Bulk => 10u8,
    };
    ThreadPriorityValue::try_from(value).is_ok_and(|value| {
        set_current_thread_priority(ThreadPriority::Crossplatform(value)).is_ok()
    })
}
