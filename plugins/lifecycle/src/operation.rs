//! What investors do that shows that they are still there.

use largesse_sdk::events;

events! {
    /// Something that an investor does besides investing.
    pub enum Operation {
        Login,
        ProductViewed,
        AssetsViewed,
        InvestRedeemed,
        WithdrawalMade,
        TransferOutPlanSet,
        CardUnbound,
    }
}
