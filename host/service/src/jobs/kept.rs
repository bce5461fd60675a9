//! The files of jobs.

use std::io;

use cap_std::fs::Dir;
use largesse_documents::job::JobView;

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
        match serde_json::from_slice(&kept.read(&name)?) {
            Ok(job) => jobs.push(job),
            Err(error) => tracing::warn!(file = %name.to_string_lossy(), %error, "a job that was kept cannot be read"),
        }
    }
    Ok(jobs)
}

/// Writes a job to its file, whole or not at all.
pub(super) fn write(kept: &Dir, job: &JobView) -> io::Result<()> {
    let unfinished = format!("{}.new", job.id);
    kept.write(&unfinished, serde_json::to_vec(job)?)?;
    kept.open(&unfinished)?.sync_all()?;
    kept.rename(&unfinished, kept, file_name(job.id))
}
