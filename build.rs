//! Links the addon: Node-API's flags, the C++ file that holds V8's backing stores, and on Linux
//! what keeps the library mapped and its symbols to itself.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_BINDING").is_none() {
        return;
    }
    napi_build::setup();

    println!("cargo:rerun-if-changed=src/binding/backing_store.cc");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .file("src/binding/backing_store.cc")
        // It uses templates of <memory> only: no exception, no type information, and no symbol of
        // a C++ library, so the addon depends on none.
        .flag_if_supported("-fno-exceptions")
        .flag_if_supported("-fno-rtti")
        .cpp_link_stdlib(None)
        .compile("offloop_backing_store");

    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // Thread-local destructors of the pool's threads must not run in an unmapped library
        // (rust-lang/rust#91979).
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
