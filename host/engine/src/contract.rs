//! Which versions of the contract this host takes. The only module that knows how many there are.

/// A version of the contract between host and policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContractVersion {
    /// `largesse:policy@0.1.x`.
    V0_1,
}

impl ContractVersion {
    /// The versions that this host takes, newest first.
    pub const ALL: [Self; 1] = [Self::V0_1];

    /// Major and minor, as in the WIT package.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1",
        }
    }

    /// The interface whose functions the host calls, at the version that the host looks up.
    pub(crate) fn interface(self) -> &'static str {
        match self {
            Self::V0_1 => "largesse:policy/policy@0.1.0",
        }
    }

    /// The interface of types that the component imports from the contract.
    pub(crate) fn types(self) -> &'static str {
        match self {
            Self::V0_1 => "largesse:policy/types@0.1.0",
        }
    }

    fn of_package(version: &str) -> Option<Self> {
        let mut parts = version.splitn(3, '.');
        let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next()?);
        let numeric = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match (major, minor) {
            ("0", "1") if numeric(patch) => Some(Self::V0_1),
            _ => None,
        }
    }
}

/// How the name of an import or export relates to the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Name<'a> {
    /// Belongs to the contract, at a version that the host takes.
    Ours(ContractVersion, Part),
    /// Belongs to the contract, at this version, which the host does not take.
    OtherVersion(&'a str),
    /// Has nothing to do with the contract.
    Foreign,
}

/// An interface of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The functions.
    Policy,
    /// The types.
    Types,
}

/// Reads a name such as `largesse:policy/policy@0.1.0`.
pub(crate) fn name(name: &str) -> Name<'_> {
    let Some(rest) = name.strip_prefix("largesse:policy/") else {
        return Name::Foreign;
    };
    let (interface, version) = rest.split_once('@').unwrap_or((rest, "without a version"));
    let part = match interface {
        "policy" => Part::Policy,
        "types" => Part::Types,
        _ => return Name::Foreign,
    };
    match ContractVersion::of_package(version) {
        Some(known) => Name::Ours(known, part),
        None => Name::OtherVersion(version),
    }
}

/// The versions taken, for messages: `0.1`.
pub(crate) fn taken() -> String {
    ContractVersion::ALL.map(ContractVersion::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_by_version() {
        let ours = Name::Ours(ContractVersion::V0_1, Part::Policy);
        assert_eq!(name("largesse:policy/policy@0.1.0"), ours);
        assert_eq!(name("largesse:policy/policy@0.1.7"), ours);
        assert_eq!(name("largesse:policy/types@0.1.0"), Name::Ours(ContractVersion::V0_1, Part::Types));
        assert_eq!(name("largesse:policy/policy@0.2.0"), Name::OtherVersion("0.2.0"));
        assert_eq!(name("largesse:policy/policy@1.1.0"), Name::OtherVersion("1.1.0"));
        assert_eq!(name("largesse:policy/policy@0.1.0-rc"), Name::OtherVersion("0.1.0-rc"));
        assert_eq!(name("largesse:policy/policy"), Name::OtherVersion("without a version"));
        assert_eq!(name("largesse:policy/extra@0.1.0"), Name::Foreign);
        assert_eq!(name("wasi:io/poll@0.2.6"), Name::Foreign);
    }
}
