//! The guard against names that change where they lead: a real DNS server on loopback, and a listener that must see nobody.

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

use super::{Problem, Refusal, Settings, check_url_with, client_with};

/// Answers address questions from a list, the last one for ever; with no time to live, so that every look-up asks.
struct Fickle {
    answers: Arc<Mutex<VecDeque<Vec<Ipv4Addr>>>>,
    asked: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl RequestHandler for Fickle {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, mut response: R) -> ResponseInfo {
        let info = request.request_info().expect("one question");
        let builder = MessageResponseBuilder::from_message_request(request);
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.response_code = ResponseCode::NoError;
        let addresses = if info.query.query_type() == RecordType::A {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let mut answers = self.answers.lock().expect("a lock");
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
        response.send_response(answer).await.expect("an answer")
    }
}

struct Stage {
    resolver: TokioResolver,
    asked: Arc<AtomicUsize>,
    url: String,
    visits: Arc<AtomicUsize>,
    _server: hickory_server::server::Server<Fickle>,
}

/// A name that leads to these addresses one after another, and a listener on loopback that counts who comes.
async fn stage(answers: &[&[[u8; 4]]]) -> Stage {
    let asked = Arc::new(AtomicUsize::new(0));
    let answers = answers
        .iter()
        .map(|set| set.iter().copied().map(Ipv4Addr::from).collect())
        .collect();
    let mut server = hickory_server::server::Server::new(Fickle {
        answers: Arc::new(Mutex::new(answers)),
        asked: asked.clone(),
    });
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let at: SocketAddr = socket.local_addr().expect("an address");
    server.register_socket(socket);
    let mut connection = ConnectionConfig::udp();
    connection.port = at.port();
    let config = ResolverConfig::from_name_servers(vec![NameServerConfig::new(at.ip(), true, vec![connection])]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.options_mut().cache_size = 0;
    let resolver = builder.build().expect("a resolver");

    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!(
        "http://hook.partner.example:{}/",
        listener.local_addr().expect("an address").port()
    );
    let visits = Arc::new(AtomicUsize::new(0));
    let count = visits.clone();
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
    Stage {
        resolver,
        asked,
        url,
        visits,
        _server: server,
    }
}

fn settings(allowed: &[&str]) -> Settings {
    Settings {
        webhook_allow_http: true,
        webhook_allow_nets: allowed.iter().map(|net| net.parse().expect("a network")).collect(),
        ..Settings::default()
    }
}

async fn attempt(stage: &Stage, settings: &Settings) -> Result<u16, Option<Refusal>> {
    let client = client_with(settings, Some(stage.resolver.clone())).expect("a client");
    match client.post(&stage.url).body("{}").send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
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
async fn a_name_that_turns_inwards_after_the_check_reaches_nobody() {
    for inside in [
        LOOPBACK,
        [169, 254, 169, 254],
        [10, 0, 0, 7],
        [192, 168, 1, 1],
        [0, 0, 0, 0],
    ] {
        let stage = stage(&[&[PUBLIC], &[inside]]).await;
        let settings = settings(&[]);
        check_url_with(&stage.url, &settings, Some(stage.resolver.clone()))
            .await
            .expect("public when it was made");
        assert_eq!(
            attempt(&stage, &settings).await,
            Err(Some(Refusal::Forbidden)),
            "{inside:?}"
        );
        assert_eq!(stage.visits.load(Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn one_address_out_of_bounds_among_several_is_enough() {
    let stage = stage(&[&[PUBLIC, LOOPBACK]]).await;
    let settings = settings(&[]);
    let refused = check_url_with(&stage.url, &settings, Some(stage.resolver.clone()))
        .await
        .expect_err("refused");
    assert_eq!(refused.problem, Problem::ForbiddenWebhookTarget);
    assert_eq!(attempt(&stage, &settings).await, Err(Some(Refusal::Forbidden)));
    assert_eq!(stage.visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_vetted_address_is_the_one_that_is_dialled() {
    // The second answer would lead elsewhere; nobody asks for it.
    let stage = stage(&[&[LOOPBACK], &[[10, 0, 0, 1]]]).await;
    let settings = settings(&["127.0.0.0/8"]);
    assert_eq!(attempt(&stage, &settings).await, Ok(204));
    assert_eq!(
        (stage.asked.load(Ordering::SeqCst), stage.visits.load(Ordering::SeqCst)),
        (1, 1)
    );
    // The next attempt looks again.
    assert_eq!(attempt(&stage, &settings).await, Err(Some(Refusal::Forbidden)));
    assert_eq!(stage.visits.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_told_apart() {
    let stage = stage(&[&[]]).await;
    assert_eq!(attempt(&stage, &settings(&[])).await, Err(Some(Refusal::Unresolved)));
    assert_eq!(stage.visits.load(Ordering::SeqCst), 0);
}
