//! What validating a value by a schema may cost, worked out from the schema alone.
//!
//! The bound is in steps for each byte of the value's JSON. A part's own keywords work on the value itself, what it applies in place
//! works on the same value again, and of what it applies to children only one alternative counts for each child where keywords exclude
//! each other. Children are bounded one level of nesting at a time, from scalars up to the deepest value that is accepted, so a recursive
//! schema is fine as long as each level validates its children a bounded number of times.

use largesse_domain::limits::{
    JSON_DEPTH_MAX, SCHEMA_COMPILED_PARTS_MAX, SCHEMA_IN_PLACE_DEPTH_MAX, SCHEMA_STEPS_PER_BYTE_MAX,
};
use largesse_domain::problem::Problem;
use serde_json::Value;

use super::graph::{Applied, Graph, Part};

/// What a schema may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Steps to see whether a value is valid, for each of its bytes.
    pub(crate) valid: u64,
    /// Steps to collect the errors of one that is not, for each of its bytes.
    pub(crate) errors: u64,
    /// Errors that are collected, for each value within the value.
    pub(crate) errors_per_value: u64,
    /// Parts that are compiled and kept, and what its patterns come to beside them.
    pub(crate) size: usize,
}

impl Cost {
    /// Works out the cost of a schema.
    ///
    /// # Errors
    /// What is not allowed, or where it becomes too expensive, with a pointer into the schema.
    pub(crate) fn of(schema: &Value) -> Result<Self, Problem> {
        let graph = Graph::of(schema)?;
        let order = order(&graph, |part| part.in_place.iter().map(|(_, part)| *part).chain(part.names).collect());
        let order = order.map_err(|number| {
            let message = "it refers to itself for the same value, so validating would never end";
            Problem { pointer: graph.pointer(number), message: message.into() }
        })?;
        let mut below = vec![Steps::default(); graph.parts.len()];
        for _ in 0..=JSON_DEPTH_MAX {
            let level = level(&graph, &order, &below)?;
            if level == below {
                break;
            }
            below = level;
        }
        check_depth(&graph, &order)?;
        let compiled = compiled(&graph, &order)?;
        let whole = below[0];
        // A state of a pattern takes a sixteenth of what a compiled part does.
        let size = compiled + graph.pattern_states() / 16;
        Ok(Self { valid: whole.valid, errors: whole.errors, errors_per_value: whole.count, size })
    }
}

/// The work of a part on values of some depth at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Steps {
    /// For each byte, to see whether it is valid.
    valid: u64,
    /// For each byte, to collect errors.
    errors: u64,
    /// Errors for each value.
    count: u64,
}

/// Work on one value, split by what it grows with.
#[derive(Clone, Copy, Debug, Default)]
struct Work {
    /// For each byte of the value itself.
    own: u64,
    /// For each byte of its children.
    below: u64,
    /// For each byte of both.
    tree: u64,
}

impl Work {
    fn add(&mut self, other: Self, times: u64) {
        let add = |to: &mut u64, more: u64| *to = to.saturating_add(more.saturating_mul(times));
        add(&mut self.own, other.own);
        add(&mut self.below, other.below);
        add(&mut self.tree, other.tree);
    }

    fn per_byte(self) -> u64 {
        self.own.max(self.below).saturating_add(self.tree)
    }
}

/// All that is known of a part while its level is worked out.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    valid: Work,
    /// To see which children it evaluates.
    marking: Work,
    errors: Work,
    count: Work,
}

/// The parts in an order in which each comes behind those it leads to.
///
/// # Errors
/// A part that leads to itself.
fn order(graph: &Graph<'_>, edges: impl Fn(&Part<'_>) -> Vec<usize>) -> Result<Vec<usize>, usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; graph.parts.len()];
    let mut order = Vec::with_capacity(graph.parts.len());
    for start in 0..graph.parts.len() {
        if states[start] != State::New {
            continue;
        }
        states[start] = State::Open;
        let mut open = vec![(start, edges(&graph.parts[start]))];
        while let Some((number, left)) = open.last_mut() {
            let number = *number;
            match left.pop() {
                Some(next) if states[next] == State::Open => return Err(next),
                Some(next) if states[next] == State::Done => {}
                Some(next) => {
                    states[next] = State::Open;
                    open.push((next, edges(&graph.parts[next])));
                }
                None => {
                    states[number] = State::Done;
                    order.push(number);
                    open.pop();
                }
            }
        }
    }
    Ok(order)
}

/// Validation goes one level down the stack for each schema that is applied in place.
fn check_depth(graph: &Graph<'_>, order: &[usize]) -> Result<(), Problem> {
    let mut depths = vec![0_usize; graph.parts.len()];
    for &number in order {
        let deepest = graph.parts[number].in_place.iter().map(|(_, part)| depths[*part] + 1).max();
        depths[number] = deepest.unwrap_or(0);
        if depths[number] > SCHEMA_IN_PLACE_DEPTH_MAX {
            let message = format!(
                "a chain of references and combined schemas may have at most {SCHEMA_IN_PLACE_DEPTH_MAX} links"
            );
            return Err(Problem { pointer: graph.pointer(number), message });
        }
    }
    Ok(())
}

/// How many parts are compiled. The target of a reference is compiled once, except where a schema asks which children others
/// evaluate: for that all that apply in place are compiled again.
fn compiled(graph: &Graph<'_>, in_place: &[usize]) -> Result<usize, Problem> {
    /// More than any schema needs whose parts do not compile one another.
    const PASSES: usize = 64;
    let lexical = order(graph, |part| part.within.clone()).unwrap_or_default();
    let mut counts = Counts { whole: vec![1; graph.parts.len()], marking: vec![1; graph.parts.len()] };
    for _ in 0..PASSES {
        let before = counts.clone();
        counts.update(graph, &lexical, in_place);
        let total = graph.targets().chain([0]).fold(0_usize, |sum, part| sum.saturating_add(counts.whole[part]));
        if total > SCHEMA_COMPILED_PARTS_MAX {
            break;
        }
        if counts == before {
            return Ok(total);
        }
    }
    let marks = in_place.iter().copied().filter(|part| graph.parts[*part].marks);
    let largest = marks.max_by_key(|part| counts.marking[*part]).unwrap_or(0);
    let message = format!(
        "compiling it takes more than {SCHEMA_COMPILED_PARTS_MAX} subschemas: unevaluatedProperties and unevaluatedItems \
         compile everything that applies to the same value again"
    );
    Err(Problem { pointer: graph.pointer(largest), message })
}

/// How many parts are compiled for each part.
#[derive(Clone, Debug, PartialEq)]
struct Counts {
    /// To validate by it.
    whole: Vec<usize>,
    /// To see which children it evaluates.
    marking: Vec<usize>,
}

impl Counts {
    fn update(&mut self, graph: &Graph<'_>, lexical: &[usize], in_place: &[usize]) {
        for &number in lexical {
            let part = &graph.parts[number];
            let within = part.within.iter().fold(1_usize, |sum, part| sum.saturating_add(self.whole[*part]));
            let marking = if part.marks { self.marking[number] } else { 0 };
            self.whole[number] = within.saturating_add(marking);
        }
        for &number in in_place {
            let part = &graph.parts[number];
            let children = part.additional.iter().chain(&part.each);
            let mut sum = children.fold(1_usize, |sum, child| sum.saturating_add(self.whole[*child]));
            for (applied, child) in part.in_place.iter().filter(|(applied, _)| *applied != Applied::Test) {
                let node = if *applied == Applied::Reference { 0 } else { self.whole[*child] };
                sum = sum.saturating_add(node).saturating_add(self.marking[*child]);
            }
            self.marking[number] = sum;
        }
    }
}

/// The steps of all parts on values one level deeper than those that are known.
fn level(graph: &Graph<'_>, order: &[usize], below: &[Steps]) -> Result<Vec<Steps>, Problem> {
    let mut known = vec![Known::default(); graph.parts.len()];
    let mut steps = vec![Steps::default(); graph.parts.len()];
    for &number in order {
        let part = known_of(&graph.parts[number], &known, below);
        known[number] = part;
        let Known { valid, errors, count, .. } = part;
        let own = Steps { valid: valid.per_byte(), errors: errors.per_byte(), count: count.own.max(count.below) };
        if own.valid.saturating_add(own.errors) > SCHEMA_STEPS_PER_BYTE_MAX {
            let message = format!(
                "validating a value may take {} steps for each of its bytes, more than {SCHEMA_STEPS_PER_BYTE_MAX}: \
                 references, combined schemas and patterns multiply; have fewer of them apply to one value",
                own.valid.saturating_add(own.errors)
            );
            return Err(Problem { pointer: graph.pointer(number), message });
        }
        steps[number] = own;
    }
    Ok(steps)
}

fn known_of(part: &Part<'_>, known: &[Known], below: &[Steps]) -> Known {
    let own = Work { own: part.own.value + part.own.byte, below: 0, tree: part.own.tree };
    let mut this = Known { valid: own, ..Known::default() };
    this.errors.add(own, 2);
    this.count.own = part.own.errors;
    this.marking.own = 1 + part.own.marking;
    let most = |of: fn(&Steps) -> u64| {
        let largest = |parts: &[usize]| parts.iter().map(|child| of(&below[*child])).max().unwrap_or(0);
        let each = part.each.iter().map(|child| of(&below[*child]));
        each.fold(largest(&part.members).saturating_add(largest(&part.items)), u64::saturating_add)
    };
    this.valid.below = most(|steps| steps.valid);
    this.errors.below = most(|steps| steps.valid.saturating_add(steps.errors));
    this.count.below = most(|steps| steps.count);
    this.marking.below = part.each.iter().fold(0, |sum, child| sum.saturating_add(below[*child].valid));
    if let Some(names) = part.names {
        // A member's name is a value without children.
        let name = known[names].valid;
        let name = Work { own: name.own.saturating_add(name.tree), ..Work::default() };
        this.valid.add(name, 1);
        this.errors.add(name, 3);
        this.count.own = this.count.own.saturating_add(known[names].count.own);
    }
    for (applied, child) in &part.in_place {
        let child = known[*child];
        this.valid.add(child.valid, 1);
        if *applied != Applied::Test {
            this.marking.add(child.valid, 1);
            this.marking.add(child.marking, 1);
            this.errors.add(child.errors, 1);
            this.count.add(child.count, 1);
        }
        match applied {
            Applied::Choice => this.errors.add(child.valid, 2),
            Applied::Test => this.errors.add(child.valid, 1),
            Applied::Reference | Applied::Always => {}
        }
    }
    if part.marks {
        let marking = this.marking;
        this.valid.add(marking, 1);
        this.errors.add(marking, 1);
    }
    this
}
