//! What a commitment holds, encoded as on the chain: one leading byte says the kind, and for raw
//! data of up to 128 bytes also the length.

use alloc::vec;
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, EncodeLike, Error, Input, Output};
use frame_support::traits::ConstU32;
use frame_support::BoundedVec;
use scale_info::{Field, MetaType, Path, Type, TypeDefVariant, TypeInfo, Variant};

/// Fields of one commitment at most.
pub const MAX_FIELDS: u32 = 3;

type Bytes<const MOST: u32> = BoundedVec<u8, ConstU32<MOST>>;

#[derive(Clone, PartialEq, Eq, Debug, Default, DecodeWithMemTracking)]
pub enum Data {
    #[default]
    None,
    Raw(Bytes<128>),
    BlakeTwo256([u8; 32]),
    Sha256([u8; 32]),
    Keccak256([u8; 32]),
    ShaThree256([u8; 32]),
    /// Encrypted to a round of the beacon.
    TimelockEncrypted {
        encrypted: Bytes<1024>,
        reveal_round: u64,
    },
    /// Asks for the bonds on the sender's neuron to be taken away.
    ResetBondsFlag,
    BigRaw(Bytes<512>),
}

impl Data {
    /// Bytes that count against the space of an epoch.
    pub fn space(&self) -> u64 {
        let bytes = match self {
            Self::None | Self::ResetBondsFlag => 0,
            Self::Raw(bytes) => bytes.len(),
            Self::BigRaw(bytes) => bytes.len(),
            Self::TimelockEncrypted { encrypted, .. } => encrypted.len(),
            Self::BlakeTwo256(_) | Self::Sha256(_) | Self::Keccak256(_) | Self::ShaThree256(_) => {
                32
            }
        };
        bytes as u64
    }
}

const RAW_MOST: u8 = 129;
const HASHES: [u8; 4] = [130, 131, 132, 133];
const TIMELOCKED: u8 = 134;
const RESET_BONDS: u8 = 135;
const BIG_RAW: u8 = 136;

impl Encode for Data {
    fn encode_to<O: Output + ?Sized>(&self, out: &mut O) {
        match self {
            Self::None => out.push_byte(0),
            Self::Raw(bytes) => tagged(out, bytes.len() as u8 + 1, bytes),
            Self::BlakeTwo256(hash) => tagged(out, HASHES[0], hash),
            Self::Sha256(hash) => tagged(out, HASHES[1], hash),
            Self::Keccak256(hash) => tagged(out, HASHES[2], hash),
            Self::ShaThree256(hash) => tagged(out, HASHES[3], hash),
            Self::TimelockEncrypted {
                encrypted,
                reveal_round,
            } => tagged(out, TIMELOCKED, &(encrypted, reveal_round).encode()),
            Self::ResetBondsFlag => out.push_byte(RESET_BONDS),
            Self::BigRaw(bytes) => tagged(out, BIG_RAW, &bytes.encode()),
        }
    }
}

fn tagged<O: Output + ?Sized>(out: &mut O, tag: u8, rest: &[u8]) {
    out.push_byte(tag);
    out.write(rest);
}

impl EncodeLike for Data {}

impl Decode for Data {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        Ok(match input.read_byte()? {
            0 => Self::None,
            tag @ 1..=RAW_MOST => Self::Raw(read_raw(input, usize::from(tag) - 1)?),
            130 => Self::BlakeTwo256(Decode::decode(input)?),
            131 => Self::Sha256(Decode::decode(input)?),
            132 => Self::Keccak256(Decode::decode(input)?),
            133 => Self::ShaThree256(Decode::decode(input)?),
            TIMELOCKED => Self::TimelockEncrypted {
                encrypted: Decode::decode(input)?,
                reveal_round: Decode::decode(input)?,
            },
            RESET_BONDS => Self::ResetBondsFlag,
            BIG_RAW => Self::BigRaw(Decode::decode(input)?),
            _ => return Err("a kind of data that does not exist".into()),
        })
    }
}

fn read_raw<I: Input>(input: &mut I, length: usize) -> Result<Bytes<128>, Error> {
    let mut bytes = vec![0; length];
    input.read(&mut bytes)?;
    BoundedVec::try_from(bytes).map_err(|_| "more than 128 bytes".into())
}

/// Name and type of the raw variant of each length: clients choose the variant by the length.
macro_rules! raw_variants {
    ($($length:literal)*) => {
        [$((concat!("Raw", stringify!($length)), MetaType::new::<[u8; $length]>),)*]
    };
}

const RAW: [(&str, fn() -> MetaType); RAW_MOST as usize] = raw_variants!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34
    35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66
    67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 98
    99 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122
    123 124 125 126 127 128
);

impl TypeInfo for Data {
    type Identity = Self;

    fn type_info() -> Type {
        let mut variants = vec![variant("None", 0, Vec::new())];
        let raw = RAW.iter().zip(1..=RAW_MOST);
        variants.extend(raw.map(|((name, ty), index)| variant(name, index, vec![unnamed(ty())])));
        let names = ["BlakeTwo256", "Sha256", "Keccak256", "ShaThree256"];
        let hash = |(name, index): (&'static str, u8)| {
            variant(name, index, vec![unnamed(MetaType::new::<[u8; 32]>())])
        };
        variants.extend(names.into_iter().zip(HASHES).map(hash));
        let encrypted = field(Some("encrypted"), MetaType::new::<Bytes<1024>>());
        let round = field(Some("reveal_round"), MetaType::new::<u64>());
        let big = unnamed(MetaType::new::<Bytes<512>>());
        variants.extend([
            variant("TimelockEncrypted", TIMELOCKED, vec![encrypted, round]),
            variant("ResetBondsFlag", RESET_BONDS, Vec::new()),
            variant("BigRaw", BIG_RAW, vec![big]),
        ]);
        let path = Path::new("Data", module_path!());
        Type::new(path, Vec::new(), TypeDefVariant::new(variants), Vec::new())
    }
}

fn variant(name: &'static str, index: u8, fields: Vec<Field>) -> Variant {
    Variant::new(name, fields, index, Vec::new())
}

fn unnamed(ty: MetaType) -> Field {
    field(None, ty)
}

fn field(name: Option<&'static str>, ty: MetaType) -> Field {
    Field::new(name, ty, None, Vec::new())
}

#[derive(Encode, Decode, DecodeWithMemTracking, TypeInfo, Clone, PartialEq, Eq, Debug, Default)]
pub struct CommitmentInfo {
    pub fields: BoundedVec<Data, ConstU32<MAX_FIELDS>>,
}

/// A commitment as stored; nothing is ever held on deposit.
#[derive(Encode, Decode, TypeInfo, Clone, PartialEq, Eq, Debug)]
pub struct Registration<BlockNumber> {
    pub deposit: u64,
    pub block: BlockNumber,
    pub info: CommitmentInfo,
}

/// Space that an account has used in an epoch, in bytes.
#[derive(Encode, Decode, TypeInfo, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct UsageTracker {
    pub last_epoch: u64,
    pub used_space: u64,
}
