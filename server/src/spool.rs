//! Keeps an upload on disk until it is complete, so that a slow client holds neither its bytes in memory nor a place of those
//! that are being processed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures::stream;
use http_body_util::BodyExt as _;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// Bodies up to this size stay in memory.
const MEMORY_BYTES: usize = 256 * 1024;
const READ_BYTES: usize = 64 * 1024;

/// Where uploads are kept while they arrive. The files have no names, so that nothing is left after a crash.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: Arc<Path>,
}

impl Spool {
    /// Uses a folder; the one of the operating system for temporary files if `folder` is empty.
    pub fn new(folder: &str) -> Self {
        let folder = match folder.trim() {
            "" => std::env::temp_dir(),
            folder => PathBuf::from(folder),
        };
        Self { folder: folder.into() }
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks that files can be kept.
    ///
    /// # Errors
    /// The folder is missing and cannot be created, or no file can be created in it.
    pub fn check(&self) -> io::Result<()> {
        ordinavo_core::private_folder::create(&self.folder)?;
        tempfile::tempfile_in(&self.folder).map(drop)
    }

    /// Receives a body, and returns one with the same bytes. If it ends early, for any reason, so does the returned one.
    pub async fn receive(&self, mut body: Body) -> Body {
        let mut received = Received::Memory(Vec::new());
        let failure = loop {
            match body.frame().await {
                None => break None,
                Some(Err(error)) => break Some(error.into_inner()),
                Some(Ok(frame)) => {
                    let Ok(bytes) = frame.into_data() else { continue };
                    if let Err(error) = received.append(&self.folder, &bytes).await {
                        tracing::warn!(%error, "an upload cannot be kept on disk");
                        break Some(error.into());
                    }
                }
            }
        };
        received.replay(failure).await
    }
}

enum Received {
    Memory(Vec<u8>),
    Disk(File),
}

impl Received {
    async fn append(&mut self, folder: &Path, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(kept) if kept.len() + bytes.len() <= MEMORY_BYTES => kept.extend_from_slice(bytes),
            Self::Memory(kept) => {
                let folder = folder.to_owned();
                let file = tokio::task::spawn_blocking(move || tempfile::tempfile_in(folder)).await??;
                let mut file = File::from_std(file);
                file.write_all(kept).await?;
                file.write_all(bytes).await?;
                *self = Self::Disk(file);
            }
            Self::Disk(file) => file.write_all(bytes).await?,
        }
        Ok(())
    }

    /// Returns a body with the received bytes, and then the failure.
    async fn replay(self, failure: Option<BoxError>) -> Body {
        let (kept, file) = match self {
            Self::Memory(kept) => (kept, None),
            Self::Disk(mut file) => match rewind(&mut file).await {
                Ok(()) => (Vec::new(), Some(file)),
                Err(error) => return failing(error.into()),
            },
        };
        if let (None, None) = (&file, &failure) {
            return Body::from(kept);
        }
        let first = (!kept.is_empty()).then(|| Bytes::from(kept));
        Body::from_stream(stream::try_unfold((first, file, failure), next_part))
    }
}

async fn rewind(file: &mut File) -> io::Result<()> {
    file.flush().await?;
    file.rewind().await.map(drop)
}

fn failing(error: BoxError) -> Body {
    Body::from_stream(stream::once(async { Err::<Bytes, BoxError>(error) }))
}

/// What is still to be sent: bytes from memory, a file, and the failure at the end.
type Rest = (Option<Bytes>, Option<File>, Option<BoxError>);

async fn next_part((first, file, failure): Rest) -> Result<Option<(Bytes, Rest)>, BoxError> {
    if let Some(first) = first {
        return Ok(Some((first, (None, file, failure))));
    }
    if let Some(mut file) = file {
        let mut part = vec![0; READ_BYTES];
        let length = file.read(&mut part).await?;
        if length > 0 {
            part.truncate(length);
            return Ok(Some((part.into(), (None, Some(file), failure))));
        }
    }
    failure.map_or(Ok(None), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends parts of `sizes` bytes through the spool, and returns what arrives and whether it ended with an error.
    async fn through(sizes: &[usize], is_cut: bool) -> (Vec<u8>, bool) {
        let parts: Vec<Result<Bytes, BoxError>> = sizes
            .iter()
            .enumerate()
            .map(|(number, size)| Ok(Bytes::from(vec![u8::try_from(number % 251).unwrap_or_default(); *size])))
            .chain(is_cut.then(|| Err("connection lost".into())))
            .collect();
        let mut body = Spool::new("").receive(Body::from_stream(stream::iter(parts))).await;
        let mut received = Vec::new();
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => received.extend_from_slice(&frame.into_data().expect("a data frame")),
                Err(_) => return (received, true),
            }
        }
        (received, false)
    }

    #[tokio::test]
    async fn body_of_any_size_arrives_unchanged_with_its_end() {
        let large = MEMORY_BYTES + 1;
        for sizes in [
            &[][..],
            &[0],
            &[5, 7],
            &[MEMORY_BYTES],
            &[large],
            &[100_000; 9],
            &[1, large, 3],
        ] {
            for is_cut in [false, true] {
                let expected: Vec<u8> = sizes
                    .iter()
                    .enumerate()
                    .flat_map(|(number, size)| vec![u8::try_from(number % 251).unwrap_or_default(); *size])
                    .collect();
                let (received, failed) = through(sizes, is_cut).await;
                assert!(received == expected, "{sizes:?}");
                assert_eq!(failed, is_cut, "{sizes:?}");
            }
        }
    }

    #[tokio::test]
    async fn body_that_cannot_be_kept_ends_with_an_error() {
        let body = Body::from(vec![0; MEMORY_BYTES + 1]);
        let received = Spool::new("/proc/no-such-folder").receive(body).await;
        assert!(received.collect().await.is_err());
    }
}
