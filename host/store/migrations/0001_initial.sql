-- The first schema. Times are milliseconds since 1970-01-01T00:00:00Z; quantities are 0 to 10^15 of a unit's smallest part.
--
-- What a write costs is what pages it touches: a batch writes each touched page once to the log. "At the end" means that
-- the new rows of a batch share few pages; "anywhere" means about one page for each row when there are many customers.

-- Runs of the host that assigned numbers: the last numbers used before each, and the first that it assigns. Numbers have no gaps but where a run
-- begins. One row for each start, in the first commit that assigns numbers.
CREATE TABLE runs (
    number         INTEGER PRIMARY KEY,
    opened         INTEGER NOT NULL,
    version        TEXT    NOT NULL,
    after_event    INTEGER NOT NULL CHECK (after_event >= 0),
    after_decision INTEGER NOT NULL CHECK (after_decision >= 0),
    after_delivery INTEGER NOT NULL CHECK (after_delivery >= 0),
    after_transfer INTEGER NOT NULL CHECK (after_transfer >= 0),
    first_event    INTEGER NOT NULL CHECK (first_event > after_event),
    first_decision INTEGER NOT NULL CHECK (first_decision > after_decision),
    first_delivery INTEGER NOT NULL CHECK (first_delivery > after_delivery),
    first_transfer INTEGER NOT NULL CHECK (first_transfer > after_transfer),
    link           BLOB    NOT NULL CHECK (length(link) = 32) -- over this run and the link of the decision or run before
) STRICT;

-- Published policies, in order of publication. Written when an author publishes; their components are files.
CREATE TABLE policies (
    place        INTEGER PRIMARY KEY,
    digest       BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    name         TEXT    NOT NULL,
    size_bytes   INTEGER NOT NULL CHECK (size_bytes >= 0),
    contract     TEXT    NOT NULL,
    published_at INTEGER NOT NULL,
    signed_by    TEXT,
    manifest     TEXT    NOT NULL
) STRICT;

-- Event kinds with the JSON Schema of their data. Written when an operator registers one.
CREATE TABLE kinds (
    kind   TEXT PRIMARY KEY,
    schema TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Campaigns. Written when an operator or the clock changes one.
CREATE TABLE campaigns (
    id        TEXT    PRIMARY KEY,
    version   INTEGER NOT NULL CHECK (version >= 0),
    lifecycle TEXT    NOT NULL CHECK (lifecycle IN ('draft', 'scheduled', 'running', 'paused', 'closing', 'ended')),
    settings  TEXT    NOT NULL,
    versions  TEXT    NOT NULL -- which decides, what can be gone back to, what is tried
) STRICT, WITHOUT ROWID;

-- Revisions of parameters. The only place where parameters stand.
CREATE TABLE revisions (
    campaign       TEXT    NOT NULL REFERENCES campaigns (id),
    number         INTEGER NOT NULL CHECK (number >= 0),
    effective_from INTEGER NOT NULL,
    params         TEXT    NOT NULL,
    PRIMARY KEY (campaign, number)
) STRICT, WITHOUT ROWID;

-- Events, in order of admission, kept for good but for their data. One row at the end; one index entry anywhere (by key: what makes
-- sending twice safe).
CREATE TABLE events (
    seq       INTEGER PRIMARY KEY CHECK (seq <= 9007199254740991), -- 2^53 - 1, as all numbers that leave the host
    source    TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    occurred  INTEGER NOT NULL,
    admitted  INTEGER NOT NULL,
    body_hash BLOB    NOT NULL CHECK (length(body_hash) = 32),
    UNIQUE (source, id)
) STRICT;

-- Whose events are which: a customer's decisions are asked for by people on the telephone. An index would be one entry anywhere for each
-- event; events are entered here 4,096 at a time, in order of actor, when so many are complete. Those behind them are looked through.
CREATE TABLE actors (
    actor TEXT    NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (actor, event)
) STRICT, WITHOUT ROWID;

-- The data of events, until their records are removed. One row at the end.
CREATE TABLE event_data (
    seq  INTEGER PRIMARY KEY,
    data TEXT    NOT NULL
) STRICT;

-- Decisions, in order: what remains of them for good. One row at the end; one index entry at the end (by event: the answer to an event sent again), one
-- index entry at the end of the campaign's own (lists of a campaign's decisions; without it a small campaign's list
-- would read the decisions of all others).
CREATE TABLE decisions (
    id       INTEGER PRIMARY KEY CHECK (id <= 9007199254740991),
    event    INTEGER NOT NULL REFERENCES events (seq),
    campaign TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    policy   BLOB    NOT NULL CHECK (length(policy) = 32),
    remains  BLOB    NOT NULL, -- packed
    link     BLOB    NOT NULL CHECK (length(link) = 32), -- over this decision, its record, and the link of the one before
    FOREIGN KEY (campaign, revision) REFERENCES revisions (campaign, number)
) STRICT;
CREATE INDEX decisions_by_event ON decisions (event);
CREATE INDEX decisions_by_campaign ON decisions (campaign);

-- The rest of decisions, until it is removed. One row at the end; rows leave at the front.
CREATE TABLE records (
    decision INTEGER PRIMARY KEY,
    made_at  INTEGER NOT NULL,
    body     BLOB    NOT NULL -- packed
) STRICT;

-- Which records were removed together: those of decisions behind the row before, up to `last`. One row at the end for each removal.
CREATE TABLE removals (
    last     INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    contents BLOB    NOT NULL CHECK (length(contents) % 32 = 0) -- a hash of each
) STRICT;

-- How much room records and data of events take, and how far they are removed. One row, written for each batch.
CREATE TABLE record_room (
    only     INTEGER PRIMARY KEY CHECK (only = 1),
    bytes    INTEGER NOT NULL CHECK (bytes >= 0),
    decision INTEGER NOT NULL CHECK (decision >= 0), -- the last whose record was removed
    event    INTEGER NOT NULL CHECK (event >= 0)     -- the last whose data was looked at
) STRICT;
INSERT INTO record_room VALUES (1, 0, 0, 0);

-- How many decisions of a campaign ended in which verdict. A few rows for each batch, however large.
CREATE TABLE verdict_counts (
    campaign TEXT    NOT NULL,
    verdict  TEXT    NOT NULL CHECK (verdict IN ('accepted', 'denied', 'refused', 'faulted')),
    count    INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (campaign, verdict)
) STRICT, WITHOUT ROWID;

-- Decisions still to be made: those of paused campaigns, those tried again after a fault, and those that are queued. The latter say
-- whose later decisions wait for them.
CREATE TABLE deferred (
    campaign     TEXT    NOT NULL,
    event        INTEGER NOT NULL REFERENCES events (seq),
    subscription TEXT    NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    due          INTEGER NOT NULL,
    behind       TEXT,
    PRIMARY KEY (campaign, event, subscription)
) STRICT, WITHOUT ROWID;
CREATE INDEX deferred_by_event ON deferred (event);
CREATE INDEX deferred_and_due ON deferred (campaign, event, subscription) WHERE behind IS NULL;
CREATE INDEX deferred_and_queued ON deferred (campaign, event, subscription) WHERE behind IS NOT NULL;

-- What policies keep of owners. At most one row anywhere for each decision.
CREATE TABLE states (
    campaign   TEXT    NOT NULL,
    owner_kind INTEGER NOT NULL CHECK (owner_kind IN (0, 1)), -- party, entity
    owner      TEXT    NOT NULL,
    written_as INTEGER NOT NULL CHECK (written_as >= 0),
    value      TEXT    NOT NULL,
    PRIMARY KEY (campaign, owner_kind, owner)
) STRICT, WITHOUT ROWID;

-- Which version decided in a campaign, and why. One row for each activation.
CREATE TABLE activations (
    campaign TEXT    NOT NULL REFERENCES campaigns (id),
    number   INTEGER NOT NULL CHECK (number >= 1),
    body     TEXT    NOT NULL,
    PRIMARY KEY (campaign, number)
) STRICT, WITHOUT ROWID;

-- What came of both versions while one was tried. Two rows for each batch with decisions of a campaign that tries one.
CREATE TABLE tallies (
    campaign  TEXT    NOT NULL,
    rollout   INTEGER NOT NULL,
    side      INTEGER NOT NULL CHECK (side IN (0, 1)), -- active, candidate
    decisions INTEGER NOT NULL CHECK (decisions >= 0),
    accepted  INTEGER NOT NULL CHECK (accepted >= 0),
    denied    INTEGER NOT NULL CHECK (denied >= 0),
    refused   INTEGER NOT NULL CHECK (refused >= 0),
    faulted   INTEGER NOT NULL CHECK (faulted >= 0),
    differing INTEGER NOT NULL CHECK (differing >= 0),
    fuel      INTEGER NOT NULL CHECK (fuel >= 0),
    PRIMARY KEY (campaign, rollout, side)
) STRICT, WITHOUT ROWID;

-- What a shadow asked for where it differed; the first ten thousand of a rollout.
CREATE TABLE differences (
    campaign TEXT    NOT NULL,
    rollout  INTEGER NOT NULL,
    decision INTEGER NOT NULL REFERENCES decisions (id),
    body     TEXT    NOT NULL,
    PRIMARY KEY (campaign, rollout, decision)
) STRICT, WITHOUT ROWID;

-- States that a version could not migrate, when it was last tried. A row counts for as long as the state is in that version.
CREATE TABLE stuck_states (
    campaign   TEXT    NOT NULL,
    owner_kind INTEGER NOT NULL CHECK (owner_kind IN (0, 1)), -- party, entity
    owner      TEXT    NOT NULL,
    policy     BLOB    NOT NULL CHECK (length(policy) = 32),
    written_as INTEGER NOT NULL CHECK (written_as >= 0),
    why        TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (campaign, owner_kind, owner)
) STRICT, WITHOUT ROWID;

-- The last migration of all states of a campaign.
CREATE TABLE migrations (
    campaign   TEXT    PRIMARY KEY,
    policy     BLOB    NOT NULL CHECK (length(policy) = 32),
    started    INTEGER NOT NULL,
    states     INTEGER NOT NULL CHECK (states >= 0),
    migrated   INTEGER NOT NULL CHECK (migrated >= 0),
    failed     INTEGER NOT NULL CHECK (failed >= 0),
    after_kind INTEGER CHECK (after_kind IN (0, 1)), -- party, entity
    after      TEXT,
    ended      INTEGER,
    CHECK ((after_kind IS NULL) = (after IS NULL))
) STRICT, WITHOUT ROWID;

-- Versions that may not decide anywhere.
CREATE TABLE stops (
    policy BLOB    PRIMARY KEY CHECK (length(policy) = 32),
    reason TEXT    NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Customers of whom something is known. One row anywhere when a fact is learnt.
CREATE TABLE customers (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Every issue of every grant. One row anywhere for each grant; a customer's grants stand together, so that a statement is one
-- read and needs no index. What left a grant is summed up here from the transfers.
CREATE TABLE grants (
    recipient     TEXT    NOT NULL,
    campaign      TEXT    NOT NULL,
    grant_key     TEXT    NOT NULL,
    issue         INTEGER NOT NULL CHECK (issue >= 1),
    decision      INTEGER, -- none when it was reserved through the API
    about         TEXT,
    unit          TEXT    NOT NULL,
    quantity      INTEGER NOT NULL CHECK (quantity BETWEEN 0 AND 1000000000000000),
    reversed      INTEGER NOT NULL CHECK (reversed BETWEEN 0 AND quantity),
    owed          INTEGER NOT NULL CHECK (owed BETWEEN 0 AND reversed),
    redeemed      INTEGER NOT NULL CHECK (redeemed BETWEEN 0 AND quantity),
    paid          INTEGER NOT NULL CHECK (paid BETWEEN 0 AND quantity), -- kept for a debt
    reserved      INTEGER NOT NULL CHECK (reserved BETWEEN 0 AND quantity),
    expired       INTEGER NOT NULL CHECK (expired BETWEEN 0 AND quantity),
    key_freed     INTEGER NOT NULL CHECK (key_freed IN (0, 1)),
    from_stock    INTEGER NOT NULL CHECK (from_stock IN (0, 1)),
    granted_at    INTEGER NOT NULL,
    day           INTEGER NOT NULL,
    second_of_day INTEGER NOT NULL CHECK (second_of_day BETWEEN 0 AND 86399),
    counted_for   TEXT, -- a JSON array of [dimension, identifier]; none when there are none
    hold_until    INTEGER,
    after_hold    INTEGER CHECK (after_hold IN (0, 1)), -- post, void
    expires       INTEGER,
    principal_cap INTEGER CHECK (principal_cap BETWEEN 0 AND 1000000000000000),
    reason        TEXT    NOT NULL,
    PRIMARY KEY (recipient, campaign, grant_key, issue),
    CHECK (quantity + owed >= reversed + redeemed + paid + reserved + expired),
    CHECK ((hold_until IS NULL) = (after_hold IS NULL))
) STRICT, WITHOUT ROWID;

-- The journal of the ledger, in order. Rows are only ever added, at the end.
CREATE TABLE transfers (
    number    INTEGER PRIMARY KEY CHECK (number <= 9007199254740991),
    at        INTEGER NOT NULL,
    cause     TEXT    NOT NULL, -- decision/7, request/r1, settle/spring@r1@u1, clock
    recipient TEXT, -- of which grant; none when stock arrives or leaves
    campaign  TEXT,
    grant_key TEXT,
    issue     INTEGER CHECK (issue >= 1),
    unit      TEXT    NOT NULL,
    quantity  INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 1000000000000000),
    -- budget, pending, wallet, reserved, expense, breakage, debt, stock, supply
    debit     INTEGER NOT NULL CHECK (debit BETWEEN 0 AND 8),
    credit    INTEGER NOT NULL CHECK (credit BETWEEN 0 AND 8 AND credit <> debit),
    CHECK ((recipient IS NULL) = (issue IS NULL) AND (campaign IS NULL) = (issue IS NULL)
        AND (grant_key IS NULL) = (issue IS NULL))
) STRICT;
CREATE TRIGGER transfers_are_not_changed BEFORE UPDATE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are never changed'); END;
CREATE TRIGGER transfers_are_not_removed BEFORE DELETE ON transfers
BEGIN SELECT RAISE(ABORT, 'transfers are never removed'); END;

-- Balances of campaigns' accounts by unit. A few rows for each batch, however large.
CREATE TABLE positions (
    campaign TEXT    NOT NULL,
    unit     TEXT    NOT NULL,
    budget   INTEGER NOT NULL,
    pending  INTEGER NOT NULL CHECK (pending >= 0),
    wallet   INTEGER NOT NULL CHECK (wallet >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    expense  INTEGER NOT NULL CHECK (expense >= 0),
    breakage INTEGER NOT NULL CHECK (breakage >= 0),
    debt     INTEGER NOT NULL,
    stock    INTEGER NOT NULL,
    supply   INTEGER NOT NULL,
    PRIMARY KEY (campaign, unit),
    CHECK (budget + pending + wallet + reserved + expense + breakage + debt + stock + supply = 0)
) STRICT, WITHOUT ROWID;

-- Pieces on hand. Written when stock arrives or is given.
CREATE TABLE stocks (
    unit    TEXT    PRIMARY KEY,
    on_hand INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 1000000000000000)
) STRICT, WITHOUT ROWID;

-- Redemptions. One row anywhere and one index entry anywhere for each.
CREATE TABLE redemptions (
    id       TEXT PRIMARY KEY,
    customer TEXT NOT NULL,
    body     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX redemptions_by_customer ON redemptions (customer);

-- Reversals and changes of stock that were asked for. One row anywhere for each.
CREATE TABLE receipts (
    id     TEXT PRIMARY KEY,
    asked  TEXT NOT NULL,
    answer TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Terms of units. Written when an operator changes them.
CREATE TABLE units (
    unit  TEXT PRIMARY KEY,
    terms TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Sets of customers. Written when an operator changes them.
CREATE TABLE segments (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Budgets that campaigns share. Written when an operator changes them.
CREATE TABLE pockets (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- In which customers stand.
CREATE TABLE programmes (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who is a member of an entity.
CREATE TABLE members (
    entity  TEXT PRIMARY KEY,
    members TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Weights in pools.
CREATE TABLE shares (
    campaign TEXT    NOT NULL,
    pool     TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    weight   INTEGER NOT NULL CHECK (weight >= 0),
    settled  INTEGER NOT NULL CHECK (settled IN (0, 1)),
    PRIMARY KEY (campaign, pool, customer)
) STRICT, WITHOUT ROWID;

-- What campaigns count.
CREATE TABLE measures (
    campaign TEXT PRIMARY KEY,
    counts   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Things that grants are about. One row anywhere for each grant about something.
CREATE TABLE abouts (
    campaign  TEXT    NOT NULL,
    about     TEXT    NOT NULL,
    cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    grants    TEXT    NOT NULL, -- a JSON array of [recipient, key]
    PRIMARY KEY (campaign, about)
) STRICT, WITHOUT ROWID;

-- Who holds a claim. One row anywhere for each new claim.
CREATE TABLE claims (
    campaign  TEXT    NOT NULL,
    scope     TEXT    NOT NULL,
    dimension INTEGER NOT NULL CHECK (dimension BETWEEN 0 AND 4), -- customer, identity, device, card, address
    value     TEXT    NOT NULL,
    holder    TEXT    NOT NULL,
    PRIMARY KEY (campaign, scope, dimension, value)
) STRICT, WITHOUT ROWID;

-- Use of budgets and limits. For each grant one row for each limit, a customer's all on one page anywhere; the rows of budgets
-- are few and written once for each batch.
CREATE TABLE usage (
    holder TEXT    NOT NULL, -- a campaign or a pocket
    kind   INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 6), -- budget, pocket, customer, identity, device, card, address
    who    TEXT    NOT NULL, -- which customer, identity, device, card or address; '' for budgets
    unit   TEXT    NOT NULL,
    span   INTEGER NOT NULL CHECK (span BETWEEN 0 AND 3), -- campaign, day, week, month
    place  INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 1000000000000000),
    count  INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (holder, kind, who, unit, span, place)
) STRICT, WITHOUT ROWID;

-- Who is bound as whose inviter. One row anywhere for each invitee and campaign.
CREATE TABLE bindings (
    invitee  TEXT NOT NULL,
    campaign TEXT NOT NULL,
    inviter  TEXT NOT NULL,
    PRIMARY KEY (invitee, campaign)
) STRICT, WITHOUT ROWID;

-- Messages that were sent. One row anywhere for each.
CREATE TABLE messages (
    recipient   TEXT NOT NULL,
    campaign    TEXT NOT NULL,
    message_key TEXT NOT NULL,
    PRIMARY KEY (recipient, campaign, message_key)
) STRICT, WITHOUT ROWID;

-- Where deliveries go. Written when an operator registers or changes one, or when one says that it is gone.
CREATE TABLE destinations (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The outbox, in order of deliveries; kept after delivery, so that everything can be sent again. One row at the end for each
-- delivery, written again after each attempt, while the index entries of what was delivered are gone: the indexes hold
-- what waits, and what is dead.
CREATE TABLE deliveries (
    id             INTEGER PRIMARY KEY CHECK (id <= 9007199254740991),
    destination    TEXT    NOT NULL,
    customer       TEXT    NOT NULL, -- '' when it is about nobody
    topic          TEXT    NOT NULL,
    grant_campaign TEXT,             -- the grant that is settled by it, with customer and topic
    grant_key      TEXT,
    grant_issue    INTEGER CHECK (grant_issue >= 1),
    body           TEXT    NOT NULL,
    made_at        INTEGER NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts       INTEGER NOT NULL CHECK (attempts >= 0),
    due            INTEGER NOT NULL,
    last_error     TEXT,
    first          INTEGER NOT NULL CHECK (first IN (0, 1)) -- of those about one customer that wait for one destination
) STRICT;
CREATE INDEX deliveries_first ON deliveries (destination, due) WHERE first = 1;
CREATE INDEX deliveries_waiting ON deliveries (destination, customer) WHERE state = 'waiting';
CREATE INDEX deliveries_open ON deliveries (state) WHERE state <> 'delivered';

-- What destinations said of grants. One row about at the end for each.
CREATE TABLE settlements (
    delivery INTEGER PRIMARY KEY REFERENCES deliveries (id),
    settled  TEXT    NOT NULL CHECK (settled IN ('confirmed', 'failed')),
    reason   TEXT,
    at       INTEGER NOT NULL
) STRICT;

-- Timers that are set: `key` tells what goes off, `waits_with` is the campaign whose pause it waits out, or ''. For each timer set
-- or gone off one row anywhere and one index entry anywhere (by due: what goes off next).
CREATE TABLE timers (
    key        TEXT    NOT NULL PRIMARY KEY,
    waits_with TEXT    NOT NULL,
    due        INTEGER NOT NULL,
    body       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (waits_with, due);

-- The rules for marketing messages. One row, when an operator has set them.
CREATE TABLE message_rules (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    body TEXT    NOT NULL
) STRICT;

-- When customers were, or will be, sent marketing messages. One row anywhere for each such message.
CREATE TABLE contacts (
    customer TEXT PRIMARY KEY,
    sent     TEXT NOT NULL -- a JSON array of times in ms, in order; at most 100
) STRICT, WITHOUT ROWID;
