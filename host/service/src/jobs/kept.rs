//! The files of jobs.

use std::io::{self, Write as _};

use cap_std::fs::Dir;
use largesse_documents::job::JobView;
use largesse_domain::limits::JOB_BYTES_MAX;
use largesse_engine::files;

/// The name of a job's file.
pub(super) fn file_name(id: u64) -> String {
    format!("{id}.json")
}

/// Reads all jobs that are kept.
pub(super) fn read_all(kept: &Dir) -> io::Result<Vec<JobView>> {
    let mut jobs = Vec::new();
    for entry in kept.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().ends_with(".json") {
            kept.remove_file(&name)?;
            continue;
        }
        let name = name.to_string_lossy();
        let read = files::read(kept, &name, JOB_BYTES_MAX).map_err(|error| error.to_string());
        match read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string())) {
            Ok(job) => jobs.push(job),
            Err(error) => tracing::warn!(file = %name, %error, "a job that was kept cannot be read"),
        }
    }
    Ok(jobs)
}

/// Writes a job to its file, whole or not at all.
pub(super) fn write(kept: &Dir, job: &JobView) -> io::Result<()> {
    let unfinished = format!("{}.new", job.id);
    let mut file = files::create(kept, &unfinished)?;
    file.write_all(&serde_json::to_vec(job)?)?;
    file.sync_all()?;
    kept.rename(&unfinished, kept, file_name(job.id))
}
