//! What is computed: bytes and options in, `Result` out.

pub mod digest;
