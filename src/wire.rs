//! Bytes to messages and back. (Stub.)
