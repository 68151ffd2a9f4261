//! Work of which one thread does several pieces side by side.

use std::any::{Any, TypeId};

use super::cancel::Context;

/// A piece of work that goes on in steps, where a thread that has several of them takes less time
/// to do them together than one after the other.
pub trait Lockstep: Send + 'static {
    /// Goes on with each piece, none of which has ended, by a step of about a millisecond: the time
    /// after which others may join or leave. A piece that fails has ended.
    fn advance(pieces: &mut [&mut Self], context: &Context<'_>)
    where
        Self: Sized;

    /// Whether nothing is left to do.
    fn has_ended(&self) -> bool;
}

/// What a lane sees of a [`Lockstep`], whose type it does not know.
pub trait Piece: Any + Send {
    /// Goes on with this piece and `others`, which are of the same type.
    fn advance_with(&mut self, others: &mut [&mut dyn Piece], context: &Context<'_>);

    /// As [`Lockstep::has_ended`].
    fn has_ended(&self) -> bool;
}

impl<L: Lockstep> Piece for L {
    fn advance_with(&mut self, others: &mut [&mut dyn Piece], context: &Context<'_>) {
        let mut pieces = vec![self];
        pieces.extend(others.iter_mut().map(|other| {
            let other: &mut dyn Any = *other;
            other
                .downcast_mut()
                .unwrap_or_else(|| unreachable!("a `Company` is of one type"))
        }));
        L::advance(&mut pieces, context);
    }

    fn has_ended(&self) -> bool {
        Lockstep::has_ended(self)
    }
}

/// Which jobs go together: those whose companies are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Company {
    piece: TypeId,
    variant: u64,
    most: usize,
}

impl Company {
    /// The company of jobs whose [`Piece`] is an `L`, at most `most` on one thread. Pieces that
    /// cannot go together although they are of one type differ in `variant`.
    #[must_use]
    pub fn of<L: Lockstep>(variant: u64, most: usize) -> Self {
        Self {
            piece: TypeId::of::<L>(),
            variant,
            most,
        }
    }

    pub(super) fn most(self) -> usize {
        self.most
    }
}
