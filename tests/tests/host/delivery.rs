//! Deliveries over the whole host: from a decision to a receiver on this machine, which checks and may misbehave.

mod desk;

mod told;
mod trouble;
mod pace;
mod places;
mod settle;
