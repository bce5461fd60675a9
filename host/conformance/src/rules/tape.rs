//! A tape of choices. What generates inputs draws from it, so that an input is made smaller by making its tape smaller.

/// Most tapes that are tried to make one smaller.
const TAPES_TRIED: usize = 300;

/// Choices, drawn one after another: recorded ones first, then new ones by a seed, or nothing but zeros.
#[derive(Clone, Debug)]
pub(super) struct Tape {
    choices: Vec<u64>,
    next: usize,
    random: Option<u64>,
}

impl Tape {
    /// Draws by a seed.
    pub(super) fn random(seed: u64, number: u64) -> Self {
        Self { choices: Vec::new(), next: 0, random: Some(mix(seed ^ mix(number))) }
    }

    /// Draws what is recorded, then zeros.
    fn recorded(choices: Vec<u64>) -> Self {
        Self { choices, next: 0, random: None }
    }

    /// A number below `bound`, which is more than nothing. 0 is the simplest choice.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let drawn = match (self.choices.get(self.next), &mut self.random) {
            (Some(recorded), _) => recorded % bound,
            (None, Some(state)) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                self.choices.push(mix(*state) % bound);
                self.choices[self.next]
            }
            (None, None) => 0,
        };
        self.next += 1;
        drawn
    }

    /// Whether something happens that happens once in so many times.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == times - 1
    }

    /// One of several; the first is the simplest.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { items.get(self.below(items.len() as u64) as usize) }
    }

    /// The smallest tape found that still has what `keeps` looks for.
    pub(super) fn shrunk(&self, mut keeps: impl FnMut(&mut Self) -> bool) -> Self {
        let mut best = self.choices[..self.next.min(self.choices.len())].to_vec();
        let mut tries = 0;
        loop {
            let before = best.clone();
            for change in changes(best.len()) {
                let candidate = change.apply(&best);
                if candidate >= best && candidate.len() >= best.len() {
                    continue;
                }
                tries += 1;
                if tries > TAPES_TRIED {
                    return Self::recorded(best);
                }
                if keeps(&mut Self::recorded(candidate.clone())) {
                    best = candidate;
                }
            }
            if best == before {
                return Self::recorded(best);
            }
        }
    }
}

/// A way to make a tape smaller.
enum Change {
    Drop(usize, usize),
    Zero(usize),
    Halve(usize),
}

fn changes(length: usize) -> Vec<Change> {
    let spans = [length / 2, length / 4, 8, 2, 1].into_iter().filter(|span| *span > 0);
    let drops = spans.flat_map(|span| (0..length).step_by(span).map(move |at| Change::Drop(at, span)));
    drops.chain((0..length).map(Change::Zero)).chain((0..length).map(Change::Halve)).collect()
}

impl Change {
    fn apply(&self, tape: &[u64]) -> Vec<u64> {
        let mut tape = tape.to_vec();
        match *self {
            Self::Drop(at, span) => drop(tape.drain(at.min(tape.len())..(at + span).min(tape.len()))),
            Self::Zero(at) => tape.get_mut(at).into_iter().for_each(|choice| *choice = 0),
            Self::Halve(at) => tape.get_mut(at).into_iter().for_each(|choice| *choice /= 2),
        }
        tape
    }
}

/// The finaliser of `SplitMix64`.
fn mix(mut number: u64) -> u64 {
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself() {
        let draws = |seed| {
            let mut tape = Tape::random(seed, 3);
            (0..20).map(|_| tape.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }

    #[test]
    fn a_tape_shrinks_to_what_matters() {
        let sum = |tape: &mut Tape| {
            let count = tape.below(50);
            (0..count).map(|_| tape.below(100)).max().unwrap_or(0)
        };
        let mut tape =
            (0..).map(|number| Tape::random(9, number)).find(|tape| sum(&mut tape.clone()) > 60).expect("one");
        sum(&mut tape);
        let mut shrunk = tape.shrunk(|candidate| sum(candidate) > 60);
        assert!(shrunk.choices.len() <= 3, "{shrunk:?}");
        assert!(sum(&mut shrunk) > 60);
    }
}
