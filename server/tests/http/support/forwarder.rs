//! A TCP forwarder in front of a real service, to take the service away and bring it back.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Up,
    /// Open connections are closed, new ones are closed at once.
    Down,
    /// Nothing is passed on, and nothing is closed.
    Silent,
}

#[derive(Clone)]
pub struct Forwarder {
    pub address: SocketAddr,
    link: Arc<watch::Sender<Link>>,
}

impl Forwarder {
    /// Forwards a new loopback port to a service.
    pub async fn start(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let forwarder = Self {
            address: listener.local_addr().unwrap(),
            link: Arc::new(watch::Sender::new(Link::Up)),
        };
        let link = forwarder.link.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, service, link.subscribe()));
            }
        });
        forwarder
    }

    pub fn set(&self, link: Link) {
        self.link.send_replace(link);
    }
}

async fn pass_on(mut client: TcpStream, service: SocketAddr, mut link: watch::Receiver<Link>) {
    if link.wait_for(|link| *link != Link::Silent).await.is_err() {
        return;
    }
    if *link.borrow() == Link::Down {
        return;
    }
    let Ok(mut server) = TcpStream::connect(service).await else {
        return;
    };
    let changed = async { link.wait_for(|link| *link != Link::Up).await.map(|link| *link) };
    let change = tokio::select! {
        biased;
        change = changed => change,
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
    };
    if change.is_ok_and(|link| link == Link::Down) {
        return;
    }
    // What was read and not yet written is lost: the connection cannot go on.
    let _ = link.wait_for(|link| *link != Link::Silent).await;
}
