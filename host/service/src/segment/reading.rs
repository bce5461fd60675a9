//! What a condition asks for and what it costs, told from its expression alone.

use std::collections::BTreeSet;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use largesse_domain::limits::{
    ATTRIBUTE_BYTES_MAX, ATTRIBUTES_MAX, CONDITION_DEPTH_MAX, CONDITION_STEPS_MAX, CONDITION_UNITS_MAX,
    CONDITION_VALUE_BYTES_MAX, STANDINGS_MAX, TAGS_MAX,
};
use largesse_domain::unit::Unit;

/// What there is to ask for.
const NAMES: [&str; 8] = ["attributes", "tags", "balances", "standings", "now", "month", "day", "weekday"];
/// Those of them that are maps.
const MAPS: [&str; 3] = ["attributes", "balances", "standings"];
const FUNCTIONS: [&str; 25] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::INDEX,
    operators::IN,
    operators::NOT_STRICTLY_FALSE,
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "int",
    "age_days",
];

/// Bytes of texts that are copied, compared or searched in one step.
const BYTES_PER_STEP: u64 = 64;
/// A value that is neither a text, a list nor a map, in bytes.
const SCALAR_BYTES: u64 = 16;
/// What a value in a list or a map takes beside its text, in bytes.
const ENTRY_BYTES: u64 = 32;
/// Longest tag, in bytes.
const TAG_BYTES: u64 = 64;
/// Longest name of an attribute, tag, programme, tier or unit, in bytes.
const NAME_BYTES: u64 = 128;

/// What a condition asks for.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// By name.
    pub(super) names: BTreeSet<String>,
    /// Maps that it looks at as a whole, not only at parts that it names.
    pub(super) whole: BTreeSet<String>,
    /// Attributes that it names.
    pub(super) attributes: BTreeSet<String>,
    /// Programmes that it names.
    pub(super) programmes: BTreeSet<String>,
    /// Units whose balances it names.
    pub(super) units: BTreeSet<Unit>,
    /// The most steps that its evaluation takes.
    pub(super) steps: u64,
}

/// What an expression takes, and how large its value is, at most.
#[derive(Clone, Copy, Debug)]
struct Weight {
    steps: u64,
    /// Of the value with all that it contains.
    bytes: u64,
    /// Elements, when it is a list that may be gone through. Maps are in no order that stays.
    list: Option<Elements>,
}

#[derive(Clone, Copy, Debug)]
struct Elements {
    count: u64,
    /// Of the largest one.
    bytes: u64,
}

impl Weight {
    const SCALAR: Self = Self { steps: 1, bytes: SCALAR_BYTES, list: None };

    fn of_bytes(bytes: u64) -> Self {
        Self { bytes, ..Self::SCALAR }
    }

    /// This after another.
    fn after(self, other: Self) -> Self {
        Self { steps: self.steps.saturating_add(other.steps), ..self }
    }

    /// The steps to copy, compare or search the value.
    fn handling(self) -> u64 {
        self.list.map_or(0, |list| list.count).saturating_add(self.bytes / BYTES_PER_STEP)
    }
}

/// A name that a comprehension binds, with a value of that weight.
struct Bound<'a> {
    name: &'a str,
    weight: Weight,
}

impl Reading {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it asks for something that there is not, or could cost too much.
    pub(super) fn of(expression: &IdedExpr) -> Result<Self, String> {
        let mut reading = Self::default();
        let weight = reading.weigh(expression, &mut Vec::new(), 0)?;
        // The customer is made a value for each evaluation.
        reading.steps = weight.steps.saturating_add(reading.showing());
        if reading.steps > CONDITION_STEPS_MAX {
            return Err(format!(
                "may take {} steps, more than {CONDITION_STEPS_MAX}: going through lists, and long texts, cost most",
                reading.steps
            ));
        }
        Ok(reading)
    }

    /// Steps to make what it asks for of a customer.
    fn showing(&self) -> u64 {
        let part = |name: &str, count: usize, weight: Weight| {
            let whole = if self.whole.contains(name) { whole(name).handling() } else { 0 };
            whole + count as u64 * (1 + weight.handling())
        };
        let tags = if self.names.contains("tags") { whole("tags").handling() } else { 0 };
        tags + part("attributes", self.attributes.len(), part_of("attributes"))
            + part("standings", self.programmes.len(), part_of("standings"))
            + part("balances", self.units.len(), part_of("balances"))
    }

    fn weigh<'a>(
        &mut self,
        expression: &'a IdedExpr,
        bound: &mut Vec<Bound<'a>>,
        depth: usize,
    ) -> Result<Weight, String> {
        if depth > CONDITION_DEPTH_MAX {
            return Err(format!("nested deeper than {CONDITION_DEPTH_MAX}"));
        }
        let depth = depth + 1;
        let weight = match &expression.expr {
            Expr::Literal(LiteralValue::Double(_) | LiteralValue::Bytes(_) | LiteralValue::UInt(_)) => {
                return Err(
                    "there are whole numbers, texts, true and false; no fractions, bytes or unsigned numbers".into()
                );
            }
            Expr::Literal(LiteralValue::String(text)) => Weight::of_bytes(text.inner().len() as u64),
            Expr::Literal(_) => Weight::SCALAR,
            Expr::Ident(name) => self.weigh_name(name, bound)?,
            Expr::Select(select) => match self.weigh_part(&select.operand, &select.field, bound)? {
                Some(part) => part,
                None => {
                    let of = self.weigh(&select.operand, bound, depth)?;
                    Weight { steps: of.steps.saturating_add(1 + of.handling()), list: None, ..of }
                }
            },
            Expr::Call(call) => self.weigh_call(call, bound, depth)?,
            Expr::List(list) => self.weigh_list(&list.elements, bound, depth)?,
            Expr::Map(map) => {
                let mut all = Vec::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return Err("there are no messages".into()) };
                    all.extend([&entry.key, &entry.value]);
                }
                Weight { list: None, ..self.weigh_list(all, bound, depth)? }
            }
            Expr::Comprehension(comprehension) => self.weigh_comprehension(comprehension, bound, depth)?,
            Expr::Struct(_) | Expr::Unspecified => return Err("there are no messages".into()),
        };
        if weight.bytes > CONDITION_VALUE_BYTES_MAX {
            return Err(format!(
                "may build a text or a list of {} bytes; at most {CONDITION_VALUE_BYTES_MAX} are allowed",
                weight.bytes
            ));
        }
        Ok(weight)
    }

    fn weigh_name(&mut self, name: &str, bound: &[Bound<'_>]) -> Result<Weight, String> {
        if let Some(own) = bound.iter().rev().find(|own| own.name == name) {
            return Ok(own.weight);
        }
        if !NAMES.contains(&name) {
            return Err(format!("there is no {name}; there is {}", NAMES.join(", ")));
        }
        self.names.insert(name.to_owned());
        if MAPS.contains(&name) {
            self.whole.insert(name.to_owned());
        }
        Ok(whole(name))
    }

    /// The weight of a part of what is known of the customer, when it is one that is named.
    fn weigh_part(&mut self, of: &IdedExpr, part: &str, bound: &[Bound<'_>]) -> Result<Option<Weight>, String> {
        let Expr::Ident(name) = &of.expr else { return Ok(None) };
        if !MAPS.contains(&name.as_str()) || bound.iter().any(|own| own.name == name) {
            return Ok(None);
        }
        self.names.insert(name.clone());
        self.note_part(name, part)?;
        Ok(Some(Weight { steps: 2, ..part_of(name) }))
    }

    fn weigh_list<'a>(
        &mut self,
        elements: impl IntoIterator<Item = &'a IdedExpr>,
        bound: &mut Vec<Bound<'a>>,
        depth: usize,
    ) -> Result<Weight, String> {
        let (mut list, mut bytes, mut steps) = (Elements { count: 0, bytes: 0 }, 0_u64, 1_u64);
        for element in elements {
            let element = self.weigh(element, bound, depth)?;
            steps = steps.saturating_add(element.steps).saturating_add(element.handling());
            bytes = bytes.saturating_add(element.bytes).saturating_add(ENTRY_BYTES);
            list = Elements { count: list.count + 1, bytes: list.bytes.max(element.bytes) };
        }
        Ok(Weight { steps, bytes, list: Some(list) })
    }

    fn weigh_call<'a>(
        &mut self,
        call: &'a CallExpr,
        bound: &mut Vec<Bound<'a>>,
        depth: usize,
    ) -> Result<Weight, String> {
        let name = call.func_name.as_str();
        if !FUNCTIONS.contains(&name) {
            return Err(format!("there is no function {name}"));
        }
        if let (operators::INDEX, [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(part)), .. }]) =
            (name, &call.args[..])
            && let Some(part) = self.weigh_part(of, part.inner(), bound)?
        {
            return Ok(part);
        }
        let mut weights = Vec::with_capacity(call.args.len() + 1);
        for argument in call.target.as_deref().into_iter().chain(&call.args) {
            weights.push(self.weigh(argument, bound, depth)?);
        }
        // Only these hand on a value as it is.
        let hands_on = name == operators::CONDITIONAL;
        let handling = |weight: &Weight| weight.steps.saturating_add(if hands_on { 0 } else { weight.handling() });
        let steps = weights.iter().map(handling).fold(1, u64::saturating_add);
        let most = |of: fn(&Weight) -> u64| weights.iter().map(of).max().unwrap_or(0);
        let whole = Weight { steps, ..Weight::SCALAR };
        Ok(match name {
            operators::CONDITIONAL => Weight { bytes: most(|weight| weight.bytes), ..whole },
            operators::INDEX => match weights.first().and_then(|of| of.list) {
                Some(list) => Weight { bytes: list.bytes.max(SCALAR_BYTES), ..whole },
                None => Weight { bytes: most(|weight| weight.bytes), ..whole },
            },
            operators::ADD => {
                let lists = weights.iter().filter_map(|weight| weight.list);
                let list = lists.reduce(|one, other| Elements {
                    count: one.count.saturating_add(other.count),
                    bytes: one.bytes.max(other.bytes),
                });
                let bytes = weights.iter().map(|weight| weight.bytes).fold(0, u64::saturating_add);
                Weight { bytes: bytes.max(SCALAR_BYTES), list, ..whole }
            }
            _ => whole,
        })
    }

    fn weigh_comprehension<'a>(
        &mut self,
        comprehension: &'a ComprehensionExpr,
        bound: &mut Vec<Bound<'a>>,
        depth: usize,
    ) -> Result<Weight, String> {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, accu_var, accu_init, .. } = comprehension;
        let range = self.weigh(iter_range, bound, depth)?;
        let Some(list) = range.list else {
            return Err("only tags and lists that are written out are gone through".into());
        };
        let gathers = matches!(accu_init.expr, Expr::List(_));
        if gathers && !keeps(&comprehension.loop_step, iter_var) {
            return Err("there is no map; ask with exists, all, exists_one or filter".into());
        }
        let before = bound.len();
        let element = Weight { steps: 1, bytes: list.bytes, list: None };
        bound.extend(
            [Some(iter_var), iter_var2.as_ref()].into_iter().flatten().map(|name| Bound { name, weight: element }),
        );
        // What is gathered grows: over all turns it is half as large as in the end.
        let half = Weight { steps: 1, bytes: range.bytes / 2, list: Some(Elements { count: list.count / 2, ..list }) };
        bound.push(Bound { name: accu_var, weight: if gathers { half } else { Weight::SCALAR } });
        let turn = self.weigh(&comprehension.loop_cond, bound, depth)?;
        let turn = self.weigh(&comprehension.loop_step, bound, depth)?.after(turn);
        let result = self.weigh(&comprehension.result, bound, depth)?;
        bound.truncate(before);
        let turns = turn.steps.saturating_add(1 + element.handling()).saturating_mul(list.count);
        let steps = range.steps.saturating_add(turns).saturating_add(result.steps);
        Ok(match gathers {
            true => Weight { steps, ..range },
            false => Weight { steps, ..Weight::SCALAR },
        })
    }

    /// Notes which attribute, unit or programme is asked for.
    fn note_part(&mut self, of: &str, part: &str) -> Result<(), String> {
        match of {
            "attributes" => drop(self.attributes.insert(part.to_owned())),
            "standings" => drop(self.programmes.insert(part.to_owned())),
            _ => {
                let unit = part.parse().map_err(|error| format!("balances[{part:?}]: {error}"))?;
                self.units.insert(unit);
            }
        }
        Ok(())
    }
}

/// The weight of something that is known of the customer, as a whole.
fn whole(name: &str) -> Weight {
    let map = |count: usize, value: u64| Weight::of_bytes(count as u64 * (NAME_BYTES + value + ENTRY_BYTES));
    match name {
        "attributes" => map(ATTRIBUTES_MAX, ATTRIBUTE_BYTES_MAX as u64),
        "standings" => map(STANDINGS_MAX, NAME_BYTES),
        "balances" => map(CONDITION_UNITS_MAX, SCALAR_BYTES),
        "tags" => {
            let list = Elements { count: TAGS_MAX as u64, bytes: TAG_BYTES };
            Weight { steps: 1, bytes: list.count * (list.bytes + ENTRY_BYTES), list: Some(list) }
        }
        _ => Weight::SCALAR,
    }
}

/// The weight of one part of a map.
fn part_of(name: &str) -> Weight {
    match name {
        "attributes" => Weight::of_bytes(ATTRIBUTE_BYTES_MAX as u64),
        "standings" => Weight::of_bytes(NAME_BYTES),
        _ => Weight::SCALAR,
    }
}

/// Whether a step of a comprehension that gathers a list puts nothing but the elements themselves into it.
fn keeps(step: &IdedExpr, element: &str) -> bool {
    match &step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
            call.args.get(1).is_some_and(|then| keeps(then, element))
        }
        Expr::Call(call) if call.func_name == operators::ADD => match call.args.get(1).map(|added| &added.expr) {
            Some(Expr::List(list)) => {
                matches!(&list.elements[..], [only] if only.expr == Expr::Ident(element.to_owned()))
            }
            _ => false,
        },
        _ => false,
    }
}
