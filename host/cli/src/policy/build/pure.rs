//! A component that imports nothing, of a module for a bare target.
//!
//! What is compiled for `wasm32-wasip2` imports WASI whether it uses it or not, and the host links and instantiates that for every
//! decision. A bare module has no such imports; what makes a component of it is the contract, which it carries in a custom section.

use std::path::{Path, PathBuf};

use wit_component::ComponentEncoder;

use super::{compile_for, manifest, note_origin, read};
use crate::failure::{Failure, Result};

/// A target without a system.
const TARGET: &str = "wasm32-unknown-unknown";
/// What the component is called, beside its module.
const ENDING: &str = "component.wasm";

/// Builds the module of a crate and wraps it; gives the component's file.
pub(super) fn component(crate_dir: &Path) -> Result<PathBuf> {
    let module = compile_for(crate_dir, TARGET)?;
    let component =
        wrap(&read(&module)?).map_err(|failure| failure.context(format!("cannot wrap {}", module.display())))?;
    let file = module.with_extension(ENDING);
    let written = std::fs::write(&file, component);
    written.map_err(|error| Failure::from(error).context(format!("cannot write {}", file.display())))?;
    note_origin(crate_dir, (&module, &file), &manifest(crate_dir)?)?;
    Ok(file)
}

fn wrap(module: &[u8]) -> Result<Vec<u8>> {
    let encoded = ComponentEncoder::default().validate(true).module(module).and_then(|encoder| encoder.encode());
    encoded.map_err(|error| Failure::usage(anyhow::anyhow!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_needs_a_system_is_not_wrapped() {
        // (module (import "env" "clock" (func)))
        let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x0d\x01\x03env\x05clock\0\0";
        let refused = wrap(module).unwrap_err().text(false);
        assert!(refused.contains("env") && refused.contains("clock"), "{refused}");
        assert!(wrap(b"no module").is_err());
    }
}
