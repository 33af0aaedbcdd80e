//! Keys that other programs have, and what is made of them.

use super::key::Section::{self, Instrumentation, P2p, Top};

/// Tables of CometBFT's file of which a seed needs nothing.
pub(super) const IGNORED_TABLES: &[&str] = &[
    "rpc",
    "grpc",
    "mempool",
    "statesync",
    "blocksync",
    "fastsync",
    "consensus",
    "storage",
    "tx_index",
    "priv_validator",
];

/// Keys of CometBFT's file, and of Tendermint's before it, that mean nothing to a seed.
pub(super) const IGNORED_KEYS: &[(Section, &str)] = &[
    (Top, "version"),
    (Top, "proxy_app"),
    (Top, "db_backend"),
    (Top, "db_dir"),
    (Top, "genesis_file"),
    (Top, "priv_validator_key_file"),
    (Top, "priv_validator_state_file"),
    (Top, "priv_validator_laddr"),
    (Top, "abci"),
    (Top, "filter_peers"),
    (Top, "fast_sync"),
    (Top, "block_sync"),
    (Top, "mode"),
    (Top, "log_colors"),
    (P2p, "upnp"),
    (P2p, "flush_throttle_timeout"),
    (P2p, "send_rate"),
    (P2p, "test_dial_fail"),
    (P2p, "test_fuzz"),
    (P2p, "test_fuzz_config"),
    (P2p, "libp2p"),
    (P2p, "queue_type"),
    (P2p, "max_incoming_connection_attempts"),
    (Instrumentation, "max_open_connections"),
];

/// The same, where an operator might have expected something of them, and what is so instead.
pub(super) const WITHOUT_EFFECT: &[(Section, &str, &str)] = &[
    (P2p, "seed_mode", "pex seed is always a seed"),
    (P2p, "pex", "a seed exchanges addresses, and nothing else"),
    (
        P2p,
        "max_num_outbound_peers",
        "a seed dials to check, and keeps nobody but persistent_peers; check_workers bounds its dials",
    ),
    (
        P2p,
        "allow_duplicate_ip",
        "several nodes at one IP address are checked one after another, and max_inbound_per_ip bounds \
         those who come",
    ),
    (
        P2p,
        "max_packet_msg_payload_size",
        "packets are as large as every node takes them",
    ),
];

/// What other programs call what has another name here.
pub(super) const RENAMED: &[(&str, &str)] = &[
    ("bootstrap_peers", "seeds"),
    ("max_connections", "max_num_inbound_peers"),
    (
        "max_incoming_connection_time",
        "seed_disconnect_wait_period",
    ),
    (
        "metrics_listen_addr",
        "prometheus_listen_addr with prometheus = true, in [instrumentation]",
    ),
    ("listen", "laddr"),
    ("listen_address", "laddr"),
    ("network", "chain_id"),
];
