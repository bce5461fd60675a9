//! Components that differ from a built one in what a registry looks at, and in nothing else.

/// The same component with these bytes in a section that nobody reads: another digest, the same policy.
///
/// # Panics
/// With more than 100 bytes.
#[must_use]
pub fn with_section(component: &[u8], content: &[u8]) -> Vec<u8> {
    let name = b"variant";
    let length = 1 + name.len() + content.len();
    assert!(length < 128, "lengths here take one byte");
    // A custom section has number 0, its length, the length of its name, its name, its content.
    let head = [0, length.to_le_bytes()[0], name.len().to_le_bytes()[0]];
    [component, &head, name, content].concat()
}

/// The same component under another version: three numbers of one digit, such as `0.2.0`.
///
/// # Panics
/// When its own version is not `0.1.0`, or the other has another length.
#[must_use]
pub fn with_version(component: &[u8], version: &str) -> Vec<u8> {
    // The contract's version stands in names, after an @.
    let own = |(at, bytes): &(usize, &[u8])| *bytes == b"0.1.0" && component[at - 1] != b'@';
    let found: Vec<usize> = component.windows(5).enumerate().skip(1).filter(own).map(|(at, _)| at).collect();
    let [at] = found[..] else { panic!("the version stands at {found:?}") };
    let mut changed = component.to_vec();
    changed[at..at + 5].copy_from_slice(version.as_bytes());
    changed
}
