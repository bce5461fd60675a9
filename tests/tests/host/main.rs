//! Compiled components in the real host: scenarios of the policies, hostile guests, and the pipeline itself.

mod fixture;

mod rules;
mod activities;
mod scenarios;
mod hostile;
mod authors;
mod frozen;
mod fuzz;
mod admission;
mod contention;
mod fairness;
mod costs;
mod clock;
mod life;
mod audience;
mod calendar;
mod policies;
mod order;
mod stacking;
mod gate;
mod records;
mod numbers;
mod stopped;
mod model;
mod timers;
mod identity;
mod ledger;
mod versions;
mod sdk;
mod inviters;
mod javascript;
mod delivery;
mod cascades;
mod pieces;
mod message_rules;
