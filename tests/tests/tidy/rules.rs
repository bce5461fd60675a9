//! What is checked, and why.

use std::fmt;

/// A rule with its reason.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
}

pub(crate) const SHORT_FILES: Rule =
    Rule { name: "files of at most 500 lines", why: "a file that can be read at one sitting has one subject" };
pub(crate) const SHORT_FUNCTIONS: Rule =
    Rule { name: "functions of at most 70 lines", why: "a function that fits the screen can be checked by eye" };
pub(crate) const TABLES: Rule = Rule {
    name: "what is marked as a table is one, longer than 70 lines, with a reason",
    why: "a match that names every case once is checked by the compiler, not by eye",
};
pub(crate) const HEADED_FILES: Rule =
    Rule { name: "files start with //!", why: "a reader learns first what a file is for" };
pub(crate) const FINISHED: Rule =
    Rule { name: "no unfinished or debugging macros", why: "what is on the main line is done" };
pub(crate) const NO_UNWRAP: Rule = Rule {
    name: "no unwrap outside tests in domain, store and service",
    why: "one customer's data must not stop the host",
};
pub(crate) const EXPECT_NOT_ALLOW: Rule =
    Rule { name: "expect with a reason, never allow", why: "an exception says why, and goes when it is not needed" };
pub(crate) const NO_ORPHANS: Rule =
    Rule { name: "every Rust file is in a module tree", why: "code that nothing compiles only looks tested" };
pub(crate) const NO_MARKS: Rule =
    Rule { name: "no marks for later", why: "what is left to do stands where work is planned" };
pub(crate) const NO_MACHINE_PATHS: Rule =
    Rule { name: "no paths of one machine", why: "the repository must work wherever it is cloned" };
pub(crate) const DIRECTION: Rule =
    Rule { name: "dependencies point one way", why: "the pure part stays pure when the compiler keeps it so" };
pub(crate) const NO_STORE_IN_HTTP: Rule = Rule {
    name: "host/http neither names the store nor reads it",
    why: "a handler extracts, asks the service and converts; what is read stands in a query",
};
pub(crate) const LINKS: Rule =
    Rule { name: "links lead somewhere", why: "a reader who follows one does not come back" };
pub(crate) const GLOSSARY: Rule =
    Rule { name: "the API uses the words of the glossary", why: "one word with one meaning is learnt once" };
pub(crate) const NO_CIRCLES: Rule =
    Rule { name: "no circles of modules", why: "what cannot be read in an order cannot be read" };
pub(crate) const NO_WAY_UP: Rule =
    Rule { name: "no floor names what lies above it", why: "the lower floors can be understood without the upper" };
pub(crate) const PLAIN_SIGNATURES: Rule = Rule {
    name: "at most four parameters or a struct, and no tuples among them",
    why: "a group of values that belong together has a name",
};
pub(crate) const SHARED_LINTS: Rule =
    Rule { name: "every crate takes the workspace's lints", why: "one set of rules for all" };
pub(crate) const TESTED_GUESTS: Rule =
    Rule { name: "every guest has its test", why: "a hostile guest that nothing runs proves nothing" };
pub(crate) const REACHED_POINTS: Rule =
    Rule { name: "every fail point is reached at one place", why: "a crash that no test can cause is not survived" };
pub(crate) const BOUNDS_TOGETHER: Rule = Rule {
    name: "bounds stand in host/domain/src/limits",
    why: "the table of bounds forgets none; a constant of the implementation has another name than *_MAX",
};
pub(crate) const CHECKED_BOUNDS: Rule =
    Rule { name: "a bound is used where the table says", why: "a table that names the wrong place misleads" };

/// One breach of a rule.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) rule: &'static Rule,
    pub(crate) path: String,
    /// From 1; 0 is the file as a whole.
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Violation {
    pub(crate) fn new(rule: &'static Rule, path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { rule, path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}
