//! The handshake on a stream: flights, proof and node infos within one deadline.

use core::pin::pin;
use core::time::Duration;
use std::io;

use pex::NodeId;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::Local;
use super::error::{Step, TransportError};
use super::frame::{FRAME_BYTES, Opener};
use super::mconn::Wire;
use super::node_info::{NODE_INFO_BYTES_MAX, NodeInfo};
use super::node_info_error::NodeInfoError;
use super::packet::{Assembler, delimited};
use super::secret::{FIRST_FLIGHT_BYTES, FIRST_FLIGHT_PREFIX, Handshake, SecretError, Session};

/// Does the handshake with the node at the other end of a stream, whoever dialed.
pub(super) async fn upgrade<R, W>(
    local: &Local,
    within: Duration,
    reader: R,
    writer: W,
    expected: Option<NodeId>,
) -> Result<(NodeInfo, Wire<R, W>), TransportError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut upgrade = Upgrade {
        reader,
        writer,
        step: Step::KeyExchange,
    };
    let done = timeout(within, upgrade.run(local, expected)).await;
    let (info, session, assembler) =
        done.map_err(|_| TransportError::TimedOut { step: upgrade.step })??;
    let Session { sealer, opener, .. } = session;
    let Upgrade { reader, writer, .. } = upgrade;
    Ok((
        info,
        Wire {
            reader,
            writer,
            sealer,
            opener,
            assembler,
        },
    ))
}

struct Upgrade<R, W> {
    reader: R,
    writer: W,
    step: Step,
}

impl<R, W> Upgrade<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    async fn run(
        &mut self,
        local: &Local,
        expected: Option<NodeId>,
    ) -> Result<(NodeInfo, Session, Assembler), TransportError> {
        let mut session = self.secret(local).await?;
        check_identity(session.remote(), local.id(), expected)?;
        self.step = Step::NodeInfo;
        let (info, assembler) = self.infos(local, &mut session).await?;
        local.info.check_compatible(&info)?;
        Ok((info, session, assembler))
    }

    /// The two flights of the secret connection.
    async fn secret(&mut self, local: &Local) -> Result<Session, TransportError> {
        let handshake = Handshake::new()?;
        let ours = handshake.first_flight();
        let write = self.writer.write_all(&ours);
        let theirs = exchange(write, first_flight(&mut self.reader), self.step).await?;
        let (authentication, ours) = handshake.on_first_flight(&theirs, &local.key)?;

        self.step = Step::Authentication;
        let write = self.writer.write_all(&ours);
        let mut theirs = exchange(write, frame(&mut self.reader, self.step), self.step).await?;
        Ok(authentication.on_second_flight(&mut theirs)?)
    }

    /// The exchange of node infos. Whatever came behind theirs is in the assembler.
    async fn infos(
        &mut self,
        local: &Local,
        session: &mut Session,
    ) -> Result<(NodeInfo, Assembler), TransportError> {
        let proved = session.remote();
        let mut ours = Vec::new();
        session.sealer.seal_all(&local.info.encode(), &mut ours)?;
        let write = self.writer.write_all(&ours);
        let read = node_info(&mut self.reader, &mut session.opener, proved);
        exchange(write, read, self.step).await
    }
}

/// Writes and reads at once: neither side waits for the other to read first.
///
/// What the other side said before it hung up counts for more than that we could not write.
async fn exchange<T>(
    write: impl Future<Output = io::Result<()>>,
    read: impl Future<Output = Result<T, TransportError>>,
    step: Step,
) -> Result<T, TransportError> {
    let (mut write, mut read) = (pin!(write), pin!(read));
    let (written, theirs) = tokio::select! {
        theirs = &mut read => {
            let theirs = theirs?;
            (write.await, theirs)
        }
        written = &mut write => (written, read.await?),
    };
    written.map_err(|error| TransportError::at(step, &error))?;
    Ok(theirs)
}

async fn first_flight<R: AsyncRead + Unpin>(
    reader: &mut R,
) -> Result<[u8; FIRST_FLIGHT_BYTES], TransportError> {
    let lost = |error: io::Error| TransportError::at(Step::KeyExchange, &error);
    let mut flight = [0; FIRST_FLIGHT_BYTES];
    let (prefix, key) = flight.split_at_mut(FIRST_FLIGHT_PREFIX.len());
    reader.read_exact(prefix).await.map_err(lost)?;
    check_first(prefix)?;
    reader.read_exact(key).await.map_err(lost)?;
    Ok(flight)
}

async fn frame<R: AsyncRead + Unpin>(
    reader: &mut R,
    step: Step,
) -> Result<[u8; FRAME_BYTES], TransportError> {
    let mut frame = [0; FRAME_BYTES];
    reader
        .read_exact(&mut frame)
        .await
        .map_err(|error| TransportError::at(step, &error))?;
    Ok(frame)
}

/// Reads frames until they hold a whole node info.
async fn node_info<R: AsyncRead + Unpin>(
    reader: &mut R,
    opener: &mut Opener,
    proved: NodeId,
) -> Result<(NodeInfo, Assembler), TransportError> {
    let mut bytes = Vec::new();
    loop {
        if let Some(done) = read_info(&bytes, proved)? {
            return Ok(done);
        }
        let mut frame = frame(reader, Step::NodeInfo).await?;
        bytes.extend_from_slice(opener.open(&mut frame)?);
    }
}

/// Refuses first bytes that begin no handshake. A stranger who has said less than a flight, and
/// waits for us, is told apart at once.
pub(super) fn check_first(bytes: &[u8]) -> Result<(), TransportError> {
    let there = bytes.len().min(FIRST_FLIGHT_PREFIX.len());
    if bytes.get(..there) != FIRST_FLIGHT_PREFIX.get(..there) {
        return Err(SecretError::NotAHandshake.into());
    }
    Ok(())
}

/// Whether the other side, who has proved to be `actual`, is one to talk to.
pub(super) fn check_identity(
    actual: NodeId,
    ours: NodeId,
    expected: Option<NodeId>,
) -> Result<(), TransportError> {
    if actual == ours {
        return Err(TransportError::SelfConnection);
    }
    match expected {
        Some(expected) if expected != actual => Err(TransportError::WrongId { expected, actual }),
        _ => Ok(()),
    }
}

/// The node info that these bytes begin with, and what is behind it; `None` until it is there.
pub(super) fn read_info(
    bytes: &[u8],
    proved: NodeId,
) -> Result<Option<(NodeInfo, Assembler)>, TransportError> {
    let Some((start, end)) = delimited(bytes).map_err(|_| NodeInfoError::Malformed)? else {
        return Ok(None);
    };
    // Checked before the rest is read: the prefix alone must not make us take it.
    if end - start > NODE_INFO_BYTES_MAX {
        return Err(NodeInfoError::TooLong { bytes: end - start }.into());
    }
    let Some((info, rest)) = bytes.split_at_checked(end) else {
        return Ok(None);
    };
    let info = NodeInfo::decode(info.get(start..).unwrap_or_default(), proved)?;
    let mut assembler = Assembler::default();
    assembler.extend(rest);
    Ok(Some((info, assembler)))
}
