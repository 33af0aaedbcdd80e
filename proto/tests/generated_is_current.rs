//! The checked-in Rust is what the `.proto` files generate today.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const FILES: [&str; 3] = [
    "tendermint/p2p/conn.proto",
    "tendermint/p2p/pex.proto",
    "tendermint/p2p/types.proto",
];

// protox reads the files and prost-build writes the Rust, so no `protoc` is needed.
fn generate(root: &Path) -> Result<String, Box<dyn Error>> {
    let requests = protox::compile(FILES, [root])?
        .file
        .into_iter()
        .map(|file| {
            let package = file.package().split('.').map(str::to_owned);
            (prost_build::Module::from_parts(package), file)
        })
        .collect();
    let mut packages: Vec<(String, String)> = prost_build::Config::new()
        .generate(requests)?
        .into_iter()
        .map(|(module, code)| {
            let name = module.parts().last().unwrap_or_default();
            (name.to_owned(), code)
        })
        .collect();
    // One file for all packages, in an order that does not depend on a hash map.
    packages.sort();

    let mut out = String::from("//! Generated from `proto/tendermint`; do not edit.\n\n");
    for (package, code) in packages {
        write!(
            out,
            "/// The messages of package `tendermint.{package}`.\npub mod {package} {{\n{code}}}\n"
        )?;
    }
    Ok(out)
}

#[test]
fn the_checked_in_rust_is_what_the_proto_files_generate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("src/generated.rs");
    let fresh = generate(root).unwrap();
    if env::var_os("PEX_REWRITE").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap();
    assert!(
        checked_in == fresh,
        "proto/src/generated.rs is out of date: run this test with PEX_REWRITE=1"
    );
}
