//! An invitation is recorded.

use largesse_domain::customer::{Customer, Fact};
use largesse_domain::id::CustomerId;
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use largesse_store::Store;

use super::Learn;
use crate::pipeline::ControlError;
use crate::{ChangeError, Service};

/// An invitation by the inviter of the latest one within this time is the same one, sent again.
const REPEATED_WITHIN_MS: i64 = 5 * 60 * 1_000;

impl Service {
    /// Records that a customer was invited, as of now. The same invitation again within five minutes changes nothing. Returns the
    /// customer by the id that stays.
    ///
    /// # Errors
    /// When customer and inviter are one, or the customer would have too many invitations.
    pub async fn invite(
        &self,
        customer: CustomerId,
        inviter: CustomerId,
    ) -> Result<(CustomerId, Customer), ChangeError> {
        let read = move |store: &dyn Store| {
            let ids = store.ids_of(&customer)?;
            Ok((store.customer(&ids[0])?, ids))
        };
        let (known, mut ids) = self.read(read).await?;
        if ids.contains(&inviter) {
            let message = "a customer cannot invite themselves".to_owned();
            return Err(ControlError::Problems(vec![Problem { pointer: String::new(), message }]).into());
        }
        let customer = ids.swap_remove(0);
        match known.filter(|known| is_repeated(known, &inviter, self.clock().now())) {
            Some(known) => Ok((customer, known)),
            None => self.run(Learn { customer, facts: vec![Fact::Touch(inviter)] }).await,
        }
    }
}

fn is_repeated(known: &Customer, inviter: &CustomerId, now: Instant) -> bool {
    known
        .touches
        .last()
        .is_some_and(|touch| touch.inviter == *inviter && now.as_millis() - touch.at.as_millis() < REPEATED_WITHIN_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_invitation_can_be_repeated() {
        let at = |millis| Instant::from_millis(millis).unwrap();
        let [a, b] = ["a", "b"].map(|id| CustomerId::new(id).unwrap());
        let mut customer = Customer::default();
        assert!(!is_repeated(&customer, &a, at(0)));
        customer.learn(Fact::Touch(a.clone()), at(0)).unwrap();
        assert!(is_repeated(&customer, &a, at(REPEATED_WITHIN_MS - 1)));
        assert!(!is_repeated(&customer, &a, at(REPEATED_WITHIN_MS)));
        customer.learn(Fact::Touch(b), at(1)).unwrap();
        assert!(!is_repeated(&customer, &a, at(2)));
    }
}
