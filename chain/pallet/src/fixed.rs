//! Fixed-point numbers as the chain stores them. Their SCALE form and type description are those of
//! a struct with one field `bits`, under the names of the chain's, which is what clients look for.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::build::Fields;
use scale_info::{Path, Type, TypeInfo};

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $bits:ty, $described:literal) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Default, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode,
            DecodeWithMemTracking, MaxEncodedLen,
        )]
        pub struct $name {
            pub bits: $bits,
        }

        impl TypeInfo for $name {
            type Identity = Self;

            fn type_info() -> Type {
                let fields = Fields::named().field(|field| field.ty::<$bits>().name("bits"));
                let path = Path::new($described, "substrate_fixed");
                Type::builder().path(path).composite(fields)
            }
        }
    };
}

fixed!(
    /// 64 integer and 64 fraction bits, unsigned.
    U64F64, u128, "FixedU128"
);
fixed!(
    /// 96 integer and 32 fraction bits, unsigned.
    U96F32, u128, "FixedU128"
);
fixed!(
    /// 32 integer and 32 fraction bits, signed.
    I32F32, i64, "FixedI64"
);
fixed!(
    /// 96 integer and 32 fraction bits, signed.
    I96F32, i128, "FixedI128"
);

impl U64F64 {
    pub const fn from_int(value: u64) -> Self {
        Self {
            bits: (value as u128) << 64,
        }
    }
}

impl U96F32 {
    /// `part / whole`, zero when `whole` is zero.
    pub fn ratio(part: u64, whole: u64) -> Self {
        let bits = ((part as u128) << 32)
            .checked_div(whole as u128)
            .unwrap_or(0);
        Self { bits }
    }
}

impl From<U64F64> for subnet_consensus::U64F64 {
    fn from(value: U64F64) -> Self {
        Self::from_bits(value.bits)
    }
}

impl From<subnet_consensus::U96F32> for U96F32 {
    fn from(value: subnet_consensus::U96F32) -> Self {
        Self {
            bits: value.to_bits(),
        }
    }
}
