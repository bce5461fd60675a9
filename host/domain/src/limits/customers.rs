//! What is kept of one customer, and shown of the parties of a decision.

limits! {
    /// Furthest inviter that a campaign may allow.
    pub const INVITER_DISTANCE_MAX: u8 = 3
        => Admin, "422 `invalid-manifest` with a pointer; in the configuration the host does not start",
        ["engine/src/declared.rs", "cli/src/config.rs", "documents/src/terms.rs"];
    /// Longest chain of inviters followed when looking for a cycle.
    pub const REFERRAL_CHAIN_MAX: usize = 1_000
        => Ingest, "inviters further away are not looked at", ["service/src/pipeline/bind.rs"];
    /// Most parties shown to one decision; of more, those of the roles that are declared first.
    pub const PARTIES_MAX: usize = 128
        => Ingest, "further parties are not shown to the policy", ["service/src/pipeline/show.rs"];
    /// Most members of an entity that are kept and shown.
    pub const MEMBERS_MAX: usize = 64
        => Ingest, "further members do not join; the event is taken", ["domain/src/rows/facts.rs"];
    /// Most live grants shown of one party.
    pub const LIVE_GRANTS_MAX: usize = 64
        => Ingest, "further grants are not shown to the policy", ["service/src/pipeline/show.rs"];
    /// Largest data of one question, in bytes of JSON.
    pub const QUESTION_BYTES_MAX: usize = 16 * 1024
        => Viewer, "422 `invalid-document` at `/data`", ["service/src/questions.rs"];
    /// Most attributes of one customer.
    pub const ATTRIBUTES_MAX: usize = 64
        => Ingest, "422 `too-many` for a document; an attribute of an event is not kept",
        ["domain/src/rows/customer.rs", "engine/src/declared.rs"];
    /// Longest text of an attribute, in bytes.
    pub const ATTRIBUTE_BYTES_MAX: usize = 256
        => Operator, "422 `invalid-document` at `/attributes/NAME`", ["documents/src/customer.rs", "service/src/kinds.rs"];
    /// Most tags of one customer.
    pub const TAGS_MAX: usize = 128
        => Author, "422 `too-many` for a document; an effect is skipped: `too-many-tags`", ["domain/src/rows/customer.rs"];
    /// Values kept of one dimension of one customer (their last devices, cards ...).
    pub const IDENTIFIERS_PER_DIMENSION_MAX: usize = 16
        => Ingest, "the oldest value is forgotten", ["domain/src/rows/customer.rs"];
    /// Touches kept of one customer.
    pub const TOUCHES_MAX: usize = 32
        => Ingest, "the latest touch is not kept", ["domain/src/rows/customer.rs"];
    /// Most programmes that one customer stands in.
    pub const STANDINGS_MAX: usize = 16
        => Author, "the effect is skipped: `too-many-programmes`",
        ["domain/src/rules/place.rs", "domain/src/rules/identity.rs"];
    /// Most kinds of group that one customer is a member in.
    pub const GROUPS_MAX: usize = 16
        => Ingest, "422 `too-many` for a document; a group of an event is not kept", ["domain/src/rows/customer.rs"];
    /// Most other ids of one customer.
    pub const OTHER_IDS_MAX: usize = 16
        => Ingest, "the ids are not merged; the event is taken", ["domain/src/rules/identity.rs"];
    /// Most tiers of one programme.
    pub const TIERS_MAX: usize = 64
        => Operator, "422 `invalid-document` at `/tiers`", ["documents/src/programme.rs"];
    /// Most programmes.
    pub const PROGRAMMES_MAX: usize = 64
        => Operator, "422 `invalid-document`", ["service/src/commands/programmes.rs"];
}
