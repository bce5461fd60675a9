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

    /// The version of the WIT package, as the host looks it up.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
        }
    }

    /// The interface whose functions the host calls.
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

    fn number(self) -> (u64, u64) {
        match self {
            Self::V0_1 => (0, 1),
        }
    }

    fn of_package(version: &str) -> Option<Self> {
        let found = released(version)?;
        Self::ALL.into_iter().find(|known| known.number() == found)
    }
}

/// Major and minor of a version that was released; `None` for any other text.
fn released(version: &str) -> Option<(u64, u64)> {
    let version = semver::Version::parse(version).ok()?;
    (version.pre.is_empty() && version.build.is_empty()).then_some((version.major, version.minor))
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

/// What to do about a component with a version that the host does not take.
pub(crate) fn advice(found: &str) -> String {
    let [newest, ..] = ContractVersion::ALL;
    let build = format!("build it with largesse-sdk {}.x", newest.as_str());
    match released(found) {
        None => format!("that is no released version; {build}"),
        Some((major, minor)) if (major, minor) > newest.number() => {
            format!("that is a newer one; run a host that takes {major}.{minor}, or {build}")
        }
        Some((major, minor)) => {
            format!("that is an older one; {build}, or run a host that takes {major}.{minor}")
        }
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

    #[test]
    fn every_version_says_itself_in_one_way() {
        for version in ContractVersion::ALL {
            let (major, minor) = version.number();
            assert_eq!(version.as_str(), format!("{major}.{minor}"));
            assert!(version.interface().ends_with(&format!("@{}", version.package())));
            assert!(version.types().ends_with(&format!("@{}", version.package())));
            assert_eq!(ContractVersion::of_package(version.package()), Some(version));
        }
        let newest_first = ContractVersion::ALL.windows(2).all(|pair| pair[0].number() > pair[1].number());
        assert!(newest_first);
    }

    #[test]
    fn another_version_says_what_to_do() {
        let told = |found: &str| crate::CompileError::WrongContract { found: found.to_owned() }.to_string();
        assert_eq!(
            told("0.2.0"),
            "the component has contract 0.2.0, this host takes 0.1: that is a newer one; run a host that takes 0.2, or \
             build it with largesse-sdk 0.1.x"
        );
        assert_eq!(
            told("0.0.3"),
            "the component has contract 0.0.3, this host takes 0.1: that is an older one; build it with largesse-sdk \
             0.1.x, or run a host that takes 0.0"
        );
        for found in ["0.1.0-rc", "0.1.0+mine", "without a version", "1"] {
            let no_release = "that is no released version; build it with largesse-sdk 0.1.x";
            assert!(told(found).ends_with(no_release), "{}", told(found));
        }
    }
}
