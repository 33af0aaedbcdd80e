//! Random events, and the invariants after each.
use super::*;
use crate::Epoch;
use alloc::collections::BTreeMap;

#[test]
fn whatever_happens_the_invariants_hold() {
    for seed in 0..4_u8 {
        let mut chance = Chance::new(&Seed::new([seed; 32]));
        let options = Options::builder()
            .addresses_max(40)
            .connected_max(6)
            .slots(3, 3)
            .upgrade_max(2)
            .network_share(50, 2)
            .teller_percent(50)
            .persistent([id(3)])
            .scores([(id(4), 7)])
            .unconditional([id(5)])
            .private([id(6)])
            .build()
            .unwrap();
        let mut now = Time::from_secs(1_000_000);
        let mut peers = PeerManager::new(options, id(0), Seed::new([seed; 32]), now);
        let mut links: BTreeMap<NodeId, Epoch> = BTreeMap::new();
        let mut dialing: Vec<NodeAddress> = Vec::new();
        let mut epochs = 0;
        for _ in 0..5_000 {
            let peer = id(chance.below(30));
            let mut epoch = || {
                epochs += 1;
                Epoch::new(epochs)
            };
            let pick = |list: &Vec<NodeAddress>, chance: &mut Chance| {
                let n = list.len() as u32;
                list.get(chance.below(n) as usize).cloned()
            };
            let event = match chance.below(14) {
                0..=3 => Event::Learned {
                    address: addr(chance.below(30), chance.below(3)),
                    from: peer,
                },
                4 => match pick(&dialing, &mut chance) {
                    Some(address) => Event::DialFailed {
                        address,
                        why: match chance.below(5) {
                            0 => DialFailure::NotThisNode,
                            1 => DialFailure::Unusable,
                            2 => DialFailure::NotTried,
                            _ => DialFailure::Unreachable,
                        },
                    },
                    None => Event::Tick,
                },
                5 | 6 => match pick(&dialing, &mut chance) {
                    Some(address) => {
                        let epoch = epoch();
                        links.insert(address.id(), epoch);
                        Event::Dialed {
                            address,
                            epoch,
                            ip: None,
                        }
                    }
                    None => Event::Tick,
                },
                7 => {
                    let epoch = epoch();
                    links.insert(peer, epoch);
                    Event::Accepted {
                        peer,
                        epoch,
                        ip: Some([9, 9, chance.below(3) as u8, 9].into()),
                        listen: Some(addr(chance.below(30), 1)),
                    }
                }
                8 => links
                    .get(&peer)
                    .map_or(Event::Tick, |&epoch| Event::Ready { peer, epoch }),
                9 => links
                    .remove(&peer)
                    .map_or(Event::Tick, |epoch| Event::Disconnected { peer, epoch }),
                10 => Event::Misbehaved {
                    peer,
                    how: match chance.below(20) {
                        0 => Misconduct::Fatal,
                        1..=4 => Misconduct::Major,
                        _ => Misconduct::Minor,
                    },
                },
                11 => Event::Behaved { peer },
                12 => Event::Release { peer },
                _ => Event::Tick,
            };
            now = now
                + match chance.below(8) {
                    0 => Duration::ZERO,
                    1..=5 => Duration::from_millis(chance.below(5_000).into()),
                    6 => Duration::from_secs(chance.below(600).into()),
                    _ => Duration::from_secs(chance.below(40_000).into()),
                };
            if let Event::Dialed { address, .. } | Event::DialFailed { address, .. } = &event {
                dialing.retain(|it| it != address);
            }
            let text = alloc::format!("{event:?}");
            for action in peers.handle(now, event) {
                if let Action::Dial { address, .. } = action {
                    dialing.push(address);
                }
            }
            assert_eq!(peers.check(), Ok(()), "{text}");
        }
        std::eprintln!("{:?}", peers.counts());
    }
}

fn id(n: u32) -> NodeId {
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

fn addr(n: u32, k: u32) -> NodeAddress {
    NodeAddress::mconn(
        id(n),
        [20 + (n % 7) as u8, k as u8, n as u8, 1].into(),
        26_656,
    )
}
