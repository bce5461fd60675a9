//! Rewards in proportion to money spent.

use largesse_sdk::{Grant, Refusal, ladder, money};

use crate::turn::Turn;

/// Rewards a payment at the rate of the customer's so many-th purchase.
pub(crate) fn reward(turn: &mut Turn) -> Result<(), Refusal> {
    let Some(spend) = &turn.params().spend else { return Ok(()) };
    if !spend.on.contains(&turn.trigger) {
        return Ok(());
    }
    let amount = turn.amount()?;
    let purchase = turn.state.purchases.saturating_add(1);
    turn.change().purchases = purchase;
    let boost = ladder::highest(&spend.boosts, |boost| boost.from_purchase, purchase);
    let basis_points = boost.map_or(money::WHOLE_BASIS_POINTS, |boost| boost.basis_points);
    let quantity = if spend.pro_rata {
        let whole = spend.minor_per_unit.saturating_mul(u64::from(money::WHOLE_BASIS_POINTS));
        spend.rounding.ratio(amount, u64::from(basis_points), whole)?
    } else {
        spend.rounding.rate(amount.checked_div(spend.minor_per_unit).unwrap_or(0), basis_points)?
    };
    if quantity > 0 {
        let key = match &turn.said.paid {
            Some((Some(name), _)) => format!("spend/{name}"),
            _ => format!("spend/nth/{purchase}"),
        };
        turn.grant(Grant::units(key, &turn.me.customer, &spend.unit, quantity).reason("for a purchase"));
    }
    Ok(())
}
