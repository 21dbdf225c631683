//! Fees: 1 RAO for each byte, 0.0005 RAO for each unit of reference time, to the block's author.

use crate::{AccountId, Aura, Balance, Balances, Runtime, System};
use frame_support::traits::fungible::{Balanced, Credit};
use frame_support::traits::{FindAuthor, OnUnbalanced};
use frame_support::weights::{Weight, WeightToFee};
use sp_core::crypto::ByteArray;

pub struct LinearWeightToFee;

impl WeightToFee for LinearWeightToFee {
    type Balance = Balance;

    fn weight_to_fee(weight: &Weight) -> Balance {
        weight.ref_time() / 2_000
    }
}

pub struct ToAuthor;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToAuthor {
    fn on_nonzero_unbalanced(fee: Credit<AccountId, Balances>) {
        if let Some(author) = author() {
            // Refused only when the fee is too small to open the account: it is burned then.
            let _ = Balances::resolve(&author, fee);
        }
    }
}

fn author() -> Option<AccountId> {
    let digest = System::digest();
    let pre_runtime = digest.logs.iter().filter_map(|log| log.as_pre_runtime());
    let index = Aura::find_author(pre_runtime)?;
    let authorities = pallet_aura::Authorities::<Runtime>::get();
    let key = authorities.get(index as usize)?;
    AccountId::try_from(key.as_slice()).ok()
}
