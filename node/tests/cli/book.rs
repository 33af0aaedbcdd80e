//! `pex book`.
