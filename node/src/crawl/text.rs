//! Ids in JSON: as the text that everybody knows them by.

/// One.
pub(super) mod id {
    use pex::NodeId;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(in crate::crawl) fn serialize<S: Serializer>(
        id: &NodeId,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub(in crate::crawl) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<NodeId, D::Error> {
        let text = String::deserialize(deserializer)?;
        NodeId::parse(&text).map_err(D::Error::custom)
    }
}

/// Several.
pub(super) mod ids {
    use pex::NodeId;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(in crate::crawl) fn serialize<S: Serializer>(
        ids: &[NodeId],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(ids.iter().map(ToString::to_string))
    }

    pub(in crate::crawl) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<NodeId>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let ids = texts.iter().map(|text| NodeId::parse(text));
        ids.collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}
