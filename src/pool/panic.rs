//! The one place where a panic of an operation ends: it becomes an error of its job.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use crate::error::{Error, ErrorKind};

thread_local! {
    /// Where this thread's last panic began, while it is being caught; `None` outside.
    static CAUGHT_AT: RefCell<Option<String>> = const { RefCell::new(None) };
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Panics that [`catch`] turns into errors are not printed as well. All others are, as before.
pub(super) fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = take_hook();
        set_hook(Box::new(move |panic| {
            if CATCHING.get() {
                CAUGHT_AT.set(panic.location().map(ToString::to_string));
            } else {
                print(panic);
            }
        }));
    });
}

/// Runs `operation`; a panic is `ErrorKind::Panic` with its message and its place in the source.
pub(super) fn catch(operation: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    CATCHING.set(true);
    // What a panic leaves behind belongs to the job, and is dropped with it.
    let outcome = catch_unwind(AssertUnwindSafe(operation));
    CATCHING.set(false);
    outcome.unwrap_or_else(|payload| {
        let message = match CAUGHT_AT.take() {
            Some(location) => format!("{} ({location})", text(&*payload)),
            None => text(&*payload).to_owned(),
        };
        Err(ErrorKind::Panic { message }.into())
    })
}

/// The same error once more, for each job that one panic has ended.
pub(super) fn again(error: &Error) -> Error {
    let message = match error.kind() {
        ErrorKind::Panic { message } => message.clone(),
        other => unreachable!("only a panic ends jobs together, not {other:?}"),
    };
    ErrorKind::Panic { message }.into()
}

fn text(payload: &(dyn Any + Send)) -> &str {
    if let Some(text) = payload.downcast_ref::<&str>() {
        text
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text
    } else {
        "a payload that is no text"
    }
}

#[cfg(test)]
mod tests {
    use super::catch;

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        super::keep_quiet();
        let error = catch(|| panic!("{} apples", 3)).expect_err("it panics");
        assert_eq!(error.code(), "ERR_OFFLOOP_PANIC");
        let message = error.to_string();
        assert!(message.contains("3 apples (src"), "{message}");
        assert!(catch(|| Ok(())).is_ok());
        let error = catch(|| std::panic::panic_any(5)).expect_err("it panics");
        assert!(error.to_string().contains("no text"), "{error}");
    }
}
