//! Something is established about a customer.

use largesse_domain::customer::{Customer, Fact};
use largesse_domain::facts::Wanted;
use largesse_domain::id::CustomerId;

use super::Command;
use crate::pipeline::{CommandError, ControlError, Decider};

/// Something is established about a customer, as of now.
#[derive(Clone, Debug)]
pub struct Learn {
    /// Whom.
    pub customer: CustomerId,
    /// What, in this order.
    pub facts: Vec<Fact>,
}

impl Command for Learn {
    /// The customer as known now, by the id that stays.
    type Answer = (CustomerId, Customer);

    /// Refused when the customer would have too much of something; nothing is kept then.
    fn carry_out(self, decider: &mut Decider) -> Result<Self::Answer, CommandError> {
        let Self { customer: id, facts } = self;
        decider.ensure(Wanted { customers: [id.clone()].into(), ..Wanted::default() })?;
        let id = decider.facts.who_stays(&id).clone();
        let mut customer = decider.facts.customers.get(&id).clone();
        let now = decider.clock.now();
        for fact in facts {
            customer.learn(fact, now).map_err(ControlError::from)?;
        }
        decider.facts.customers.put(&id, customer.clone());
        Ok((id, customer))
    }
}
