//! `wasi:filesystem`: there is no directory to start from, so no descriptor ever exists.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::{Forbidden, charge, versioned};
use crate::sandbox::World;

struct Descriptor;
struct DirectoryEntryStream;

/// The functions of `wasi:filesystem/types`. All take a descriptor, an entry stream or an error of a stream; there are none.
const FUNCTIONS: [&str; 30] = [
    "[method]descriptor.read-via-stream",
    "[method]descriptor.write-via-stream",
    "[method]descriptor.append-via-stream",
    "[method]descriptor.advise",
    "[method]descriptor.sync-data",
    "[method]descriptor.get-flags",
    "[method]descriptor.get-type",
    "[method]descriptor.set-size",
    "[method]descriptor.set-times",
    "[method]descriptor.read",
    "[method]descriptor.write",
    "[method]descriptor.read-directory",
    "[method]descriptor.sync",
    "[method]descriptor.create-directory-at",
    "[method]descriptor.stat",
    "[method]descriptor.stat-at",
    "[method]descriptor.set-times-at",
    "[method]descriptor.link-at",
    "[method]descriptor.open-at",
    "[method]descriptor.readlink-at",
    "[method]descriptor.remove-directory-at",
    "[method]descriptor.rename-at",
    "[method]descriptor.symlink-at",
    "[method]descriptor.unlink-file-at",
    "[method]descriptor.is-same-object",
    "[method]descriptor.metadata-hash",
    "[method]descriptor.metadata-hash-at",
    "[method]directory-entry-stream.read-directory-entry",
    "[method]directory-entry-stream.read-directory-entries",
    "filesystem-error-code",
];

pub(super) fn add_to(linker: &mut Linker<World>) -> wasmtime::Result<()> {
    let mut types = linker.instance(&versioned("wasi:filesystem/types"))?;
    types.resource("descriptor", ResourceType::host::<Descriptor>(), |_, _| Ok(()))?;
    types.resource("directory-entry-stream", ResourceType::host::<DirectoryEntryStream>(), |_, _| Ok(()))?;
    for function in FUNCTIONS {
        types.func_new(function, |_, _, _, _| {
            Err(Forbidden("the policy tried to use a file, and there are none").into())
        })?;
    }
    let mut preopens = linker.instance(&versioned("wasi:filesystem/preopens"))?;
    preopens.func_wrap("get-directories", |mut store: StoreContextMut<'_, World>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Vec::<(Resource<Descriptor>, String)>::new(),))
    })
}
