use super::*;

fn id() -> NodeId {
    NodeId::new([7; 20])
}

fn info() -> NodeInfo {
    NodeInfo::new(id(), "chain-1", "ann", "tcp://127.0.0.1:26656").unwrap()
}

/// The verdict on our info after `edit`, as another node would send it.
fn told(edit: impl FnOnce(&mut DefaultNodeInfo)) -> Result<NodeInfo, NodeInfoError> {
    let mut message = DefaultNodeInfo::decode_length_delimited(info().encode().as_slice()).unwrap();
    edit(&mut message);
    NodeInfo::decode(&message.encode_to_vec(), id())
}

#[test]
fn an_info_reads_back_as_it_was_sent() {
    assert_eq!(told(|_| ()), Ok(info()));
}

#[test]
fn the_info_is_that_of_the_proved_key() {
    for text in [
        NodeId::new([8; 20]).to_string(),
        String::new(),
        "\u{1b}[2J".to_owned(),
    ] {
        let refused = told(|info| info.default_node_id.clone_from(&text));
        let told = text.escape_default().to_string();
        assert_eq!(
            refused,
            Err(NodeInfoError::IdMismatch { told, proved: id() })
        );
    }
}

#[test]
fn a_listen_address_has_a_host_and_a_port() {
    let listen = |text: &str| told(|info| text.clone_into(&mut info.listen_addr));
    for good in [
        "1.2.3.4:0",
        "tcp://0.0.0.0:26656",
        "[::1]:65535",
        "a.example.com:1",
        "udp://h:1",
    ] {
        assert!(listen(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "1.2.3.4",
        ":26656",
        "::1:26656",
        "h:65536",
        "h:+1",
        "h:",
        "a@b:1",
        "[::1:26656",
    ] {
        assert_eq!(listen(bad), Err(NodeInfoError::ListenAddr), "{bad}");
    }
}

#[test]
fn a_listen_address_with_an_ip_is_a_socket_address() {
    let listen = |text: &str| {
        told(|info| text.clone_into(&mut info.listen_addr))
            .unwrap()
            .listen_socket()
    };
    assert_eq!(listen("tcp://[::1]:26656"), "[::1]:26656".parse().ok());
    assert_eq!(listen("1.2.3.4:1"), "1.2.3.4:1".parse().ok());
    assert_eq!(listen("example.com:1"), None);
}

#[test]
fn a_moniker_says_something_in_printable_ascii() {
    let moniker = |text: &str| told(|info| text.clone_into(&mut info.moniker));
    let field = Field::Moniker;
    assert!(moniker(" ann the 2nd ").is_ok());
    assert_eq!(moniker(""), Err(NodeInfoError::Blank { field }));
    assert_eq!(moniker("   "), Err(NodeInfoError::Blank { field }));
    for odd in ["a\tb", "a\nb", "\u{1b}[31m", "Zoë", "\u{7f}"] {
        assert_eq!(
            moniker(odd),
            Err(NodeInfoError::NotAscii { field }),
            "{odd:?}"
        );
    }
}

#[test]
fn a_version_may_be_empty_but_not_blank() {
    let field = Field::Version;
    assert!(told(|info| info.version.clear()).is_ok());
    assert_eq!(
        told(|info| " ".clone_into(&mut info.version)),
        Err(NodeInfoError::Blank { field })
    );
    assert!(info().with_version("0.38.9").is_ok());
    assert_eq!(
        info().with_version("\t"),
        Err(NodeInfoError::NotAscii { field })
    );
}

#[test]
fn sixteen_channels_are_allowed_and_none_twice() {
    assert!(told(|info| info.channels = (0..16).collect()).is_ok());
    let many = told(|info| info.channels = (0..17).collect());
    assert_eq!(many, Err(NodeInfoError::TooManyChannels { found: 17 }));
    let twice = told(|info| info.channels = vec![0, 0x20, 0x21, 0x20]);
    assert_eq!(twice, Err(NodeInfoError::ChannelTwice { channel: 0x20 }));
}

#[test]
fn the_tx_index_is_on_or_off_or_unsaid() {
    let index = |text: &str| {
        let tx_index = text.to_owned();
        told(|info| info.other.as_mut().unwrap().tx_index = tx_index)
    };
    assert!(index("").is_ok() && index("on").is_ok() && index("off").is_ok());
    assert_eq!(index("ON"), Err(NodeInfoError::TxIndex));
}

#[test]
fn the_rpc_address_is_ascii_and_not_blank() {
    let rpc = |text: &str| {
        let rpc_address = text.to_owned();
        told(|info| info.other.as_mut().unwrap().rpc_address = rpc_address)
    };
    let field = Field::RpcAddress;
    assert!(rpc("tcp://0.0.0.0:26657").is_ok());
    assert_eq!(rpc(" "), Err(NodeInfoError::Blank { field }));
    assert_eq!(rpc("é"), Err(NodeInfoError::NotAscii { field }));
}

#[test]
fn every_text_is_bounded() {
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let bytes = long.len();
    let refused = told(|info| info.moniker.clone_from(&long));
    assert_eq!(
        refused,
        Err(NodeInfoError::TextTooLong {
            field: Field::Moniker,
            bytes
        })
    );
    let refused = told(|info| info.network = long);
    assert_eq!(
        refused,
        Err(NodeInfoError::TextTooLong {
            field: Field::Network,
            bytes
        })
    );
}

#[test]
fn bytes_that_are_no_info_are_refused() {
    assert_eq!(
        NodeInfo::decode(&[0xff; 40], id()),
        Err(NodeInfoError::Malformed)
    );
    let bytes = NODE_INFO_BYTES_MAX + 1;
    let refused = NodeInfo::decode(&vec![0; bytes], id());
    assert_eq!(refused, Err(NodeInfoError::TooLong { bytes }));
}

#[test]
fn nodes_of_another_chain_or_block_format_do_not_talk() {
    let other = NodeInfo::new(id(), "chain-2", "bob", "h:1").unwrap();
    let (ours, theirs) = ("chain-1".to_owned(), "chain-2".to_owned());
    let refused = info().check_compatible(&other);
    assert_eq!(refused, Err(NodeInfoError::WrongNetwork { ours, theirs }));
    let refused = info().check_compatible(&info().with_block_version(10));
    assert_eq!(
        refused,
        Err(NodeInfoError::WrongBlockVersion {
            ours: 11,
            theirs: 10
        })
    );
}

#[test]
fn one_channel_in_common_is_enough_and_none_is_not() {
    let full = told(|info| info.channels = vec![0x20, 0x30, PEX_CHANNEL]).unwrap();
    assert_eq!(info().check_compatible(&full), Ok(()));
    for channels in [vec![], vec![0x20]] {
        let none = told(|info| info.channels = channels).unwrap();
        assert_eq!(
            info().check_compatible(&none),
            Err(NodeInfoError::NoCommonChannel)
        );
    }
}

#[test]
fn a_strangers_text_is_escaped_and_cut() {
    assert_eq!(shown("\u{202e}\u{1b}[2J\n"), "\\u{202e}\\u{1b}[2J\\n");
    assert_eq!(shown(&"x".repeat(500)).len(), 64);
}
