//! The `pex` command as its users meet it: arguments in, lines and an exit code out.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as a test does, by panicking"
)]

#[path = "cli/bad_book.rs"]
mod bad_book;
#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/book.rs"]
mod book;
#[path = "cli/book_lock.rs"]
mod book_lock;
#[path = "cli/command.rs"]
mod command;
#[path = "cli/crawl.rs"]
mod crawl;
#[path = "cli/crawl_files.rs"]
mod crawl_files;
#[path = "cli/crawl_pace.rs"]
mod crawl_pace;
#[path = "cli/crawl_state.rs"]
mod crawl_state;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/extension.rs"]
mod extension;
#[path = "cli/help.rs"]
mod help;
#[path = "cli/init.rs"]
mod init;
#[path = "cli/inspect.rs"]
mod inspect;
#[path = "cli/left_out.rs"]
mod left_out;
#[path = "cli/limits.rs"]
mod limits;
#[path = "cli/node.rs"]
mod node;
#[path = "cli/nodes.rs"]
mod nodes;
#[path = "cli/observe.rs"]
mod observe;
#[path = "cli/peers.rs"]
mod peers;
#[path = "cli/running_seed.rs"]
mod running_seed;
#[path = "cli/seed.rs"]
mod seed;
#[path = "cli/seed_clock.rs"]
mod seed_clock;
#[path = "cli/seed_load.rs"]
mod seed_load;
#[path = "cli/seed_networks.rs"]
mod seed_networks;
#[path = "cli/seed_reload.rs"]
mod seed_reload;
#[path = "cli/seed_settings.rs"]
mod seed_settings;
#[path = "cli/seed_store.rs"]
mod seed_store;
#[path = "cli/serve.rs"]
mod serve;
#[path = "cli/signals.rs"]
mod signals;
#[path = "cli/sim.rs"]
mod sim;
#[path = "cli/usage.rs"]
mod usage;
