//! What may follow what (RFC 8259, sections 2 to 5).

use super::scalar::Class;

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Expect {
    /// After `{`: a key or the end.
    FirstKey,
    /// After a comma in an object.
    Key,
    Colon,
    /// After a colon.
    Member,
    /// After a member.
    MemberEnd,
    /// After `[`: a value or the end.
    FirstElement,
    /// After a comma in an array.
    Element,
    /// After an element.
    ElementEnd,
    /// The value that is the text.
    Root,
    /// After it.
    Nothing,
    /// After a comma: a key or an element.
    KeyOrElement,
    /// After a string that is a key or an element.
    ColonOrElementEnd,
    /// After a value that is a member, an element or the text.
    AnyEnd,
    /// At the beginning of a segment, before its first operator.
    Unknown,
    /// After a token that may not be where it is.
    Wrong,
}

/// The container that a state is in, where it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Container {
    Object,
    Array,
}

impl Expect {
    /// What comes after a string.
    pub(super) const fn after_string(self) -> Option<Self> {
        match self {
            Self::FirstKey | Self::Key => Some(Self::Colon),
            Self::KeyOrElement => Some(Self::ColonOrElementEnd),
            _ => self.after_value(),
        }
    }

    /// What comes after a value that is no string.
    pub(super) const fn after_value(self) -> Option<Self> {
        match self {
            Self::Member => Some(Self::MemberEnd),
            Self::FirstElement | Self::Element | Self::KeyOrElement => Some(Self::ElementEnd),
            Self::Root => Some(Self::Nothing),
            _ => None,
        }
    }

    pub(super) const fn after_colon(self) -> Option<Self> {
        match self {
            Self::Colon | Self::ColonOrElementEnd => Some(Self::Member),
            _ => None,
        }
    }

    pub(super) const fn after_comma(self) -> Option<Self> {
        match self {
            Self::MemberEnd => Some(Self::Key),
            Self::ElementEnd | Self::ColonOrElementEnd => Some(Self::Element),
            Self::AnyEnd => Some(Self::KeyOrElement),
            _ => None,
        }
    }

    pub(super) fn may_close(self, container: Container) -> bool {
        match container {
            Container::Object => matches!(self, Self::FirstKey | Self::MemberEnd | Self::AnyEnd),
            Container::Array => matches!(
                self,
                Self::FirstElement | Self::ElementEnd | Self::ColonOrElementEnd | Self::AnyEnd
            ),
        }
    }

    /// What comes after what neither opens nor closes anything: a string counts as one.
    const fn after(self, class: Class) -> Self {
        let next = match class {
            Class::Quote => self.after_string(),
            Class::Colon => self.after_colon(),
            Class::Comma => self.after_comma(),
            _ => self.after_value(),
        };
        match next {
            Some(next) => next,
            None => Self::Wrong,
        }
    }

    /// The container that this is in; `None` where it may be either, or none.
    fn container(self) -> Option<Container> {
        match self {
            Self::FirstKey | Self::Key | Self::Colon | Self::Member | Self::MemberEnd => {
                Some(Container::Object)
            }
            Self::FirstElement | Self::Element | Self::ElementEnd => Some(Container::Array),
            _ => None,
        }
    }

    /// The same where it is known what it is in: `None` for the text itself.
    pub(super) fn within(self, container: Option<Container>) -> Option<Self> {
        use Container::{Array, Object};
        match (self, container) {
            (Self::KeyOrElement, Some(Object)) => Some(Self::Key),
            (Self::KeyOrElement, Some(Array)) => Some(Self::Element),
            (Self::ColonOrElementEnd, Some(Object)) => Some(Self::Colon),
            (Self::ColonOrElementEnd | Self::AnyEnd, Some(Array)) => Some(Self::ElementEnd),
            (Self::AnyEnd, Some(Object)) => Some(Self::MemberEnd),
            (Self::AnyEnd, None) => Some(Self::Nothing),
            (Self::KeyOrElement | Self::ColonOrElementEnd, None) => None,
            (known, container) => (known.container() == container).then_some(known),
        }
    }
}

/// What comes after what, by the state and the class of the token: no branch for what neither opens
/// nor closes anything, which is most of a text.
pub(super) const NEXT: [[Expect; 4]; ALL.len()] = {
    let mut next = [[Expect::Wrong; 4]; ALL.len()];
    let mut index = 0;
    while index < ALL.len() {
        let expect = ALL[index];
        next[index] = [
            expect.after(Class::Quote),
            expect.after(Class::Colon),
            expect.after(Class::Comma),
            expect.after(Class::Scalar),
        ];
        index += 1;
    }
    next
};

const ALL: [Expect; 15] = {
    use Expect as E;
    [
        E::FirstKey,
        E::Key,
        E::Colon,
        E::Member,
        E::MemberEnd,
        E::FirstElement,
        E::Element,
        E::ElementEnd,
        E::Root,
        E::Nothing,
        E::KeyOrElement,
        E::ColonOrElementEnd,
        E::AnyEnd,
        E::Unknown,
        E::Wrong,
    ]
};
