//! What must hold of any bytes that a stranger tells about itself.

use pex::NodeId;
use pex_node::transport::{
    CHANNELS_MAX, NODE_INFO_BYTES_MAX, NodeInfo, NodeInfoError, TEXT_BYTES_MAX,
};
use pex_proto::p2p::DefaultNodeInfo;
use prost::Message as _;

/// Who has proved to be there.
const PROVED: NodeId = NodeId::new([0x5a; 20]);

/// What a node info may take of memory while it is read, and why it is refused.
const HELD_MAX: u64 = 8 * NODE_INFO_BYTES_MAX as u64;

/// Takes the bytes for a node info, and for what stands behind the right id in one.
pub(crate) fn node_info(data: &[u8]) {
    judge(data);
    let mut with_id = DefaultNodeInfo {
        default_node_id: PROVED.to_string(),
        ..DefaultNodeInfo::default()
    }
    .encode_to_vec();
    with_id.extend_from_slice(data);
    judge(&with_id);
}

fn judge(bytes: &[u8]) {
    let mut decoded = Err(NodeInfoError::Malformed);
    let used = allocation_counter::measure(|| decoded = NodeInfo::decode(bytes, PROVED));
    assert!(used.bytes_max <= HELD_MAX, "{used:?}");
    let info = match decoded {
        Ok(info) => info,
        Err(error) => return refused(bytes, &error),
    };
    assert!(bytes.len() <= NODE_INFO_BYTES_MAX);
    says_what_was_told(&info, bytes);
    can_be_shown(&info);

    let written = info.encode();
    let mut body = &written[..];
    let length = prost::decode_length_delimiter(&mut body);
    assert_eq!(length.ok(), Some(body.len()));
    assert_eq!(NodeInfo::decode(body, PROVED).as_ref(), Ok(&info));
    assert_eq!(info.check_compatible(&info).is_ok(), has_channels(&info));

    let network = Some(info.network()).filter(|it| !it.is_empty());
    let ours = NodeInfo::new(PROVED, network.unwrap_or("chain-1"), "ours", "h:1").unwrap();
    let (we, they) = (ours.check_compatible(&info), info.check_compatible(&ours));
    assert_eq!(we.is_ok(), they.is_ok(), "{we:?} {they:?}");
}

fn has_channels(info: &NodeInfo) -> bool {
    !info.channels().is_empty()
}

fn refused(bytes: &[u8], error: &NodeInfoError) {
    assert_eq!(
        matches!(error, NodeInfoError::TooLong { .. }),
        bytes.len() > NODE_INFO_BYTES_MAX
    );
    let text = error.to_string();
    assert!(
        text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{text:?}"
    );
    assert!(text.len() < 400, "{text}");
}

/// Nothing is made up, and nothing left out that is asked for.
fn says_what_was_told(info: &NodeInfo, bytes: &[u8]) {
    let told = DefaultNodeInfo::decode(bytes).unwrap();
    let versions = told.protocol_version.unwrap_or_default();
    assert_eq!(info.id(), PROVED);
    assert_eq!(told.default_node_id, PROVED.to_string());
    assert_eq!(info.listen_addr(), told.listen_addr);
    assert_eq!(info.network(), told.network);
    assert_eq!(info.version(), told.version);
    assert_eq!(info.channels(), told.channels);
    assert_eq!(info.moniker(), told.moniker);
    assert_eq!(
        info.protocol_versions(),
        (versions.p2p, versions.block, versions.app)
    );
}

fn can_be_shown(info: &NodeInfo) {
    let texts = [
        info.listen_addr(),
        info.network(),
        info.version(),
        info.moniker(),
    ];
    for text in texts {
        assert!(text.len() <= TEXT_BYTES_MAX);
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    }
    assert!(info.channels().len() <= CHANNELS_MAX);
    let mut channels = info.channels().to_vec();
    channels.sort_unstable();
    channels.dedup();
    assert_eq!(channels.len(), info.channels().len());
    let port = info.listen_port();
    assert!(port.is_some(), "{}", info.listen_addr());
    if let Some(socket) = info.listen_socket() {
        assert_eq!(Some(socket.port()), port);
    }
}
