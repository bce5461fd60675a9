//! What goes wrong, as a person reads it: what, why, and what to do about it.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use largesse_documents::{ProblemDocument, ProblemItem};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request was refused or failed.
    Failed,
    /// The command, the configuration or a file given cannot be used.
    Usage,
}

impl Kind {
    /// The program's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) error: anyhow::Error,
    /// What is wrong in a document, by pointer.
    pub(crate) problems: Vec<ProblemItem>,
    pub(crate) hint: Option<String>,
}

/// What a command gives.
pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { kind: Kind::Failed, error: error.into(), problems: Vec::new(), hint: None }
    }
}

impl Failure {
    /// A failure in words.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        anyhow::Error::msg(message.into()).into()
    }

    /// Something that the user gave cannot be used.
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { kind: Kind::Usage, ..error.into().into() }
    }

    /// With advice.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what was being done when it happened.
    pub(crate) fn context(mut self, context: impl Into<String>) -> Self {
        self.error = self.error.context(context.into());
        self
    }

    /// An answer of the host that says no.
    pub(crate) fn refused(document: ProblemDocument) -> Self {
        let ProblemDocument { kind, title, status, detail, problems } = document;
        let what = if title.is_empty() { kind.clone() } else { title };
        let error = anyhow::anyhow!("the host answered {status}: {what}");
        let error = match detail.filter(|detail| !detail.is_empty() && *detail != what) {
            Some(detail) => anyhow::Error::msg(detail).context(error.to_string()),
            None => error,
        };
        let hint = match status {
            401 => Some("give a token with --token or LARGESSE_TOKEN; `largesse token new` makes one".to_owned()),
            403 if kind.ends_with(":forbidden") => Some("the token lacks the required role".to_owned()),
            412 => Some("somebody else changed it meanwhile: look at it again, then repeat the change".to_owned()),
            _ => None,
        };
        Self { kind: Kind::Failed, error, problems, hint }
    }

    /// The text on standard error.
    pub(crate) fn text(&self, colour: bool) -> String {
        let (red, cyan, plain) = if colour { ("\x1b[1;31m", "\x1b[1;36m", "\x1b[0m") } else { ("", "", "") };
        let mut said = self.error.to_string();
        let mut text = format!("{red}error{plain}: {said}\n");
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            // Some libraries repeat their source; saying it once is enough.
            if !said.contains(&cause) {
                let _ = writeln!(text, "  cause: {}", cause.trim_end().replace('\n', "\n    "));
            }
            said = cause;
        }
        for ProblemItem { pointer, message } in &self.problems {
            let place = if pointer.is_empty() { "(whole document)" } else { pointer };
            let _ = writeln!(text, "  {place}: {message}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "{cyan}hint{plain}: {hint}");
        }
        text
    }

    /// Prints it to standard error.
    pub(crate) fn print(&self) {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        eprint!("{}", self.text(colour));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_said_once() {
        let error = anyhow::anyhow!("permission denied").context("permission denied").context("cannot open x");
        let failure = Failure::usage(error).hint("look at its owner");
        assert_eq!(failure.kind.code(), 2);
        insta::assert_snapshot!(failure.text(false), @r"
        error: cannot open x
          cause: permission denied
        hint: look at its owner
        ");
    }

    #[test]
    fn a_refusal_has_its_pointers() {
        let document = ProblemDocument {
            kind: "urn:largesse:invalid-campaign".into(),
            title: "The campaign is not valid".into(),
            status: 422,
            detail: Some("two problems".into()),
            problems: vec![
                ProblemItem { pointer: "/params/rebates/0/unit".into(), message: "expected points".into() },
                ProblemItem { pointer: String::new(), message: "no budget".into() },
            ],
        };
        insta::assert_snapshot!(Failure::refused(document).text(false), @r"
        error: the host answered 422: The campaign is not valid
          cause: two problems
          /params/rebates/0/unit: expected points
          (whole document): no budget
        ");
    }

    #[test]
    fn a_missing_token_has_a_hint() {
        let document = ProblemDocument {
            kind: "urn:largesse:unauthorised".into(),
            title: "A token is needed".into(),
            status: 401,
            detail: None,
            problems: Vec::new(),
        };
        let failure = Failure::refused(document);
        insta::assert_snapshot!(failure.text(false), @r"
        error: the host answered 401: A token is needed
        hint: give a token with --token or LARGESSE_TOKEN; `largesse token new` makes one
        ");
        assert!(failure.text(true).starts_with("\u{1b}[1;31merror\u{1b}[0m: the host"));
    }
}
