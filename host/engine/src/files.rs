//! Reading and writing files in a directory of the host's own, whatever somebody has put there.
//!
//! A pipe or a device in the place of a file would block whoever opens it, and a file of any size would be read whole. So a file is
//! opened without waiting, must be a regular one, and is read up to a bound. What is written can be read by its owner alone.

use std::io::{self, Read as _};

use cap_std::fs::{Dir, DirBuilder, File, OpenOptions};

/// Reads a regular file, at most `bytes_max` bytes of it.
///
/// # Errors
/// When there is none, it is not a regular file, or cannot be read.
pub fn read(dir: &Dir, name: &str, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut options = OpenOptions::new();
    options.read(true);
    let mut bytes = Vec::new();
    open_with(dir, name, options)?.take(bytes_max as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens a regular file to write it, making it when it is not there.
///
/// # Errors
/// When something else stands in its place, or it cannot be opened.
pub fn open_to_write(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    open_with(dir, name, options)
}

/// Makes a file that is not there yet.
///
/// # Errors
/// When something stands in its place, or it cannot be made.
pub fn create(dir: &Dir, name: &str) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    open_with(dir, name, options)
}

/// Opens a directory within another, making it when it is not there.
///
/// # Errors
/// When something else stands in its place, or it cannot be made.
pub fn folder(dir: &Dir, name: &str) -> io::Result<Dir> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    cap_std::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match dir.create_dir_with(name, &builder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    dir.open_dir(name)
}

fn open_with(dir: &Dir, name: &str, mut options: OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use cap_std::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    let file = dir.open_with(name, &options)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name} is not a regular file")))
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use cap_std::ambient_authority;

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_nothing_blocks() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        let dir = Dir::open_ambient_dir(place.path(), ambient_authority()).unwrap();
        assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        std::fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink("pipe", at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("device")).unwrap();
        for name in ["pipe", "folder", "link", "device"] {
            assert!(read(&dir, name, 9).is_err(), "{name} is read");
            assert!(open_to_write(&dir, name).is_err(), "{name} is written");
            assert!(create(&dir, name).is_err(), "{name} is made");
        }
        std::fs::write(at("file"), "0123456789").unwrap();
        assert_eq!(read(&dir, "file", 9).unwrap(), b"012345678");
        assert_eq!(read(&dir, "file", 11).unwrap(), b"0123456789");
        assert_eq!(read(&dir, "nothing", 9).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_is_made_belongs_to_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(place.path(), ambient_authority()).unwrap();
        create(&dir, "made").unwrap();
        open_to_write(&dir, "opened").unwrap();
        folder(&dir, "folder").unwrap();
        folder(&dir, "folder").unwrap();
        for (name, mode) in [("made", 0o600), ("opened", 0o600), ("folder", 0o700)] {
            let found = std::fs::metadata(place.path().join(name)).unwrap().permissions().mode();
            assert_eq!(found & 0o777, mode, "{name}");
        }
    }
}
