//! What a condition asks for and what it costs, told from its expression alone.

use std::collections::BTreeSet;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, operators};
use largesse_domain::limits::{CONDITION_DEPTH_MAX, CONDITION_STEPS_MAX, TAGS_MAX};
use largesse_domain::unit::Unit;

/// What there is to ask for.
const NAMES: [&str; 8] = ["attributes", "tags", "balances", "standings", "now", "month", "day", "weekday"];
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

/// What a condition asks for.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// By name.
    pub(super) names: BTreeSet<String>,
    /// Attributes that it names.
    pub(super) attributes: BTreeSet<String>,
    /// Programmes that it names.
    pub(super) programmes: BTreeSet<String>,
    /// Units whose balances it names.
    pub(super) units: BTreeSet<Unit>,
}

/// What an expression comes to, at most.
#[derive(Clone, Copy)]
struct Weight {
    steps: u64,
    /// Elements, when it is a list that may be gone through. Maps are in no order that stays.
    elements: Option<u64>,
}

impl Weight {
    const ONE: Self = Self { steps: 1, elements: None };

    fn then(self, other: Self) -> Self {
        Self { steps: self.steps.saturating_add(other.steps), elements: None }
    }
}

impl Reading {
    /// Reads an expression.
    ///
    /// # Errors
    /// When it asks for something that there is not, or could cost too much.
    pub(super) fn of(expression: &IdedExpr) -> Result<Self, String> {
        let mut reading = Self::default();
        let weight = reading.weigh(expression, &mut Vec::new(), 0)?;
        if weight.steps > CONDITION_STEPS_MAX {
            return Err(format!("takes {} steps, more than {CONDITION_STEPS_MAX}", weight.steps));
        }
        Ok(reading)
    }

    fn weigh(&mut self, expression: &IdedExpr, bound: &mut Vec<String>, depth: usize) -> Result<Weight, String> {
        if depth > CONDITION_DEPTH_MAX {
            return Err(format!("nested deeper than {CONDITION_DEPTH_MAX}"));
        }
        let depth = depth + 1;
        match &expression.expr {
            Expr::Literal(LiteralValue::Double(_) | LiteralValue::Bytes(_) | LiteralValue::UInt(_)) => {
                Err("there are whole numbers, texts, true and false; no fractions, bytes or unsigned numbers".into())
            }
            Expr::Literal(_) => Ok(Weight::ONE),
            Expr::Ident(name) => self.weigh_name(name, bound),
            Expr::Select(select) => {
                self.note_part(&select.operand, &select.field, bound)?;
                Ok(Weight::ONE.then(self.weigh(&select.operand, bound, depth)?))
            }
            Expr::Call(call) => self.weigh_call(call, bound, depth),
            Expr::List(list) => {
                let mut whole = Weight::ONE;
                for element in &list.elements {
                    whole = whole.then(self.weigh(element, bound, depth)?);
                }
                Ok(Weight { elements: Some(list.elements.len() as u64), ..whole })
            }
            Expr::Map(map) => {
                let mut whole = Weight::ONE;
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return Err("there are no messages".into()) };
                    whole = whole.then(self.weigh(&entry.key, bound, depth)?);
                    whole = whole.then(self.weigh(&entry.value, bound, depth)?);
                }
                Ok(whole)
            }
            Expr::Comprehension(comprehension) => self.weigh_comprehension(comprehension, bound, depth),
            Expr::Struct(_) | Expr::Unspecified => Err("there are no messages".into()),
        }
    }

    fn weigh_name(&mut self, name: &str, bound: &[String]) -> Result<Weight, String> {
        if bound.iter().any(|own| own == name) {
            return Ok(Weight::ONE);
        }
        if !NAMES.contains(&name) {
            return Err(format!("there is no {name}; there is {}", NAMES.join(", ")));
        }
        self.names.insert(name.to_owned());
        Ok(Weight { steps: 1, elements: (name == "tags").then_some(TAGS_MAX as u64) })
    }

    fn weigh_call(&mut self, call: &CallExpr, bound: &mut Vec<String>, depth: usize) -> Result<Weight, String> {
        let name = call.func_name.as_str();
        if !FUNCTIONS.contains(&name) {
            return Err(format!("there is no function {name}"));
        }
        if let (operators::INDEX, [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(part)), .. }]) =
            (name, &call.args[..])
        {
            self.note_part(of, part.inner(), bound)?;
        }
        let (mut whole, mut elements) = (Weight::ONE, None);
        for argument in call.target.as_deref().into_iter().chain(&call.args) {
            let weight = self.weigh(argument, bound, depth)?;
            whole = whole.then(weight);
            if let Some(own) = weight.elements {
                // Whatever is done with a list may look at all of it.
                whole.steps = whole.steps.saturating_add(own);
                elements = Some(elements.unwrap_or(0_u64).saturating_add(own));
            }
        }
        Ok(Weight { elements: elements.filter(|_| name == operators::ADD), ..whole })
    }

    fn weigh_comprehension(
        &mut self,
        comprehension: &ComprehensionExpr,
        bound: &mut Vec<String>,
        depth: usize,
    ) -> Result<Weight, String> {
        let ComprehensionExpr { iter_range, iter_var, iter_var2, accu_var, accu_init, .. } = comprehension;
        let range = self.weigh(iter_range, bound, depth)?;
        let Some(elements) = range.elements else {
            return Err("only tags and lists that are written out are gone through".into());
        };
        let gathers = matches!(accu_init.expr, Expr::List(_));
        if gathers && !keeps(&comprehension.loop_step, iter_var) {
            return Err("there is no map; ask with exists, all, exists_one or filter".into());
        }
        let before = bound.len();
        bound.extend([Some(iter_var), iter_var2.as_ref(), Some(accu_var)].into_iter().flatten().cloned());
        let turn = self.weigh(&comprehension.loop_cond, bound, depth)?;
        let turn = turn.then(self.weigh(&comprehension.loop_step, bound, depth)?);
        let result = self.weigh(&comprehension.result, bound, depth)?;
        bound.truncate(before);
        let turns = Weight { steps: turn.steps.saturating_mul(elements), elements: None };
        Ok(Weight { elements: gathers.then_some(elements), ..range.then(turns).then(result) })
    }

    /// Notes which attribute, unit or programme is asked for.
    fn note_part(&mut self, of: &IdedExpr, part: &str, bound: &[String]) -> Result<(), String> {
        let Expr::Ident(name) = &of.expr else { return Ok(()) };
        if bound.iter().any(|own| own == name) {
            return Ok(());
        }
        match name.as_str() {
            "attributes" => drop(self.attributes.insert(part.to_owned())),
            "standings" => drop(self.programmes.insert(part.to_owned())),
            "balances" => {
                let unit = part.parse().map_err(|error| format!("balances[{part:?}]: {error}"))?;
                self.units.insert(unit);
            }
            _ => {}
        }
        Ok(())
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
