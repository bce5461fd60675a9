//! How large the functions of a component may be, and how long compiling it may take.

use std::time::Duration;

/// What components a host takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allowance {
    /// Those of languages that are compiled: functions of 64 KiB in blocks 200 deep, 20 s of processor time to compile.
    #[default]
    Compiled,
    /// Also those that bring the interpreter of their language along: functions of 256 KiB in blocks 1,000 deep, 60 s of processor time
    /// to compile. A hostile component can keep the compiler busy for so long, in its own process and one at a time.
    Interpreters,
}

impl Allowance {
    /// The word for [`Allowance::Interpreters`] among the arguments of a compile child.
    const INTERPRETERS: &str = "interpreters";

    /// Code of one function, in bytes.
    pub(crate) fn body_bytes_max(self) -> u64 {
        match self {
            Self::Compiled => 64 * 1024,
            Self::Interpreters => 256 * 1024,
        }
    }

    /// Blocks within blocks of one function.
    pub(crate) fn nesting_max(self) -> usize {
        match self {
            Self::Compiled => 200,
            Self::Interpreters => 1_000,
        }
    }

    /// Processor time of the compile child, in seconds.
    pub(crate) fn processor_seconds_max(self) -> u64 {
        match self {
            Self::Compiled => 20,
            Self::Interpreters => 60,
        }
    }

    /// Longest wall time of one compilation.
    pub(crate) fn wall_max(self) -> Duration {
        match self {
            Self::Compiled => Duration::from_secs(30),
            Self::Interpreters => Duration::from_secs(90),
        }
    }

    /// The two times in words: on the wall, and the processor's.
    pub(crate) fn times(self) -> (&'static str, &'static str) {
        match self {
            Self::Compiled => ("30 s", "20 s of processor time"),
            Self::Interpreters => ("90 s", "60 s of processor time"),
        }
    }

    /// What a shape that is too large is told besides.
    pub(crate) fn remark(self) -> &'static str {
        match self {
            Self::Compiled => "; what has an interpreter in it goes only to a host that takes interpreters",
            Self::Interpreters => "",
        }
    }

    /// What a compile child is told in its last argument, if anything.
    pub(crate) fn argument(self) -> Option<&'static str> {
        (self == Self::Interpreters).then_some(Self::INTERPRETERS)
    }

    /// What the arguments of this process, a compile child, say.
    pub(crate) fn of_this_child() -> Self {
        match std::env::args().next_back() {
            Some(last) if last == Self::INTERPRETERS => Self::Interpreters,
            _ => Self::Compiled,
        }
    }
}
