//! An answer, as bytes known to be well formed.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "counts of what lies in memory"
)]

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::iter::FusedIterator;

use super::entry::{ENTRY_FIELD, ENTRY_TAG};
use super::reader::Reader;
use super::{Dialect, Entry, WireError};
use crate::{AddressError, NodeAddress};

/// An answer to a request: addresses as the peer wrote them, not yet parsed.
///
/// It holds the bytes inside the envelope, borrowed from what was decoded or its own. Two
/// responses are equal if their dialects and entries are.
#[derive(Clone)]
pub struct Response<'a> {
    dialect: Dialect,
    body: Cow<'a, [u8]>,
    len: usize,
}

impl<'a> Response<'a> {
    /// Reads the body to its end, once, so that [`entries`](Self::entries) cannot fail.
    pub(super) fn validate(dialect: Dialect, body: &'a [u8]) -> Result<Self, WireError> {
        let mut fields = Reader::new(body);
        let mut len = 0;
        while let Some(entry) = next_entry(&mut fields)? {
            Entry::check(dialect, entry)?;
            len += 1;
        }
        Ok(Self {
            dialect,
            body: Cow::Borrowed(body),
            len,
        })
    }

    /// A response of `len` entries written one after another into `body`.
    pub(super) const fn written(dialect: Dialect, body: Vec<u8>, len: usize) -> Self {
        Self {
            dialect,
            body: Cow::Owned(body),
            len,
        }
    }

    /// The dialect of the response and of each of its entries.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The number of entries, counted when the response was decoded.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entries, in the order in which the peer wrote them.
    ///
    /// All of them together take time linear in the bytes of the response, and no allocation.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            dialect: self.dialect,
            fields: Reader::new(&self.body),
            left: self.len,
        }
    }

    /// What the entries say, each as [`Entry::parse`] reads it.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = Result<NodeAddress, AddressError>> {
        let mut fields = Reader::new(&self.body);
        core::iter::from_fn(move || {
            let entry = next_entry(&mut fields).ok()??;
            Some(Entry::address(self.dialect, entry))
        })
    }

    /// The same response in the one form that the reference would give it.
    #[must_use]
    pub fn canonical(&self) -> Response<'static> {
        let mut body = Vec::with_capacity(self.body.len());
        for entry in self.entries() {
            entry.put(&mut body);
        }
        Response::written(self.dialect, body, self.len)
    }

    /// The same response, with its own copy of the bytes.
    #[must_use]
    pub fn into_owned(self) -> Response<'static> {
        Response::written(self.dialect, self.body.into_owned(), self.len)
    }

    /// The bytes inside the envelope.
    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }
}

impl PartialEq for Response<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.dialect == other.dialect && self.len == other.len && self.entries().eq(other.entries())
    }
}

impl Eq for Response<'_> {}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}

/// The entries of a [`Response`], in order. See [`Response::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    dialect: Dialect,
    fields: Reader<'a>,
    left: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        // The body was read to its end before, so no error can come of it now.
        let entry = next_entry(&mut self.fields).ok()??;
        Entry::read(self.dialect, entry).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Entries<'_> {}

impl FusedIterator for Entries<'_> {}

/// The bytes of the next entry, or `None` at the end. Unknown fields are passed over.
#[inline]
fn next_entry<'a>(fields: &mut Reader<'a>) -> Result<Option<&'a [u8]>, WireError> {
    match fields.short_bytes(ENTRY_TAG) {
        None => next_unusual_entry(fields),
        short => Ok(short),
    }
}

fn next_unusual_entry<'a>(fields: &mut Reader<'a>) -> Result<Option<&'a [u8]>, WireError> {
    while let Some(tag) = fields.tag()? {
        if tag.field == ENTRY_FIELD {
            return fields.bytes(tag).map(Some);
        }
        fields.skip(tag)?;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use alloc::{format, vec};
    use quickcheck::quickcheck;

    fn parsed(response: &Response<'_>) -> Vec<Result<NodeAddress, AddressError>> {
        response.entries().map(|entry| entry.parse()).collect()
    }

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let len = u8::try_from(bytes.len()).unwrap();
        [&[number << 3 | 2, len], bytes].concat()
    }

    #[test]
    fn the_addresses_of_entries_are_what_each_entry_parses_to() {
        const ID: &str = "00112233445566778899AABBCCDDEEFF00112233";
        let texts = [
            format!("mconn://{ID}@1.2.3.4:5"),
            format!("{ID}@[2001:db8::1]:26656"),
            format!("{ID}@höst.example:1"),
            format!("tcp://{ID}@host/path"),
            String::new(),
            "mconn://nobody@1.2.3.4:5".into(),
        ];
        let mut body = vec![];
        for text in &texts {
            for again in &texts {
                // Twice, of which the last counts, and something unknown between and behind.
                let entry = [
                    field(1, text.as_bytes()),
                    field(5, b"?"),
                    field(1, again.as_bytes()),
                ];
                body.extend(field(1, &entry.concat()));
                body.extend(field(7, b"\xff"));
            }
        }
        let response = Response::validate(Dialect::V2, &body).unwrap();
        let addresses: Vec<_> = response.addresses().collect();
        assert_eq!(addresses, parsed(&response));
        assert_eq!(addresses.iter().filter(|it| it.is_ok()).count(), 24);
    }

    quickcheck! {
        fn whatever_is_read_has_the_addresses_that_its_entries_parse_to(bytes: Vec<u8>, v1: bool) -> bool {
            let dialect = if v1 { Dialect::V1 } else { Dialect::V2 };
            let body = field(1, bytes.get(..100).unwrap_or(&bytes));
            let differs = |it: Response<'_>| it.addresses().collect::<Vec<_>>() != parsed(&it);
            !Response::validate(dialect, &body).is_ok_and(differs)
        }
    }
}
