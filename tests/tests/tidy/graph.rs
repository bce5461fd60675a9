//! Circles in a graph of modules.

use std::collections::BTreeSet;

/// One module names another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Where it does so first.
    pub(crate) line: usize,
}

/// Returns the largest sets of nodes in which each leads to every other: two nodes or more, in order.
pub(crate) fn circles(nodes: usize, edges: &[Edge]) -> Vec<Vec<usize>> {
    let mut next = vec![Vec::new(); nodes];
    edges.iter().for_each(|edge| next[edge.from].push(edge.to));
    let reached: Vec<BTreeSet<usize>> = (0..nodes).map(|from| reached(from, &next)).collect();
    let mut circles = Vec::new();
    let mut seen = BTreeSet::new();
    for node in 0..nodes {
        let circle: Vec<usize> =
            reached[node].iter().copied().filter(|other| reached[*other].contains(&node)).collect();
        if circle.len() > 1 && seen.insert(circle.clone()) {
            circles.push(circle);
        }
    }
    circles
}

fn reached(from: usize, next: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        open.extend(next[node].iter().copied().filter(|other| reached.insert(*other)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
        let edges: Vec<Edge> = edges.iter().map(|(from, to)| Edge { from: *from, to: *to, line: 1 }).collect();
        circles(nodes, &edges)
    }

    #[test]
    fn circles_are_found_and_kept_apart() {
        assert_eq!(of(3, &[(0, 1), (1, 2), (0, 2)]), Vec::<Vec<usize>>::new());
        assert_eq!(of(6, &[(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 3), (4, 5)]), [vec![0, 1, 2], vec![3, 4]]);
        assert_eq!(of(4, &[(0, 1), (1, 0), (1, 2), (2, 1)]), [vec![0, 1, 2]]);
    }
}
