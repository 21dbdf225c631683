//! Metadata, as clients of the chain expect it where the crates that make it differ:
//! version 15 numbers its types as version 14 does, pallets first, since Python clients read the
//! pallets from one and the types from the other; `SubtensorModule` lists the chain's constants; and
//! every error has a text, since clients show it and call an error without one unknown. The texts
//! are the errors' names in words: documentation itself would double the metadata.

use crate::{constants, Runtime};
use alloc::string::String;
use alloc::vec;
use frame_metadata::v15::{CustomMetadata, ExtrinsicMetadata, OuterEnums};
use frame_metadata::v15::{PalletMetadata, RuntimeApiMetadata, RuntimeMetadataV15};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use scale_info::{IntoPortable, PortableRegistry, Registry, TypeDef};
use sp_core::OpaqueMetadata;
use sp_metadata_ir::MetadataIR;

/// What the call without a version gives.
pub fn oldest() -> OpaqueMetadata {
    opaque(sp_metadata_ir::into_v14(full_ir()))
}

pub fn at_version(version: u32) -> Option<OpaqueMetadata> {
    match version {
        15 => Some(opaque(version_15(full_ir()).into())),
        _ => sp_metadata_ir::into_version(full_ir(), version).map(opaque),
    }
}

fn full_ir() -> MetadataIR {
    let mut ir = Runtime::metadata_ir();
    let pallets = ir.pallets.iter_mut();
    for pallet in pallets.filter(|pallet| pallet.name == "SubtensorModule") {
        pallet.constants.extend(constants::subtensor_module());
    }
    ir
}

fn opaque(mut metadata: RuntimeMetadataPrefixed) -> OpaqueMetadata {
    match &mut metadata.1 {
        RuntimeMetadata::V14(metadata) => describe_errors(&mut metadata.types),
        RuntimeMetadata::V15(metadata) => describe_errors(&mut metadata.types),
        RuntimeMetadata::V16(metadata) => describe_errors(&mut metadata.types),
        _ => (),
    }
    OpaqueMetadata::new(metadata.into())
}

/// The errors of a pallet are the enum `<crate>::pallet::Error`.
fn describe_errors(types: &mut PortableRegistry) {
    for portable in &mut types.types {
        let path = &portable.ty.path.segments;
        if !path.ends_with(&["pallet".into(), "Error".into()]) {
            continue;
        }
        if let TypeDef::Variant(errors) = &mut portable.ty.type_def {
            for error in &mut errors.variants {
                // Without std the registry holds static texts, and the instance ends with the call.
                let text: &'static str = words(&error.name).leak();
                error.docs = vec![text.into()];
            }
        }
    }
}

/// `SettingWeightsTooFast` as "Setting weights too fast."
fn words(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 8);
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            text.push(' ');
            text.push(letter.to_ascii_lowercase());
        } else {
            text.push(letter);
        }
    }
    text.push('.');
    text
}

fn version_15(ir: MetadataIR) -> RuntimeMetadataV15 {
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
