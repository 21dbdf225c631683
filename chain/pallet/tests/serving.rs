mod common;
use common::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

const IP: u128 = 16_909_060;

fn serve(hotkey: u64, ip: u128, port: u16, ip_type: u8) -> DispatchResult {
    SubtensorModule::serve_axon(
        signed(hotkey),
        NETUID,
        10_002_000,
        ip,
        port,
        ip_type,
        4,
        0,
        0,
    )
}

fn with_neuron(test: impl FnOnce()) {
    let mut subnet = subnet();
    subnet.neurons = vec![neuron(1, 0)];
    with_subnet(subnet, test);
}

#[test]
fn an_axon_is_stored_with_its_block() {
    with_neuron(|| {
        assert_ok!(serve(1, IP, 8091, 4));
        let axon = Axons::<Test>::get(NETUID, id(1)).expect("served");
        assert_eq!((axon.block, axon.ip, axon.port), (1, IP, 8091));
        assert_eq!(
            (axon.version, axon.ip_type, axon.protocol),
            (10_002_000, 4, 4)
        );
        assert!(take_events().contains(&Event::AxonServed(NETUID, id(1))));
    });
}

#[test]
fn refusals_come_in_the_chains_order() {
    with_neuron(|| {
        assert_noop!(
            serve(2, 0x7f000001, 0, 5),
            Error::<Test>::HotKeyNotRegisteredInNetwork
        );
        assert_noop!(serve(1, 0x7f000001, 0, 5), Error::<Test>::InvalidIpType);
        assert_noop!(serve(1, 0x7f000001, 0, 4), Error::<Test>::InvalidIpAddress);
        assert_noop!(serve(1, 0xffff_ffff, 0, 4), Error::<Test>::InvalidIpAddress);
        assert_noop!(serve(1, 1, 0, 6), Error::<Test>::InvalidIpAddress);
        assert_noop!(serve(1, u128::MAX, 0, 6), Error::<Test>::InvalidIpAddress);
        assert_ok!(serve(1, IP, 1, 4));
        assert_noop!(serve(1, IP, 0, 4), Error::<Test>::ServingRateLimitExceeded);
        run_to(51);
        assert_noop!(serve(1, IP, 0, 4), Error::<Test>::InvalidPort);
        assert_ok!(serve(1, IP, 1, 4));
    });
}

#[test]
fn other_loopback_addresses_and_zero_pass() {
    with_neuron(|| {
        ServingRateLimit::<Test>::insert(NETUID, 0);
        assert_ok!(serve(1, 0x7f000002, 1, 4));
        assert_ok!(serve(1, 0, 1, 4));
    });
}

#[test]
fn a_certificate_that_does_not_fit_is_left_out() {
    with_neuron(|| {
        ServingRateLimit::<Test>::insert(NETUID, 0);
        let serve = |bytes: Vec<u8>| {
            SubtensorModule::serve_axon_tls(signed(1), NETUID, 1, IP, 1, 4, 4, 0, 0, bytes)
        };
        assert_ok!(serve(vec![1; 66]));
        assert!(NeuronCertificates::<Test>::get(NETUID, id(1)).is_none());
        assert_ok!(serve(vec![2, 7, 8]));
        let certificate = NeuronCertificates::<Test>::get(NETUID, id(1)).expect("stored");
        assert_eq!(
            (certificate.algorithm, certificate.public_key.to_vec()),
            (2, vec![7, 8])
        );
    });
}

#[test]
fn prometheus_looks_at_the_address_first_and_refuses_zero() {
    with_neuron(|| {
        let serve = |hotkey: u64, ip: u128, port: u16, ip_type: u8| {
            SubtensorModule::serve_prometheus(signed(hotkey), NETUID, 1, ip, port, ip_type)
        };
        assert_noop!(serve(2, 0, 0, 5), Error::<Test>::InvalidIpType);
        assert_noop!(serve(2, 0, 0, 4), Error::<Test>::InvalidIpAddress);
        assert_noop!(
            serve(2, IP, 0, 4),
            Error::<Test>::HotKeyNotRegisteredInNetwork
        );
        assert_noop!(serve(1, IP, 0, 4), Error::<Test>::InvalidPort);
        assert_ok!(serve(1, IP, 9, 4));
        assert_noop!(serve(1, IP, 0, 4), Error::<Test>::ServingRateLimitExceeded);
    });
}
