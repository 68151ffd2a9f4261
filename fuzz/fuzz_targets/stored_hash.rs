//! Hostile hash strings: nothing panics, and what passes the limits can be verified.

#![no_main]

use libfuzzer_sys::fuzz_target;
use offloop::ops::kdf::Secret;
use offloop::ops::kdf::password::{Limits, Password, StoredHash};
use offloop::pool::{CancelToken, Context, LaneKind, Split};

const LIMITS: Limits = Limits {
    memory: 1 << 20,
    nanos: 20_000_000,
};

fuzz_target!(|text: &str| {
    let Ok(stored) = StoredHash::parse(text) else {
        return;
    };
    if stored.check(LIMITS).is_ok() {
        let password = Password {
            bytes: Secret::new(b"of none of the seeds".to_vec()),
            pepper: None,
        };
        let split = Split::new(LaneKind::Interactive, 1);
        let output = stored
            .work(password)
            .derive(&Context::new(&CancelToken::default(), &split));
        assert!(
            !stored.matches(&output.expect("nothing fails")),
            "a hash by chance"
        );
    }
});
