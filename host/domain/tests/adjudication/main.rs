//! Adjudication as data: each test is a short script of what was proposed and what became of it.
//!
//! [`script`] explains how scripts read. After every change the runner audits the books, and checks that a denied decision changed
//! nothing.

#[cfg(test)]
mod calendar;
#[cfg(test)]
mod store;
#[cfg(test)]
mod parse;
#[cfg(test)]
mod script;
#[cfg(test)]
mod books;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod claims;
#[cfg(test)]
mod grants;
#[cfg(test)]
mod caps;
#[cfg(test)]
mod credit;
#[cfg(test)]
mod revocations;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod reserve;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod timers;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod random;
