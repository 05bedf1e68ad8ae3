//! DNS rebinding tests of the guard: a DNS server with changing answers and a listener on loopback that must not be
//! reached.

use domain::problems::Problem;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_server::net::runtime::{Time, TokioRuntimeProvider};
use hickory_server::proto::op::{Metadata, ResponseCode};
use hickory_server::proto::rr::rdata::A;
use hickory_server::proto::rr::{RData, Record, RecordType};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::{TcpListener, UdpSocket};

use super::{Refusal, Settings, check_url_with, client_with};

/// DNS handler that returns a sequence of answers and then repeats the last one. A TTL of 0 makes every lookup query
/// it.
struct RotatingDns {
    answers: Arc<Mutex<VecDeque<Vec<Ipv4Addr>>>>,
    queries: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl RequestHandler for RotatingDns {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut response: R) -> ResponseInfo {
        let info = request.request_info().expect("request has one question");
        let builder = MessageResponseBuilder::from_message_request(request);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.response_code = ResponseCode::NoError;
        let addresses = if info.query.query_type() == RecordType::A {
            self.queries.fetch_add(1, Ordering::SeqCst);
            let mut answers = self.answers.lock().expect("lock is not poisoned");
            if answers.len() > 1 {
                answers.pop_front()
            } else {
                answers.front().cloned()
            }
        } else {
            None
        };
        let name = info.query.name().into();
        let records: Vec<Record> = addresses
            .unwrap_or_default()
            .into_iter()
            .map(|address| Record::from_rdata(Clone::clone(&name), 0, RData::A(A(address))))
            .collect();
        let answer = builder.build(metadata, records.iter(), [], [], []);
        response.send_response(answer).await.expect("response is sent")
    }
}

struct Fixture {
    resolver: TokioResolver,
    queries: Arc<AtomicUsize>,
    url: String,
    connections: Arc<AtomicUsize>,
    _server: hickory_server::server::Server<RotatingDns>,
}

/// Sets up a host name that resolves to the given addresses in turn, and a loopback listener that counts connections.
async fn fixture(answers: &[&[[u8; 4]]]) -> Fixture {
    let queries = Arc::new(AtomicUsize::new(0));
    let answers = answers
        .iter()
        .map(|set| set.iter().copied().map(Ipv4Addr::from).collect())
        .collect();
    let mut server = hickory_server::server::Server::new(RotatingDns {
        answers: Arc::new(Mutex::new(answers)),
        queries: queries.clone(),
    });
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("port is available");
    let dns_address: SocketAddr = socket.local_addr().expect("socket has an address");
    server.register_socket(socket);
    let mut connection = ConnectionConfig::udp();
    connection.port = dns_address.port();
    let config =
        ResolverConfig::from_name_servers(vec![NameServerConfig::new(dns_address.ip(), true, vec![connection])]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = 0;
    let resolver = builder.build().expect("resolver is created");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port is available");
    let url = format!(
        "http://hook.partner.example:{}/",
        listener.local_addr().expect("socket has an address").port()
    );
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut request = Vec::new();
            while !request.ends_with(b"{}") {
                if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let _ = stream
                .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                .await;
        }
    });
    Fixture {
        resolver,
        queries,
        url,
        connections,
        _server: server,
    }
}

fn settings(allowed: &[&str]) -> Settings {
    Settings {
        webhook_allow_http: true,
        // The listener has any free port.
        webhook_allow_ports: (1024..=u16::MAX).collect(),
        webhook_allow_nets: allowed
            .iter()
            .map(|net| net.parse().expect("network is valid"))
            .collect(),
        ..Settings::default()
    }
}

async fn attempt(fixture: &Fixture, settings: &Settings) -> Result<u16, Option<Refusal>> {
    let client = client_with(settings, Some(fixture.resolver.clone())).expect("client is created");
    match client.post(&fixture.url).body("{}").send().await {
        Ok(response) => Ok(response.status().as_u16()),
        Err(error) => Err(
            std::iter::successors(std::error::Error::source(&error), |error| error.source())
                .find_map(|cause| cause.downcast_ref::<Refusal>())
                .copied(),
        ),
    }
}

const PUBLIC: [u8; 4] = [93, 184, 216, 34];
const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

#[tokio::test]
async fn name_resolving_to_private_address_after_check_is_not_reached() {
    for private_address in [
        LOOPBACK,
        [169, 254, 169, 254],
        [10, 0, 0, 7],
        [192, 168, 1, 1],
        [0, 0, 0, 0],
    ] {
        let fixture = fixture(&[&[PUBLIC], &[private_address]]).await;
        let settings = settings(&[]);
        check_url_with(&fixture.url, &settings, Some(fixture.resolver.clone()))
            .await
            .expect("URL is accepted while its host is public");
        assert_eq!(
            attempt(&fixture, &settings).await,
            Err(Some(Refusal::Forbidden)),
            "{private_address:?}"
        );
        assert_eq!(fixture.connections.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn name_with_one_forbidden_address_is_rejected() {
    let fixture = fixture(&[&[PUBLIC, LOOPBACK]]).await;
    let settings = settings(&[]);
    let error = check_url_with(&fixture.url, &settings, Some(fixture.resolver.clone()))
        .await
        .expect_err("URL is rejected");
    assert_eq!(error.problem, Problem::ForbiddenWebhookTarget);
    assert_eq!(attempt(&fixture, &settings).await, Err(Some(Refusal::Forbidden)));
    assert_eq!(fixture.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn name_checked_address_is_the_one_connected() {
    // The second DNS answer is forbidden; the first attempt must not query it.
    let fixture = fixture(&[&[LOOPBACK], &[[10, 0, 0, 1]]]).await;
    let settings = settings(&["127.0.0.0/8"]);
    assert_eq!(attempt(&fixture, &settings).await, Ok(204));
    assert_eq!(
        (
            fixture.queries.load(Ordering::SeqCst),
            fixture.connections.load(Ordering::SeqCst)
        ),
        (1, 1)
    );
    // The next attempt resolves the name again.
    assert_eq!(attempt(&fixture, &settings).await, Err(Some(Refusal::Forbidden)));
    assert_eq!(fixture.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn name_without_addresses_is_unresolved() {
    let fixture = fixture(&[&[]]).await;
    assert_eq!(attempt(&fixture, &settings(&[])).await, Err(Some(Refusal::Unresolved)));
    assert_eq!(fixture.connections.load(Ordering::SeqCst), 0);
}
