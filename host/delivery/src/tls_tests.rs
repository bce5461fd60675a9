//! Deliveries over TLS, to a receiver whose certificate an authority of these tests has signed (in `certificates/`, good until
//! 2126, together with the receiver's key, which opens nothing else).

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use largesse_domain::deliver::Reply;
use largesse_domain::delivery::{Delivery, DeliveryId, Progress};
use largesse_domain::destination::{Destination, Secret};
use largesse_domain::id::DestinationId;
use largesse_domain::json::Json;
use largesse_domain::sending::Sending;
use largesse_domain::time::Instant;
use largesse_domain::topic::Topic;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::{Connector, Lookup, Sender, Times, Trust};

fn certificate(pem: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem).unwrap()
}

/// A receiver with TLS that answers 204 to everything, or to those alone whom the authority vouches for. Gives its port.
async fn receiver(asks: bool) -> u16 {
    let chain = vec![certificate(include_bytes!("certificates/receiver.pem"))];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("certificates/receiver-key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = if asks {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(include_bytes!("certificates/authority.pem"))).unwrap();
        let provider = Arc::new(default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    let config = config.with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A sender that does not trust the receiver is gone by now.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0; 4_096];
            let Ok(count) = stream.read(&mut head).await else { continue };
            assert!(head[..count].starts_with(b"POST /in HTTP/1.1\r\n"));
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    });
    port
}

/// What comes of a delivery to this host, every name of which is on this machine.
async fn send(host: &str, trust: Trust) -> Reply {
    send_to(receiver(false).await, host, trust).await
}

async fn send_to(port: u16, host: &str, trust: Trust) -> Reply {
    let lookup: Lookup =
        Arc::new(move |_, port| Box::pin(async move { Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]) }));
    let sender = Sender::new(Connector::new(lookup, trust).unwrap(), Times::default());
    let destination = Destination {
        id: DestinationId::new("bank").unwrap(),
        url: format!("https://{host}:{port}/in").parse().unwrap(),
        secrets: vec![Secret::new(&[7; 32]).unwrap()],
        topics: vec!["*".parse().unwrap()],
        allow_private: true,
        settles: false,
        sending: Sending::default(),
        paused: None,
    };
    let now = Instant::from_millis(0).unwrap();
    let delivery = Delivery {
        id: DeliveryId(1),
        destination: destination.id.clone(),
        customer: None,
        topic: Topic::DestinationTest,
        grant: None,
        body: Json::empty_object(),
        made_at: now,
        progress: Progress::new(now),
        settlement: None,
    };
    sender.send(&destination, &[delivery], now).await
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/certificates").join(name)
}

fn authority() -> Trust {
    Trust::default().with_authorities(&file("authority.pem")).unwrap()
}

#[tokio::test]
async fn a_receiver_that_asks_who_is_there_is_shown_a_certificate() {
    let taken = Reply::Answered { status: 204, retry_after_ms: None };
    let known = authority().with_own(&file("receiver.pem"), &file("receiver-key.pem")).unwrap();
    assert_eq!(send_to(receiver(true).await, "receiver.test", known).await, taken);
    let reply = send_to(receiver(true).await, "receiver.test", authority()).await;
    assert!(matches!(reply, Reply::Failed(_)), "{reply:?}");
}

#[test]
fn files_that_are_no_certificates_are_named() {
    for (authorities, error) in [("nothing.pem", "cannot read"), ("receiver-key.pem", "there is no certificate in")] {
        let refused = Trust::default().with_authorities(&file(authorities)).unwrap_err().to_string();
        assert!(refused.starts_with(error) && refused.contains(authorities), "{refused}");
    }
    assert!(Trust::default().with_own(&file("receiver.pem"), &file("authority.pem")).is_err(), "no key");
}

#[tokio::test]
async fn a_receiver_that_is_who_it_says_is_told() {
    let taken = Reply::Answered { status: 204, retry_after_ms: None };
    assert_eq!(send("receiver.test", authority()).await, taken);
    assert_eq!(send("127.0.0.1", authority()).await, taken);
}

#[tokio::test]
async fn a_receiver_under_another_name_is_not() {
    let reply = send("somebody.else.test", authority()).await;
    assert!(matches!(&reply, Reply::Failed(why) if why.starts_with("TLS failed")), "{reply:?}");
}

#[tokio::test]
async fn a_receiver_that_nobody_vouches_for_is_not() {
    let reply = send("receiver.test", Trust::default()).await;
    assert!(matches!(&reply, Reply::Failed(why) if why.starts_with("TLS failed")), "{reply:?}");
}
