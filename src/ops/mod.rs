//! What is computed: bytes and options in, `Result` out.

#[cfg(target_arch = "x86_64")]
mod avx2;
mod columns;
pub mod csv;
pub mod digest;
mod file;
pub mod json;
pub mod kdf;
mod sha2_tables;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
mod source;
pub mod table;
pub mod zlib;
