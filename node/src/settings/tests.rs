//! What is read, what goes before what, and how each mistake is told.

mod mistakes;
mod networks;

use core::time::Duration;
use std::path::Path;

use super::*;

const ID: &str = "00112233445566778899aabbccddeeff00112233";

const TWO: &str = "max_num_inbound_peers = 9\n[p2p]\ncheck_workers = 5\n\
                   [[network]]\nchain_id = \"a\"\nladdr = \"0.0.0.0:1000\"\nmax_num_inbound_peers = 7\n\
                   [[network]]\nchain_id = \"b\"\nladdr = \"0.0.0.0:1001\"\n";

fn inputs(file: &str) -> Inputs {
    Inputs::new(Path::new("/home")).with_file("c.toml", file)
}

fn read(file: &str) -> Settings {
    inputs(file).read().unwrap()
}

fn refused(file: &str) -> String {
    inputs(file).read().unwrap_err().to_string()
}

#[test]
fn one_file_for_two_things_is_refused() {
    for (file, says) in [
        (
            "chain_id = \"c\"\n[p2p]\naddr_book_file = \"a\"\npeer_store_file = \"./a\"\n",
            "c.toml:4: addr_book_file and peer_store_file are one file, /home/./a; give each its own",
        ),
        (
            "chain_id = \"c\"\n[p2p]\naddr_book_file = \"config/node_key.json\"\n",
            "c.toml:3: node_key_file and addr_book_file are one file, /home/config/node_key.json; \
             give each its own",
        ),
        (
            "[[network]]\nchain_id = \"c\"\nladdr = \":1\"\npeer_store_file = \"d/addrbook.json\"\n\
             [[network]]\nchain_id = \"d\"\nladdr = \":2\"\n",
            "c.toml:4: peer_store_file and addr_book_file are one file, /home/d/addrbook.json; \
             give each its own",
        ),
    ] {
        assert_eq!(refused(file), says);
    }
}

#[test]
fn with_a_chain_id_alone_everything_has_its_default() {
    let settings = read("chain_id = \"c\"");
    assert_eq!(settings.networks.len(), 1);
    let network = &settings.networks[0];
    assert_eq!(network.listen, "0.0.0.0:26656".parse().unwrap());
    assert_eq!(network.book, Path::new("/home/config/addrbook.json"));
    assert_eq!(network.node_key, Path::new("/home/config/node_key.json"));
    assert_eq!(network.newcomer_stays, Duration::from_secs(300));
    assert!(network.strict);
    assert_eq!(network.transport, TransportConfig::default());
    assert_eq!((settings.prometheus, settings.status), (None, None));
    assert_eq!(
        (settings.log_level, settings.log_format),
        (LogLevel::Info, LogFormat::Plain)
    );
    assert!(settings.notes.is_empty());
    // And they are those of the core's seed node.
    let id = NodeId::new([1; 20]);
    let core = v1::Options::seed()
        .slots(0, 10_000)
        .dials(64, 64)
        .build()
        .unwrap();
    assert_eq!(network.options(id).unwrap(), core);
}

#[test]
fn every_default_is_a_value_that_could_be_set() {
    for key in KEYS.iter().filter(|key| key.id != "chain_id") {
        assert_eq!(key.kind.check(key.default), Ok(()), "{}", key.id);
    }
}

#[test]
fn every_key_is_named_once_and_says_what_it_means() {
    for (n, key) in KEYS.iter().enumerate() {
        assert!(key.about.ends_with('.'), "{}", key.id);
        assert!(
            KEYS[..n].iter().all(|other| other.id != key.id),
            "{}",
            key.id
        );
        assert_eq!(Key::with_id(key.id), Some(key));
    }
}

#[test]
fn flags_go_before_variables_and_those_before_the_file_and_that_before_the_defaults() {
    let file =
        "chain_id = \"c\"\nmax_num_inbound_peers = 1\nmax_inbound_per_ip = 2\ncheck_workers = 3\n";
    let variables = [
        ("PEX_MAX_NUM_INBOUND_PEERS", "11"),
        ("PEX_MAX_INBOUND_PER_IP", "12"),
        ("OTHER", "1"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = inputs(file)
        .with_variables(variables)
        .with_flag("max_num_inbound_peers", "21")
        .read();
    let network = &settings.unwrap().networks[0];
    assert_eq!(network.inbound_max, 21);
    assert_eq!(network.inbound_per_ip, 12);
    assert_eq!(network.check_workers, 3);
    assert_eq!(network.save_every, Duration::from_secs(120));
}

#[test]
fn the_file_of_a_stand_alone_seed_is_read() {
    let file = format!(
        "laddr = \"tcp://0.0.0.0:26666\"\nchain_id = \"cosmoshub-4\"\nnode_key_file = \"config/key.json\"\n\
         addr_book_file = \"data/addrbook.json\"\naddr_book_strict = false\nmax_num_inbound_peers = 1000\n\
         max_num_outbound_peers = 1000\nmax_packet_msg_payload_size = 1024\nlog_level = \"debug\"\n\
         seeds = \"{ID}@seed.example.com:26656,{ID}@8.8.8.8:26656,\"\n"
    );
    let settings = read(&file);
    let network = &settings.networks[0];
    assert_eq!(network.chain_id, "cosmoshub-4");
    assert_eq!(network.listen, "0.0.0.0:26666".parse().unwrap());
    assert_eq!(network.node_key, Path::new("/home/config/key.json"));
    assert_eq!(network.book, Path::new("/home/data/addrbook.json"));
    assert_eq!(
        (network.strict, network.inbound_max, network.seeds.len()),
        (false, 1_000, 2)
    );
    assert_eq!(settings.log_level, LogLevel::Debug);
    // What has no effect is said, with the line.
    assert_eq!(settings.notes.len(), 2, "{:?}", settings.notes);
    assert!(
        settings
            .notes
            .iter()
            .any(|note| note.starts_with("c.toml:7: max_num_outbound_peers"))
    );
}

#[test]
fn a_whole_file_of_cometbft_is_read_and_what_means_nothing_to_a_seed_is_told_once() {
    let settings = inputs(COMETBFT)
        .with_flag("chain_id", "cosmoshub-4")
        .read()
        .unwrap();
    let network = &settings.networks[0];
    assert_eq!(network.listen, "0.0.0.0:26656".parse().unwrap());
    assert_eq!(network.seeds.len(), 1);
    assert_eq!(network.persistent_peers.len(), 1);
    assert_eq!(network.unconditional_peer_ids.len(), 1);
    assert_eq!(network.private_peer_ids.len(), 1);
    assert_eq!(
        network.external_address.as_deref(),
        Some("203.0.113.7:26656")
    );
    assert_eq!((network.inbound_max, network.strict), (40, true));
    assert_eq!(network.transport.handshake_timeout, Duration::from_secs(20));
    assert_eq!(network.transport.read_rate.map(u32::from), Some(5_120_000));
    assert_eq!(network.redial_max, None, "0s is the default");
    assert_eq!(settings.log_level, LogLevel::Info);
    assert_eq!(settings.prometheus, Some("0.0.0.0:26660".parse().unwrap()));
    assert_eq!(settings.namespace, "cometbft");
    let ignored = settings
        .notes
        .iter()
        .filter(|note| note.contains("mean nothing to a seed"));
    let ignored: Vec<_> = ignored.collect();
    assert_eq!(ignored.len(), 1, "{:?}", settings.notes);
    for name in [
        "[rpc]",
        "[mempool]",
        "[consensus]",
        "[tx_index]",
        "proxy_app",
        "send_rate",
        "max_open_connections",
    ] {
        assert!(ignored[0].contains(name), "{name}: {}", ignored[0]);
    }
    let told = |name: &str| settings.notes.iter().any(|note| note.contains(name));
    for name in ["seed_mode", "max_num_outbound_peers", "allow_duplicate_ip"] {
        assert!(told(&format!("{name} has no effect: ")), "{name}");
    }
}

#[test]
fn names_with_hyphens_are_those_of_tendermint_0_35() {
    let file = format!(
        "chain-id = \"c\"\nlog-level = \"warn\"\n[p2p]\npersistent-peers = \"{ID}@8.8.8.8:1\"\n"
    );
    let settings = read(&file);
    assert_eq!(settings.log_level, LogLevel::Warn);
    assert_eq!(settings.networks[0].persistent_peers.len(), 1);
}

#[test]
fn a_level_for_each_module_is_that_of_the_peers() {
    for (text, level) in [
        ("main:info,state:info,*:error", LogLevel::Info),
        ("p2p:debug,*:error", LogLevel::Debug),
        ("state:info,*:error", LogLevel::Error),
        ("none", LogLevel::None),
    ] {
        assert_eq!(value::level(text), Ok(level), "{text}");
    }
}

#[test]
fn durations_are_those_of_go() {
    for (text, time) in [
        ("10s", Duration::from_secs(10)),
        ("1m30s", Duration::from_secs(90)),
        ("1h0m0s", Duration::from_secs(3_600)),
        ("500ms", Duration::from_millis(500)),
        ("0", Duration::ZERO),
        ("0s", Duration::ZERO),
    ] {
        let read = value::time(text, Duration::ZERO, Duration::from_secs(86_400));
        assert_eq!(read, Ok(time), "{text}");
    }
}

#[test]
fn the_file_that_is_written_for_a_new_operator_reads_as_the_defaults() {
    let values = [("chain_id", "c\"\\d"), ("check_workers", "7")];
    let values = values.map(|(id, value)| (id, value.to_owned())).into();
    let file = Settings::template(&values);
    let settings = read(&file);
    assert_eq!(settings.networks[0].chain_id, "c\"\\d");
    assert_eq!(settings.networks[0].check_workers, 7);
    // And with every comment that is a key taken as one, it reads as the same.
    let chosen: Vec<&str> = file
        .split("# Several networks")
        .take(1)
        .flat_map(str::lines)
        .collect();
    let bare = chosen.iter().map(|line| {
        let key = line.strip_prefix("# ").filter(|line| {
            line.split_once(" = ")
                .is_some_and(|(name, _)| KEYS.iter().any(|key| key.name == name))
        });
        key.unwrap_or(line)
    });
    let all = bare.collect::<Vec<_>>().join("\n");
    assert_eq!(read(&all).networks, settings.networks);
    assert!(file.lines().all(|line| line.len() <= 100), "{file}");
    for key in KEYS {
        assert!(file.contains(&format!("{} = ", key.name)), "{}", key.id);
    }
}

#[test]
fn what_is_in_force_is_printed_as_a_file_that_reads_as_the_same() {
    for file in ["chain_id = \"c\"\nsave_every = \"1m30s\"\n", TWO] {
        let settings = read(file);
        let printed = settings.to_toml();
        assert_eq!(read(&printed).networks, settings.networks, "{printed}");
    }
    let printed = inputs("chain_id = \"c\"")
        .with_flag("check_workers", "7")
        .read()
        .unwrap()
        .to_toml();
    assert!(
        printed.contains("chain_id = \"c\"  # c.toml:1"),
        "{printed}"
    );
    assert!(
        printed.contains("check_workers = 7  # --check-workers"),
        "{printed}"
    );
}

#[test]
fn a_chain_that_is_alone_needs_no_folder_of_its_name() {
    for name in ["a/b", ".hidden", "/"] {
        let settings = read(&format!("chain_id = \"{name}\""));
        let network = &settings.networks[0];
        assert_eq!(network.book, Path::new("/home/config/addrbook.json"));
    }
}

#[test]
fn a_number_is_printed_so_that_a_file_can_have_it() {
    for odd in ["007", "_7_", "+7"] {
        let given = inputs("chain_id = \"c\"").with_flag("check_workers", odd);
        let settings = given.read().unwrap();
        assert_eq!(read(&settings.to_toml()).networks, settings.networks);
        let in_file = read(&format!("chain_id = \"c\"\ncheck_workers = \"{odd}\""));
        assert_eq!(read(&in_file.to_toml()).networks, settings.networks);
        assert_eq!(settings.changes(&in_file), [""; 0]);
        let values = [("chain_id", "c"), ("check_workers", odd)];
        let values = values.map(|(id, value)| (id, value.to_owned())).into();
        assert_eq!(
            read(&Settings::template(&values)).networks,
            settings.networks
        );
    }
}

#[test]
fn what_can_be_changed_while_it_runs_is_told_from_what_cannot() {
    let (old, new) = (
        read(TWO),
        read(&TWO.replace("= 7", "= 8").replace("1001", "1002")),
    );
    assert_eq!(old.changes(&new), ["a: max_num_inbound_peers = 8 (was 7)"]);
    assert_eq!(old.needs_restart(&new), ["p2p.laddr of b"]);
    let other = read(&TWO.replace("\"b\"", "\"c\""));
    assert_eq!(
        old.needs_restart(&other),
        ["that b is no longer served", "that c is served"]
    );
    let (old, new) = (
        read("chain_id = \"c\""),
        read("chain_id = \"c\"\nmoniker = \"m\"\nlog_level = \"warn\""),
    );
    assert_eq!(old.changes(&new), ["log_level = warn (was info)"]);
    assert_eq!(old.needs_restart(&new), ["moniker"]);
}

#[test]
fn a_seed_that_is_this_node_itself_is_no_seed() {
    let file = format!("chain_id = \"c\"\nseeds = \"{ID}@8.8.8.8:1,{ID}@8.8.4.4:1\"\n");
    let network = &read(&file).networks[0];
    let us = network.options(ID.parse().unwrap()).unwrap();
    assert_eq!(
        us,
        read("chain_id = \"c\"").networks[0]
            .options(ID.parse().unwrap())
            .unwrap()
    );
}

/// The keys of CometBFT v0.38, with values as operators have them.
const COMETBFT: &str = include_str!("tests/cometbft.toml");
