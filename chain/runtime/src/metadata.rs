//! Metadata. Version 15 numbers its types as version 14 does, pallets first: Python clients read the
//! pallets from one and the types from the other. The crate that makes both stopped doing so.

use crate::Runtime;
use frame_metadata::v15::{CustomMetadata, ExtrinsicMetadata, OuterEnums};
use frame_metadata::v15::{PalletMetadata, RuntimeApiMetadata, RuntimeMetadataV15};
use frame_metadata::RuntimeMetadataPrefixed;
use scale_info::{IntoPortable, Registry};
use sp_core::OpaqueMetadata;

pub fn at_version(version: u32) -> Option<OpaqueMetadata> {
    match version {
        15 => Some(OpaqueMetadata::new(
            RuntimeMetadataPrefixed::from(version_15()).into(),
        )),
        _ => Runtime::metadata_at_version(version),
    }
}

fn version_15() -> RuntimeMetadataV15 {
    let ir = Runtime::metadata_ir();
    let mut registry = Registry::new();
    let pallets = ir.pallets.into_iter().map(PalletMetadata::from);
    let pallets = registry.map_into_portable(pallets);
    let extrinsic = ExtrinsicMetadata::from(ir.extrinsic).into_portable(&mut registry);
    let ty = registry.register_type(&ir.ty);
    let apis = registry.map_into_portable(ir.apis.into_iter().map(RuntimeApiMetadata::from));
    let outer_enums = OuterEnums::from(ir.outer_enums).into_portable(&mut registry);
    let custom = CustomMetadata {
        map: Default::default(),
    };
    let types = registry.into();
    RuntimeMetadataV15 {
        types,
        pallets,
        extrinsic,
        ty,
        apis,
        outer_enums,
        custom,
    }
}
