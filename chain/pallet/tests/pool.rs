//! What the pool refuses, by the code that clients see.
mod common;
use common::*;
use frame_support::assert_ok;
use pallet_subtensor::checks::custom_code;

fn code(hotkey: u64, call: Call<Test>) -> Option<u8> {
    SubtensorModule::check_call(&id(hotkey), &call)
        .err()
        .map(|error| custom_code(&error))
}

fn weights() -> Call<Test> {
    Call::set_weights {
        netuid: NETUID,
        dests: vec![1],
        weights: vec![1],
        version_key: 0,
    }
}

fn axon(ip: u128, port: u16, ip_type: u8) -> Call<Test> {
    Call::serve_axon {
        netuid: NETUID,
        version: 1,
        ip,
        port,
        ip_type,
        protocol: 4,
        placeholder1: 0,
        placeholder2: 0,
    }
}

fn with_neuron(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.neurons = vec![neuron(1, TAO)];
    with_subnet(subnet, test);
}

#[test]
fn weight_calls() {
    with_neuron(|| {
        assert_eq!(code(1, weights()), None);
        StakeThreshold::<Test>::put(2 * TAO);
        assert_eq!(code(1, weights()), Some(1));
        assert_eq!(code(OWNER_HOTKEY, weights()), None);
        StakeThreshold::<Test>::put(0);
        LastUpdate::<Test>::insert(NETUID, vec![1, 1]);
        assert_eq!(code(1, weights()), Some(6));
        let empty = Call::batch_set_weights {
            netuids: vec![codec::Compact(NETUID)],
            weights: vec![],
            version_keys: vec![],
        };
        assert_eq!(code(1, empty), Some(18));
    });
}

#[test]
fn endpoints() {
    with_neuron(|| {
        assert_eq!(code(2, axon(9, 1, 4)), Some(10));
        assert_eq!(code(1, axon(9, 1, 5)), Some(255));
        assert_eq!(code(1, axon(0x7f000001, 1, 4)), Some(11));
        assert_eq!(code(1, axon(9, 0, 4)), Some(13));
        assert_eq!(code(1, axon(9, 1, 4)), None);
        assert_ok!(SubtensorModule::serve_axon(
            signed(1),
            NETUID,
            1,
            9,
            1,
            4,
            4,
            0,
            0
        ));
        assert_eq!(code(1, axon(9, 1, 4)), Some(12));
    });
}

#[test]
fn subnets_and_takes() {
    with_neuron(|| {
        assert_ok!(SubtensorModule::register_network(signed(200), id(9)));
        assert_eq!(code(200, Call::register_network { hotkey: id(8) }), Some(6));
        let take = |take| Call::decrease_take {
            hotkey: id(1),
            take,
        };
        assert_eq!(code(200, take(1)), Some(25));
        assert_eq!(code(200, take(u16::MAX)), Some(27));
    });
}

#[test]
fn errors_without_a_number_of_their_own_are_bad_requests() {
    assert_eq!(custom_code(&Error::<Test>::SubnetNotExists), 3);
    assert_eq!(custom_code(&Error::<Test>::InvalidRevealRound), 15);
    assert_eq!(custom_code(&Error::<Test>::NoWeightsCommitFound), 16);
    assert_eq!(custom_code(&Error::<Test>::RevealTooEarly), 17);
    assert_eq!(custom_code(&Error::<Test>::HotKeyNotRegisteredInSubNet), 19);
    assert_eq!(custom_code(&Error::<Test>::InvalidIpType), 255);
}
