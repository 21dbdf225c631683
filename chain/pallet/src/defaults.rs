//! Storage defaults that no constant type expresses.

use crate::fixed::{I96F32, U64F64};
use crate::types::RecycleOrBurnEnum;
use alloc::vec::Vec;
use codec::Decode;
use core::marker::PhantomData;
use frame_support::traits::Get;
use sp_runtime::traits::TrailingZeroInput;

pub struct ZeroAccount<T>(PhantomData<T>);
impl<T: frame_system::Config> Get<T::AccountId> for ZeroAccount<T> {
    fn get() -> T::AccountId {
        T::AccountId::decode(&mut TrailingZeroInput::zeroes())
            .expect("an account id decodes from zeroes")
    }
}

/// Bounds of liquid alpha: 0.7 and 0.9 of 65535.
pub struct DefaultAlphaValues;
impl Get<(u16, u16)> for DefaultAlphaValues {
    fn get() -> (u16, u16) {
        (45_875, 58_982)
    }
}

/// 1.26 to 53 bits, as the chain's constant is.
pub struct DefaultBurnIncreaseMult;
impl Get<U64F64> for DefaultBurnIncreaseMult {
    fn get() -> U64F64 {
        U64F64 {
            bits: 0x1_428f_5c28_f5c2_9000,
        }
    }
}

/// 0.000003, rounded to nearest as the chain's constant is.
pub struct DefaultMovingAlpha;
impl Get<I96F32> for DefaultMovingAlpha {
    fn get() -> I96F32 {
        I96F32 {
            bits: ((3i128 << 32) + 500_000) / 1_000_000,
        }
    }
}

pub struct DefaultRecycleOrBurn;
impl Get<RecycleOrBurnEnum> for DefaultRecycleOrBurn {
    fn get() -> RecycleOrBurnEnum {
        RecycleOrBurnEnum::Burn
    }
}

/// The letter tau, U+1D70F.
pub struct DefaultTokenSymbol;
impl Get<Vec<u8>> for DefaultTokenSymbol {
    fn get() -> Vec<u8> {
        "\u{1D70F}".as_bytes().to_vec()
    }
}
