//! `pex node`.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use pex::book::AddrBook;
use pex::v1::{Counts, Options};
use pex::{ConfigError, NodeAddress};
use pex_node::book_file::{self, BookFileError, Opened};
use pex_node::observe::Observatory;
use pex_node::transport::TransportConfig;
use pex_node::v1::V1Node;
use pex_node::{Clock, Descriptors};
use tokio::time::{MissedTickBehavior, interval};

use super::log::Log;
use super::signals::Stop;
use super::terminal::{Output, complain};
use super::{Failure, NodeArgs, Outcome, book, serve, setup};

/// How often a node that is watched shows a sign of life.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) async fn run(args: &NodeArgs, stop: &Stop) -> Result<Outcome, Failure> {
    let log = Log::start(&args.log)?;
    let listener = serve::listen(args.listen)?;
    let windows = args.observe.open()?;
    let place = listener.local_addr()?;
    let external = args.external_address.as_deref();
    let place_told = external.map_or_else(|| place.to_string(), ToOwned::to_owned);
    let told = format!("tcp://{place_told}");
    let local = setup::local(&args.identity, &args.chain_id, &told)?;
    let id = local.id();
    let own = external.map(|address| NodeAddress::parse(&format!("{id}@{address}")));
    let own = own
        .transpose()
        .map_err(Failure::usage)?
        .into_iter()
        .collect();
    let mut transport = TransportConfig::default();
    let options = options(args, own, windows.visitors()?, &mut transport)?;
    let opened = args.book.as_deref().map(|path| open(path, !args.lax));
    let (book, lock, is_new) = match opened.transpose()? {
        Some(opened) => (opened.book, Some(opened.lock), opened.is_new),
        None => (AddrBook::new(!args.lax, setup::seed()?), None, false),
    };
    if options.is_seed() && book.is_empty() && args.seeds.is_empty() {
        complain(format_args!(
            "pex: 0 addresses to tell, because the book is empty and no --seeds are given; whoever \
             connects is the first"
        ));
    }
    let mut node = V1Node::new(
        local,
        transport,
        options,
        book,
        args.book.as_deref(),
        Some(listener),
        setup::seed()?,
    )
    .with_extension(!args.extension.no_extension);
    if is_new {
        node = node.with_new_book();
    }
    let mut out = Output::new();
    writeln!(out, "listening on {id}@{place}")?;
    out.flush()?;

    let observatory = Observatory::new(env!("CARGO_PKG_VERSION"));
    let is_watched = !windows.is_empty();
    let _servers = windows.serve(&observatory, &log);
    let mut probe = observatory.watch(&args.chain_id, id, &place_told);
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut refused, mut before) = (false, (0, 0));
    loop {
        tokio::select! {
            notice = node.next() => {
                log.tell(None, &notice);
                probe.saw(&notice);
            }
            _ = looks.tick(), if is_watched => probe.update(&node),
            () = stop.asked() => break,
        }
        let (outbound, inbound, _) = node.switch().peers();
        if (outbound, inbound) != before {
            before = (outbound, inbound);
            let (book, most) = (node.switch().book(), args.max_num_outbound_peers);
            log.line(format_args!(
                "peers {outbound} of {most} outbound, {inbound} inbound; book {}, {} of them good",
                book.size(),
                book.old(),
            ));
        }
        if !refused && not_routable(node.switch().counts()) {
            refused = true;
            log.line(format_args!(
                "addresses that not everybody can route to are not taken in; --lax takes them in, for a \
                 network within a site"
            ));
        }
    }
    let closed = Box::pin(node.close()).await;
    drop(lock);
    log.end();
    closed.map_err(|why| match args.book.as_deref() {
        Some(path) => Failure::new(format_args!("{}: {why}", path.display())),
        None => Failure::new(why),
    })?;
    Ok(Outcome::Done)
}

/// How many may come, of so many that are wanted: no more than sockets can be open.
fn fit(
    args: &NodeArgs,
    visitors: usize,
    wanted: usize,
    transport: &mut TransportConfig,
) -> Result<usize, Failure> {
    // As many dials and checks as may be under way at once.
    const DIALS: usize = 64 + 8;
    let files = Descriptors::raise()?;
    let outbound = args.max_num_outbound_peers.saturating_add(DIALS);
    let inbound = files
        .without(visitors)
        .fit(&mut transport.inbound, outbound, wanted);
    if inbound < wanted {
        complain(format_args!(
            "pex: {inbound} of {wanted} inbound peers are possible, as {} files and sockets may be \
             open; raise the limit with ulimit -n, or LimitNOFILE of systemd",
            files.limit()
        ));
    }
    Ok(inbound)
}

const fn not_routable(counts: Counts) -> bool {
    counts.not_routable > 0
}

fn options(
    args: &NodeArgs,
    own: Vec<NodeAddress>,
    visitors: usize,
    transport: &mut TransportConfig,
) -> Result<Options, Failure> {
    let options = if args.seed_mode {
        Options::seed()
    } else {
        Options::builder()
    };
    let inbound = args
        .max_num_inbound_peers
        .unwrap_or(if args.seed_mode { 10_000 } else { 40 });
    let inbound = fit(args, visitors, inbound, transport)?;
    let options = options
        .seeds(args.seeds.clone())
        .persistent(args.persistent_peers.clone())
        .unconditional(args.unconditional_peer_ids.iter().copied())
        .private(args.private_peer_ids.iter().copied())
        .own_addresses(own)
        .slots(args.max_num_outbound_peers, inbound)
        .allow_duplicate_ip(args.allow_duplicate_ip);
    options.build().map_err(|why| too_many(args, why))
}

/// What the options do not take of what no flag alone is held to.
fn too_many(args: &NodeArgs, why: ConfigError) -> Failure {
    let flag = match why {
        ConfigError::OutOfBounds {
            option: "seeds",
            max,
            ..
        } => Some(("--seeds", args.seeds.len(), max)),
        ConfigError::OutOfBounds {
            option: "persistent",
            max,
            ..
        } => Some(("--persistent-peers", args.persistent_peers.len(), max)),
        _ => None,
    };
    match flag {
        Some((flag, count, max)) => Failure::usage(format_args!(
            "{flag}: {count} nodes are named; name {max} at most"
        )),
        None => Failure::usage(why),
    }
}

/// Opens a book. What is wrong in it and can be mended is named; a damaged one is left as it is.
fn open(path: &Path, strict: bool) -> Result<Opened, Failure> {
    book::refuse_store(path)?;
    let name = path.display();
    let opened = book_file::open(path, strict, setup::seed()?, Clock::start().now());
    let opened = opened.map_err(|error| {
        let hint = match &error {
            BookFileError::Book(_) => {
                format!("; see what can be saved with: pex book repair {name}")
            }
            _ => String::new(),
        };
        Failure::new(format_args!("{name}: {error}{hint}"))
    })?;
    for repair in &opened.repairs {
        complain(format_args!("pex: {name}: {repair}"));
    }
    if let Some((entries, kept)) = &opened.kept {
        let kept = kept.display();
        complain(format_args!(
            "pex: {name}: {entries} entries are left out; the book as it was is kept as {kept}"
        ));
    }
    if let Some(journal) = opened.journal.as_ref().filter(|it| it.has_something()) {
        complain(format_args!("pex: {name}: {journal}"));
    }
    if !opened.is_new {
        let (size, old) = (opened.book.size(), opened.book.old());
        complain(format_args!(
            "pex: {name}: {size} addresses, {old} of them good"
        ));
    }
    Ok(opened)
}
