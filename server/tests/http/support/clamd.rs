//! A small clamd on loopback that finds the EICAR test file.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The test file of the European Institute for Computer Antivirus Research, in two parts so that no scanner finds it here.
pub fn eicar() -> String {
    [
        "X5O!P%@AP[4\\PZX54(P^)7CC)7}$",
        "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*",
    ]
    .concat()
}

/// A running service; it ends with the runtime of its test.
#[derive(Clone)]
pub struct Clamd {
    pub address: SocketAddr,
    is_away: Arc<AtomicBool>,
}

impl Clamd {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Self {
            address: listener.local_addr().unwrap(),
            is_away: Arc::default(),
        };
        let is_away = service.is_away.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if !is_away.load(Ordering::SeqCst) {
                    tokio::spawn(answer(stream));
                }
            }
        });
        service
    }

    /// Lets the service close every connection, or answer again.
    pub fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }
}

/// Answers one `INSTREAM` command: chunks with their length in front, until an empty one.
async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut content = Vec::new();
    loop {
        let length = stream.read_u32().await? as usize;
        if length == 0 {
            break;
        }
        let start = content.len();
        content.resize(start + length, 0);
        stream.read_exact(&mut content[start..]).await?;
    }
    let eicar = eicar();
    let is_infected = content.windows(eicar.len()).any(|part| part == eicar.as_bytes());
    let response: &[u8] = if is_infected {
        b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
    } else {
        b"stream: OK\0"
    };
    stream.write_all(response).await?;
    stream.shutdown().await
}
