//! Arbitrary domain values, for property tests of whatever keeps or carries them.

use std::sync::Arc;

use largesse_domain::customer::{Attribute, AttributeValue, Customer, Standing, Touch};
use largesse_domain::decision::{CampaignView, Evaluation, Fault, FaultKind, Input, LiveGrant, Output, Party, Refusal};
use largesse_domain::dimension::Dimension;
use largesse_domain::effect::{
    Benefit, Claim, Effect, EffectKind, Enrolment, GrantProposal, Held, HoldProposal, Measurement, Message,
    MessageClass, Placement, Proposal, ReserveProposal, Revocation, RevocationTarget, Schedule, SettleProposal,
    ShareProposal, Shortfall, StateChange, TagChange,
};
use largesse_domain::event::Event;
use largesse_domain::hold::{AfterHold, HoldAction};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, Digest, EventSeq};
use largesse_domain::json::Json;
use largesse_domain::key::{GrantSlot, ReservationSlot};
use largesse_domain::lifecycle::Phase;
use largesse_domain::outcome::{Decision, Denied, Done, HeldSlot, Outcome, Reason, Reversal, Verdict};
use largesse_domain::owner::Owner;
use largesse_domain::policy::{Manifest, OwnerOf, Pointer, Question, Role, RoleSource, Subscription};
use largesse_domain::time::{Day, Instant, LocalTime, Moment, When};
use largesse_domain::timer::{Timer, TimerBody};
use largesse_domain::unit::{Quantity, Unit, UnitClass, UnitPattern};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

mod settings;

pub use settings::settings;

/// One of a few identifiers `stem0` to `stem4`, so that they collide.
pub fn name<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>(
    stem: &'static str,
) -> impl Strategy<Value = T> + Clone {
    (0..5).prop_map(move |number| format!("{stem}{number}").parse().expect("a stem and a digit fit every identifier"))
}

/// Any text, with quotes, controls and letters of more than one byte.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "\\PC{0,12}", "[\"\\\\\n\u{1}é]{1,4}"]
}

/// Some JSON documents, odd ones among them.
pub fn json() -> impl Strategy<Value = Json> {
    select(vec!["{}", "{\"a\":1}", " {\"a\" : 1.50}\n", "[1e2,\"\\u00e9\\\"\"]", "null", "18446744073709551615"])
        .prop_map(Json::from_checked)
}

/// Any quantity.
pub fn quantity() -> impl Strategy<Value = Quantity> {
    (0..=Quantity::MAX.get()).prop_map(|value| Quantity::new(value).expect("within the range"))
}

/// One of a few units, of every class.
pub fn unit() -> impl Strategy<Value = Unit> {
    let units = ["cash:CNY", "points", "growth", "coupon:a", "item:b/1", "draw-chances:w", "entitlement:x"];
    let more = ["credit-limit:CNY", "rate-boost:deposit"];
    select([&units[..], &more[..]].concat()).prop_map(|text| Unit::new(text).expect("written as units are"))
}

/// A unit or a class, as a document can name them.
pub fn pattern() -> impl Strategy<Value = UnitPattern> {
    prop_oneof![
        unit().prop_map(UnitPattern::Unit),
        select(vec!["cash", "coupon", "item"]).prop_map(|text| text.parse().expect("a class")),
    ]
}

/// Any instant.
pub fn instant() -> impl Strategy<Value = Instant> {
    (Instant::MIN.as_millis()..=Instant::MAX.as_millis())
        .prop_map(|millis| Instant::from_millis(millis).expect("within the range"))
}

/// Any local time of the years 1 to 9999.
pub fn local() -> impl Strategy<Value = LocalTime> {
    (-719_000..2_932_000, 0..86_400_u32)
        .prop_map(|(day, second)| crate::time::local_time(Day(day), second).expect("within the years 1 to 9999"))
}

/// Any digest.
pub fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn dimension() -> impl Strategy<Value = Dimension> {
    select(Dimension::ALL.to_vec())
}

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        instant().prop_map(When::At),
        any::<u64>().prop_map(When::AfterSeconds),
        (any::<i32>(), any::<u32>()).prop_map(|(day, second_of_day)| When::AtLocal { day: Day(day), second_of_day }),
    ]
}

fn benefit() -> impl Strategy<Value = Benefit> {
    prop_oneof![
        (unit(), quantity()).prop_map(|(unit, quantity)| Benefit::Units { unit, quantity }),
        (quantity(), quantity(), of(when())).prop_map(|(by, up_to, until)| Benefit::CreditLimit { by, up_to, until }),
        (unit(), quantity(), of(quantity()), of(when())).prop_map(|(unit, basis_points, principal_cap, until)| {
            Benefit::RateBoost { unit, basis_points, principal_cap, until }
        }),
    ]
}

fn shortfall() -> impl Strategy<Value = Shortfall> {
    select(vec![Shortfall::Refuse, Shortfall::Reduce, Shortfall::Skip])
}

fn settle() -> impl Strategy<Value = HoldAction> {
    select(HoldAction::ALL.to_vec())
}

fn held_effect() -> impl Strategy<Value = Effect> {
    let reserve = (name("r"), name("u"), unit(), quantity(), when(), shortfall(), text()).prop_map(
        |(key, party, unit, quantity, until, on_shortfall, reason)| {
            Effect::Reserve(ReserveProposal { key, party, unit, quantity, until, on_shortfall, reason })
        },
    );
    let held = prop_oneof![
        (name("u"), name("k")).prop_map(|(to, key)| Held::Grant { to, key }),
        (name("u"), name("r")).prop_map(|(party, key)| Held::Reservation { party, key }),
    ];
    let settle = (held, settle(), any::<bool>(), text())
        .prop_map(|(of, how, required, reason)| Effect::Settle(SettleProposal { of, how, required, reason }));
    prop_oneof![reserve, settle]
}

fn wider_effect() -> impl Strategy<Value = Effect> {
    let place =
        (name("u"), name("p"), of(name("t")), of(when()), text()).prop_map(|(to, programme, tier, until, reason)| {
            Effect::Place(Placement { to, programme, tier, until, reason })
        });
    let share = (name("p"), name("u"), any::<u64>())
        .prop_map(|(pool, to, weight)| Effect::Share(ShareProposal { pool, to, weight }));
    let enrol = (name("c"), name("u"), json())
        .prop_map(|(campaign, party, data)| Effect::Enrol(Enrolment { campaign, party, data }));
    let measure =
        (name("m"), text(), quantity()).prop_map(|(name, label, by)| Effect::Measure(Measurement { name, label, by }));
    prop_oneof![place, share, enrol, measure]
}

fn effect() -> impl Strategy<Value = Effect> {
    let hold = (when(), select(AfterHold::ALL.to_vec())).prop_map(|(until, then)| HoldProposal { until, then });
    let grant = (name("k"), name("u"), vec(benefit(), 1..3), shortfall(), of(hold), of(when()), text()).prop_map(
        |(key, to, choices, on_shortfall, hold, expires, reason)| {
            Effect::Grant(GrantProposal { key, to, choices, on_shortfall, hold, expires, reason })
        },
    );
    let target = prop_oneof![
        Just(RevocationTarget::About),
        (name("u"), name("k")).prop_map(|(to, key)| RevocationTarget::Key { to, key }),
    ];
    let revoke = (target, of(quantity()), any::<bool>(), text())
        .prop_map(|(of, quantity, free_key, reason)| Effect::Revoke(Revocation { of, quantity, free_key, reason }));
    let class = select(vec![MessageClass::Service, MessageClass::Marketing]);
    let message = (name("m"), name("u"), name("t"), json(), class, vec(text(), 0..2)).prop_map(
        |(key, to, template, vars, class, channels)| {
            Effect::Message(Message { key, to, template, vars, class, channels })
        },
    );
    let tag = (name("u"), name("g"), any::<bool>(), of(when()))
        .prop_map(|(to, tag, present, until)| Effect::Tag(TagChange { to, tag, present, until }));
    let schedule =
        (name("t"), when(), json()).prop_map(|(name, due, data)| Effect::Schedule(Schedule { name, due, data }));
    let cancel = name("t").prop_map(Effect::CancelTimer);
    prop_oneof![grant, revoke, message, tag, schedule, cancel, held_effect(), wider_effect()]
}

fn output() -> impl Strategy<Value = Output> {
    let claim = (name("s"), dimension(), name("u")).prop_map(|(scope, by, party)| Claim { scope, by, party });
    let state = prop_oneof![Just(StateChange::Keep), json().prop_map(StateChange::Put), Just(StateChange::Clear)];
    let proposal = (vec(claim, 0..3), vec(effect(), 0..4), state, text())
        .prop_map(|(claims, effects, state, note)| Output::Proposal(Proposal { claims, effects, state, note }));
    let refusal = (name("r"), text()).prop_map(|(code, message)| Output::Refusal(Refusal { code, message }));
    let fault =
        (select(FaultKind::ALL.to_vec()), text()).prop_map(|(kind, detail)| Output::Fault(Fault { kind, detail }));
    prop_oneof![2 => proposal, 1 => refusal, 1 => fault]
}

fn slot() -> impl Strategy<Value = GrantSlot> {
    (name("c"), name("u"), name("k")).prop_map(|(campaign, to, key)| GrantSlot { campaign, to, key })
}

fn reservation_slot() -> impl Strategy<Value = ReservationSlot> {
    (name("c"), name("u"), name("r")).prop_map(|(campaign, party, key)| ReservationSlot { campaign, party, key })
}

fn wider_done() -> impl Strategy<Value = Done> {
    let placed = (name("u"), name("p"), of(name("t")), of(name("t")), of(instant()))
        .prop_map(|(to, programme, from, tier, until)| Done::Placed { to, programme, from, tier, until });
    prop_oneof![
        placed,
        (name("u"), name("p"), any::<u64>()).prop_map(|(to, pool, weight)| Done::Shared { to, pool, weight }),
        (name("u"), name("c")).prop_map(|(party, campaign)| Done::Enrolled { party, campaign }),
        (name("m"), text(), quantity()).prop_map(|(name, label, by)| Done::Measured { name, label, by }),
    ]
}

fn done() -> impl Strategy<Value = Done> {
    let held = prop_oneof![slot().prop_map(HeldSlot::Grant), reservation_slot().prop_map(HeldSlot::Reservation)];
    let reversal = (slot(), unit(), quantity()).prop_map(|(grant, unit, quantity)| Reversal { grant, unit, quantity });
    prop_oneof![
        (slot(), unit(), quantity(), 0..8_usize).prop_map(|(grant, unit, quantity, choice)| Done::Granted {
            grant,
            unit,
            quantity,
            choice
        }),
        vec(reversal, 0..3).prop_map(Done::Revoked),
        wider_done(),
        (name("u"), name("m"), of(instant()), vec(name::<String>("ch"), 0..3))
            .prop_map(|(to, key, not_before, without)| Done::Messaged { to, key, not_before, without }),
        (name("u"), name("g"), any::<bool>()).prop_map(|(to, tag, present)| Done::Tagged { to, tag, present }),
        (name("t"), instant()).prop_map(|(name, due)| Done::Scheduled { name, due }),
        name("t").prop_map(|name| Done::TimerCancelled { name }),
        (reservation_slot(), unit(), quantity(), instant())
            .prop_map(|(reservation, unit, quantity, until)| Done::Reserved { reservation, unit, quantity, until }),
        (held, settle(), unit(), quantity()).prop_map(|(of, how, unit, quantity)| Done::Settled {
            of,
            how,
            unit,
            quantity
        }),
    ]
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let reason = || select(Reason::ALL.to_vec());
    let kind = select(EffectKind::ALL.to_vec());
    let outcome = prop_oneof![
        done().prop_map(Outcome::Applied),
        (done(), reason()).prop_map(|(done, reason)| Outcome::Reduced(done, reason)),
        (kind, reason()).prop_map(|(kind, reason)| Outcome::Skipped(kind, reason)),
    ];
    let claim = (name("s"), dimension()).prop_map(|(scope, by)| Denied::Claim { scope, by });
    let denied = prop_oneof![claim, (0..64_usize).prop_map(Denied::Effect), name("c").prop_map(Denied::Stacking)];
    prop_oneof![
        vec(outcome, 0..3).prop_map(Verdict::Accepted),
        (denied, reason()).prop_map(|(denied, reason)| Verdict::Denied(denied, reason)),
        Just(Verdict::Refused),
        Just(Verdict::Faulted),
    ]
}

/// Whose state.
pub fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![name("u").prop_map(Owner::Party), name("e").prop_map(Owner::Entity)]
}

/// Any event. Its key repeats that of others.
pub fn event() -> impl Strategy<Value = Event> {
    let key = (name("src"), name("id")).prop_map(|(source, id)| largesse_domain::event::EventKey { source, id });
    (key, name("kind"), name("u"), instant(), json(), any::<[u8; 32]>()).prop_map(
        |(key, kind, actor, occurred, data, hash)| {
            let body_hash = largesse_domain::event::BodyHash(hash);
            Event { key, kind, actor, occurred, data, body_hash }
        },
    )
}

fn standing() -> impl Strategy<Value = Standing> {
    (name("t"), instant(), of(instant())).prop_map(|(tier, since, until)| Standing { tier, since, until })
}

fn party() -> impl Strategy<Value = Party> {
    let grant = (name("k"), unit(), quantity(), instant(), of(instant())).prop_map(
        |(key, unit, available, granted_at, expires)| LiveGrant { key, unit, available, granted_at, expires },
    );
    let shown = (vec((name("p"), standing()), 0..2), vec(grant, 0..2));
    (name("role"), name("u"), json(), vec(name("g"), 0..3), vec((unit(), any::<i64>()), 0..3), shown).prop_map(
        |(role, customer, attributes, tags, balances, (standings, grants))| Party {
            role,
            customer,
            attributes,
            tags,
            balances,
            standings,
            grants,
        },
    )
}

fn moment() -> impl Strategy<Value = Moment> {
    (instant(), local()).prop_map(|(at, local)| Moment { at, local })
}

fn campaign_view() -> impl Strategy<Value = CampaignView> {
    let phase = select(Phase::ALL.to_vec());
    (name::<CampaignId>("c"), 1..4_u32, instant(), of(instant()), phase, json()).prop_map(
        |(id, revision, opens, closes, phase, params)| {
            let currency = largesse_domain::unit::Currency::new("CNY").expect("three capitals");
            CampaignView { id, revision, currency, opens, closes, phase, params }
        },
    )
}

/// Any decision. Nothing but its own parts need agree: callers set ids, event, campaign, revision and parameters.
pub fn decision() -> impl Strategy<Value = Decision> {
    let input = (
        (name("sub"), event(), local(), owner(), vec(party(), 0..3)),
        (campaign_view(), moment(), any::<u64>(), of(json())),
    );
    let made = (of(instant()), of(any::<u32>()), any::<u32>(), any::<u64>(), text());
    (input, output(), verdict(), digest(), made).prop_map(|(input, output, verdict, policy, made)| {
        let ((subscription, event, local, owner, parties), (campaign, now, seed, state)) = input;
        let (made_at, state_read_as, wasi_profile, fuel, log) = made;
        let occurred = Moment { at: event.occurred, local };
        Decision {
            id: DecisionId(1),
            event: EventSeq(1),
            campaign: campaign.id.clone(),
            policy,
            wasi_profile,
            made_at: made_at.unwrap_or(now.at),
            state_read_as,
            evaluation: Evaluation { output, fuel, log },
            verdict,
            input: Arc::new(Input {
                subscription,
                event: Arc::new(event),
                occurred,
                owner,
                parties,
                campaign,
                now,
                seed,
                state,
            }),
        }
    })
}

/// Any customer.
pub fn customer() -> impl Strategy<Value = Customer> {
    let value = prop_oneof![
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<i64>().prop_map(AttributeValue::Int),
        text().prop_map(AttributeValue::Text),
    ];
    let attribute = (value, instant()).prop_map(|(value, as_of)| Attribute { value, as_of });
    let touch = (name::<CustomerId>("u"), instant()).prop_map(|(inviter, at)| Touch { inviter, at });
    (
        btree_map(name("attr"), attribute, 0..3),
        btree_map(name("g"), of(instant()), 0..3),
        btree_map(dimension(), vec(name("d"), 0..3), 0..3),
        vec(touch, 0..3),
        quantity(),
        btree_map(unit(), quantity(), 0..2),
        btree_map(name("p"), standing(), 0..2),
        btree_map(name("g"), name("e"), 0..2),
        (of(name("u")), vec(name("u"), 0..3)),
    )
        .prop_map(|(attributes, tags, identifiers, touches, raises_under_way, debts, standings, groups, ids)| {
            let (merged_into, also) = ids;
            let known = Customer { attributes, tags, identifiers, touches, ..Customer::default() };
            Customer { raises_under_way, debts, standings, groups, merged_into, also, ..known }
        })
}

/// Any timer; many are due at the same time.
pub fn timer() -> impl Strategy<Value = Timer> {
    let due = prop_oneof![3 => (0..4_i64).prop_map(|due| Instant::from_millis(due).expect("soon after 1970")), 1 => instant()];
    let set_on = (name("shop"), name("order")).prop_map(|(source, id)| largesse_domain::event::EventKey { source, id });
    (due, set_on, name("s"), name("u"), json()).prop_map(|(due, set_on, set_by, actor, data)| {
        let body = TimerBody::Policy { set_on, set_by, actor, data };
        Timer { due, body }
    })
}

fn class() -> impl Strategy<Value = UnitClass> {
    select(UnitClass::ALL.to_vec())
}

/// Any manifest.
pub fn manifest() -> impl Strategy<Value = Manifest> {
    let pointer = || select(vec!["/a", "/a/0/b~1c"]).prop_map(|text| Pointer::new(text).expect("a pointer"));
    let source = prop_oneof![
        Just(RoleSource::Actor),
        (1..4_u8).prop_map(RoleSource::Inviter),
        pointer().prop_map(RoleSource::CustomerAt),
        pointer().prop_map(RoleSource::MembersAt),
        Just(RoleSource::Members),
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let role = (name("role"), source, vec(name("attr"), 0..3), vec(pattern(), 0..3), flags).prop_map(
        |(name, source, attributes, balances, (tags, standings, grants))| Role {
            name,
            source,
            attributes,
            balances,
            tags,
            standings,
            grants,
        },
    );
    let owner = prop_oneof![
        name("role").prop_map(OwnerOf::Party),
        pointer().prop_map(OwnerOf::Entity),
        name("g").prop_map(OwnerOf::Group),
    ];
    let question = (name("q"), json()).prop_map(|(name, data_schema)| Question { name, data_schema });
    let subscription = (name("sub"), name("kind"), owner, of(pointer()))
        .prop_map(|(name, kind, owner, about)| Subscription { name, kind, owner, about });
    let kinds = select(EffectKind::ALL.to_vec());
    let said = (name("p"), name("1.0."), text(), json(), any::<u32>(), vec(any::<u32>(), 0..3));
    (said, vec(role, 0..3), vec(subscription, 0..3), vec(kinds, 0..3), (vec(class(), 0..3), vec(question, 0..2)))
        .prop_map(|(said, roles, subscriptions, effects, (unit_classes, questions))| {
            let (name, version, summary, params_schema, state_writes, state_reads) = said;
            Manifest {
                name,
                version,
                summary,
                params_schema,
                state_writes,
                state_reads,
                roles,
                subscriptions,
                effects,
                unit_classes,
                questions,
            }
        })
}
