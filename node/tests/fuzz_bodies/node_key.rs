//! What must hold of any bytes taken for the file of a node's key.

use pex_node::transport::{KeyError, NodeKey};

/// Reads the bytes as a file, and as the value of the key in one.
pub(crate) fn node_key(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Some(key) = read(text) {
        // An id beside the key changes nothing.
        assert_eq!(NodeKey::from_json(text).map(|key| key.id()), Ok(key.id()));
    }
    let file = |kind: &str, value: &str| {
        let (kind, value) = (json_text(kind), json_text(value));
        format!("{{\"priv_key\":{{\"type\":{kind},\"value\":{value}}}}}")
    };
    let _key = read(&file("tendermint/PrivKeyEd25519", text));
    if text != "tendermint/PrivKeyEd25519" {
        let refused = NodeKey::from_json(&file(text, "")).map(|key| key.id());
        assert_eq!(refused, Err(KeyError::KeyType));
    }
    if let Some((seed, _)) = data.split_first_chunk::<32>() {
        let key = NodeKey::from_seed(seed);
        assert_eq!(read(&key.to_json()).map(|read| read.id()), Some(key.id()));
    }
}

/// A key that is printed and read again is the same, and shows nothing of itself.
fn read(text: &str) -> Option<NodeKey> {
    match NodeKey::from_json(text) {
        Ok(key) => {
            let written = key.to_json();
            let again = NodeKey::from_json(&written).unwrap();
            assert_eq!(again.id(), key.id());
            assert_eq!(again.to_json(), written);
            assert_eq!(format!("{key:?}"), format!("NodeKey({})", key.id()));
            Some(key)
        }
        Err(error) => {
            // Nothing of a file that holds a secret is in what is said of it.
            let said = error.to_string();
            assert!(said.is_ascii() && said.len() < 200, "{said}");
            None
        }
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
