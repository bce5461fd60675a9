//! Words that leave the system are told apart by them: within one enum no two cases may share a word, and each reads as one
//! (lower case, digits, hyphens and, in topics, dots).

use std::collections::BTreeSet;

use largesse_domain::activation::ActivationCause;
use largesse_domain::decision::FaultKind;
use largesse_domain::delivery::DeliveryState;
use largesse_domain::destination::Paused;
use largesse_domain::dimension::Dimension;
use largesse_domain::effect::EffectKind;
use largesse_domain::formulas::{Quadrant, Spending};
use largesse_domain::gate::{GatePeriod, GateRule};
use largesse_domain::grant::GrantState;
use largesse_domain::hold::{AfterHold, HoldAction};
use largesse_domain::ledger::Account;
use largesse_domain::lifecycle::{Command, Lifecycle, Phase};
use largesse_domain::message_rules::Consent;
use largesse_domain::outcome::{Denied, Reason, Verdict};
use largesse_domain::owner::OwnerKind;
use largesse_domain::protection::Rescue;
use largesse_domain::redeem::RedemptionAction;
use largesse_domain::redemption::{RedemptionState, ReturnRequest};
use largesse_domain::rollout::Side;
use largesse_domain::run::Numbered;
use largesse_domain::stacking::StackingMode;
use largesse_domain::time::Window;
use largesse_domain::topic::Topic;
use largesse_domain::unit::{Quantity, SpendOrder, UnitClass};

/// Names every case of an enum. The match makes a forgotten case an error of the compiler.
macro_rules! every {
    ($name:ident: $($case:ident),*) => {{
        let _all_named = |value: $name| match value { $($name::$case => (),)* };
        [$($name::$case.as_str()),*].to_vec()
    }};
}

fn all() -> Vec<(&'static str, Vec<&'static str>)> {
    let verdicts = [
        Verdict::Accepted(Vec::new()),
        Verdict::Denied(Denied::Effect(0), Reason::NoBudget),
        Verdict::Refused,
        Verdict::Faulted,
    ];
    let [ltv, cac, coc] = [Quantity::ZERO; 3];
    let rules = [
        GateRule::Profit { holding: ltv, rate_basis_points: 0, per: GatePeriod::Year },
        GateRule::Acquisition { most: ltv },
        GateRule::Ltv { ltv, cac, coc },
    ];
    vec![
        ("Verdict", verdicts.iter().map(Verdict::as_str).collect()),
        (
            "EffectKind",
            every!(EffectKind: Grant, Revoke, Message, Tag, Schedule, Reserve, Settle, Place, Share, Enrol, Measure),
        ),
        ("Dimension", every!(Dimension: Customer, Identity, Device, Card, Address)),
        ("OwnerKind", every!(OwnerKind: Party, Entity)),
        ("Window", every!(Window: Campaign, Day, Week, Month)),
        ("Account", every!(Account: Budget, Pending, Wallet, Reserved, Expense, Breakage, Debt, Stock, Supply)),
        ("RedemptionState", every!(RedemptionState: Reserved, Redeemed, Released, TimedOut, Reversed)),
        (
            "RedemptionAction",
            [RedemptionAction::Commit, RedemptionAction::Release, RedemptionAction::Reverse(ReturnRequest::default())]
                .map(|how| how.as_str())
                .to_vec(),
        ),
        ("SpendOrder", every!(SpendOrder: ExpiresFirst, GivenFirst)),
        ("HoldAction", every!(HoldAction: Commit, Release)),
        ("AfterHold", every!(AfterHold: Post, Void)),
        (
            "Topic",
            every!(Topic: GrantGranted, GrantRevoked, GrantPosted, GrantExpired, RedemptionChanged, BudgetReached,
            VersionWithdrawn, Message, TagChanged, DestinationTest),
        ),
        ("ActivationCause", every!(ActivationCause: Created, Chosen, Followed, Promoted, RolledBack, Protected)),
        ("Rescue", every!(Rescue: RolledBack, Held, CandidateDropped)),
        ("Numbered", every!(Numbered: Event, Decision, Delivery, Transfer)),
        ("Side", every!(Side: Active, Candidate)),
        ("DeliveryState", every!(DeliveryState: Waiting, Delivered, Dead)),
        ("Paused", every!(Paused: Operator, Gone)),
        ("GrantState", every!(GrantState: Pending, Posted, Redeemed, Expired, Reversed)),
        ("Lifecycle", every!(Lifecycle: Draft, Scheduled, Running, Paused, Closing, Ended)),
        ("Phase", every!(Phase: Open, Closing, Between)),
        ("Command", every!(Command: Start, Open, Pause, Resume, End, Finish)),
        (
            "UnitClass",
            every!(UnitClass: Cash, Points, Growth, Coupon, Item, DrawChances, Entitlement, CreditLimit, RateBoost),
        ),
        (
            "FaultKind",
            every!(FaultKind: Trap, Fuel, Memory, Stack, Output, Time, Host, InvalidOutput, Undeclared, Stranger),
        ),
        (
            "Reason",
            every!(Reason: ClaimUnknown, ClaimTaken, AlreadyGranted, AlreadyReserved, CancelledBefore, CampaignEnded,
                OutsideWindow, PocketClosed, TimedOut, ClassNotAllowed, CreditUnknown, CreditCeiling, IdentifierUnknown, NoLimit, NoBudget,
                LimitReached, BudgetExhausted, StockExhausted, BelowMinimum, InsufficientBalance, NothingToRevoke,
                NothingToSettle, AlreadySent, TooManyTags, TooManyTimers, NoSuchTimer, NoSuchProgramme, NoSuchTier,
                MoveNotAllowed, TooManyProgrammes, AlreadyPlaced, NoSuchPool, PoolSettled, NoSuchCampaign,
                TooManyCounts, NoConsent, TooManyMessages, Excluded),
        ),
        ("Spending", every!(Spending: Inefficient, Best, TooCareful)),
        ("Quadrant", every!(Quadrant: ManyGood, ManyPoor, FewGood, FewPoor)),
        ("GatePeriod", every!(GatePeriod: Month, Year)),
        ("GateRule", rules.iter().map(|rule| rule.as_str()).collect()),
        ("Consent", every!(Consent: Required, UnlessRefused)),
        ("StackingMode", every!(StackingMode: All, First, Best)),
    ]
}

#[test]
fn no_two_cases_share_a_word() {
    for (name, words) in all() {
        let distinct: BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(distinct.len(), words.len(), "{name}: {words:?}");
        for word in words {
            let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
            assert!(!word.is_empty() && word.bytes().all(fits), "{name}: {word:?}");
        }
    }
}

#[test]
fn lists_of_all_cases_are_complete() {
    let words = |name: &str| all().into_iter().find(|(known, _)| *known == name).map(|(_, words)| words);
    assert_eq!(words("Reason"), Some(Reason::ALL.map(Reason::as_str).to_vec()));
    assert_eq!(words("EffectKind"), Some(EffectKind::ALL.map(EffectKind::as_str).to_vec()));
    assert_eq!(words("FaultKind"), Some(FaultKind::ALL.map(FaultKind::as_str).to_vec()));
    assert_eq!(words("UnitClass"), Some(UnitClass::ALL.map(UnitClass::as_str).to_vec()));
    assert_eq!(words("Dimension"), Some(Dimension::ALL.map(Dimension::as_str).to_vec()));
    assert_eq!(words("Lifecycle"), Some(Lifecycle::ALL.map(Lifecycle::as_str).to_vec()));
    assert_eq!(words("Phase"), Some(Phase::ALL.map(Phase::as_str).to_vec()));
    assert_eq!(words("Command"), Some(Command::ALL.map(Command::as_str).to_vec()));
    assert_eq!(words("StackingMode"), Some(StackingMode::ALL.map(StackingMode::as_str).to_vec()));
}

#[test]
fn no_enum_with_words_is_forgotten() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut with_words = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            with_words += text.matches("fn as_str(").count() - text.matches("fn as_str(&self) -> &str").count();
        }
    }
    assert_eq!(with_words, all().len(), "add the enum to the list of this test");
}
