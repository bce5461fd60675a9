//! `wasi:io/streams` and `wasi:io/error`: input is at its end, output goes to the log and always fits.

use wasmtime::component::{ComponentType, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType, WasmList};
use wasmtime::{Result, StoreContextMut};

use super::clocks::{Pollable, READY};
use super::{charge, versioned};
use crate::log::Stream;
use crate::sandbox::World;

pub(super) struct InputStream;
pub(super) struct OutputStream;
struct IoError;

/// The only [`InputStream`].
pub(super) const STDIN: u32 = 0;
/// The [`OutputStream`] of standard output.
pub(super) const STDOUT: u32 = 1;
/// The [`OutputStream`] of standard error.
pub(super) const STDERR: u32 = 2;

/// What a guest is told that one write may hold, in bytes. Whatever it writes is charged, and cut by the log.
const WRITE_BYTES_SUGGESTED: u64 = 64 * 1024;

#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    LastOperationFailed(Resource<IoError>),
    #[component(name = "closed")]
    Closed,
}

type Caller<'a> = StoreContextMut<'a, World>;
type Outcome<T> = std::result::Result<T, StreamError>;

pub(super) fn add_to(linker: &mut Linker<World>) -> Result<()> {
    let mut error = linker.instance(&versioned("wasi:io/error"))?;
    error.resource("error", ResourceType::host::<IoError>(), |_, _| Ok(()))?;
    error.func_wrap("[method]error.to-debug-string", |mut store: Caller<'_>, _: (Resource<IoError>,)| {
        charge(&mut store, 0)?;
        Ok((String::new(),))
    })?;
    let mut streams = linker.instance(&versioned("wasi:io/streams"))?;
    streams.resource("input-stream", ResourceType::host::<InputStream>(), |_, _| Ok(()))?;
    streams.resource("output-stream", ResourceType::host::<OutputStream>(), |_, _| Ok(()))?;
    input(&mut streams)?;
    output(&mut streams)?;
    splices(&mut streams)
}

fn input(streams: &mut LinkerInstance<'_, World>) -> Result<()> {
    for function in ["[method]input-stream.read", "[method]input-stream.blocking-read"] {
        streams.func_wrap(function, |mut store: Caller<'_>, _: (Resource<InputStream>, u64)| {
            charge(&mut store, 0)?;
            Ok((Outcome::<Vec<u8>>::Err(StreamError::Closed),))
        })?;
    }
    for function in ["[method]input-stream.skip", "[method]input-stream.blocking-skip"] {
        streams.func_wrap(function, |mut store: Caller<'_>, _: (Resource<InputStream>, u64)| {
            charge(&mut store, 0)?;
            Ok((Outcome::<u64>::Err(StreamError::Closed),))
        })?;
    }
    streams.func_wrap("[method]input-stream.subscribe", |mut store: Caller<'_>, _: (Resource<InputStream>,)| {
        charge(&mut store, 0)?;
        Ok((Resource::<Pollable>::new_own(READY),))
    })
}

fn output(streams: &mut LinkerInstance<'_, World>) -> Result<()> {
    streams.func_wrap("[method]output-stream.check-write", |mut store: Caller<'_>, _: (Resource<OutputStream>,)| {
        charge(&mut store, 0)?;
        Ok((Outcome::Ok(WRITE_BYTES_SUGGESTED),))
    })?;
    for function in ["[method]output-stream.write", "[method]output-stream.blocking-write-and-flush"] {
        streams.func_wrap(
            function,
            |mut store: Caller<'_>, (stream, bytes): (Resource<OutputStream>, WasmList<u8>)| {
                charge(&mut store, bytes.len() as u64)?;
                let kept = bytes.as_le_slice(&store).to_vec();
                let stream = if stream.rep() == STDERR { Stream::Err } else { Stream::Out };
                store.data_mut().log.write(stream, &kept);
                Ok((Outcome::Ok(()),))
            },
        )?;
    }
    for function in ["[method]output-stream.flush", "[method]output-stream.blocking-flush"] {
        streams.func_wrap(function, |mut store: Caller<'_>, _: (Resource<OutputStream>,)| {
            charge(&mut store, 0)?;
            Ok((Outcome::Ok(()),))
        })?;
    }
    for function in ["[method]output-stream.write-zeroes", "[method]output-stream.blocking-write-zeroes-and-flush"] {
        streams.func_wrap(function, |mut store: Caller<'_>, (_, count): (Resource<OutputStream>, u64)| {
            charge(&mut store, count)?;
            Ok((Outcome::Ok(()),))
        })?;
    }
    streams.func_wrap("[method]output-stream.subscribe", |mut store: Caller<'_>, _: (Resource<OutputStream>,)| {
        charge(&mut store, 0)?;
        Ok((Resource::<Pollable>::new_own(READY),))
    })
}

fn splices(streams: &mut LinkerInstance<'_, World>) -> Result<()> {
    for function in ["[method]output-stream.splice", "[method]output-stream.blocking-splice"] {
        streams.func_wrap(
            function,
            |mut store: Caller<'_>, _: (Resource<OutputStream>, Resource<InputStream>, u64)| {
                charge(&mut store, 0)?;
                Ok((Outcome::<u64>::Err(StreamError::Closed),))
            },
        )?;
    }
    Ok(())
}
