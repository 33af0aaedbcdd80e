use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::timeout;

use super::*;

fn site() -> Arc<Site> {
    let pages = Pages::new().metrics(true).status(true);
    Arc::new(Site::new(Observatory::new("1"), pages).unwrap())
}

/// Asks for a page over a pipe that holds little, and reads as much as it wants. Returns how long the
/// server kept up the connection.
async fn kept<F>(path: &str, read: impl FnOnce(DuplexStream) -> F) -> Duration
where
    F: Future<Output = DuplexStream>,
{
    let (mut ours, theirs) = duplex(64);
    let began = Instant::now();
    let client = async {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        ours.write_all(request.as_bytes()).await.unwrap();
        // Held open to the end, be it without reading.
        let _held = read(ours).await;
        core::future::pending::<()>().await;
    };
    tokio::select! {
        () = visit(site(), theirs, Stays::default()) => {}
        () = client => {}
        () = tokio::time::sleep(Duration::from_secs(10_000)) => {}
    }
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_cut_in_the_end() {
    for path in ["/", "/metrics", "/status.json"] {
        let kept = kept(path, async |stream| stream).await;
        assert_eq!(kept.as_secs(), PATIENCE.as_secs(), "{path}");
    }
    // Events are sent for as long as they are read, and these are not.
    let kept = kept("/events", async |stream| stream).await;
    assert!((10..60).contains(&kept.as_secs()), "{kept:?}");
}

#[tokio::test(start_paused = true)]
async fn events_are_sent_for_as_long_as_they_are_read_and_an_hour_at_most() {
    let read = async |mut stream: DuplexStream| {
        let for_minutes = async {
            let mut bytes = [0; 4_096];
            while stream.read(&mut bytes).await.unwrap() > 0 {}
        };
        let _over = timeout(Duration::from_secs(600), for_minutes).await;
        stream
    };
    let kept_while_read = kept("/events", read).await;
    assert!(
        (600..660).contains(&kept_while_read.as_secs()),
        "{kept_while_read:?}"
    );
    let read = async |mut stream: DuplexStream| {
        let mut bytes = [0; 4_096];
        while stream.read(&mut bytes).await.unwrap() > 0 {}
        stream
    };
    let longest = kept("/events", read).await;
    assert!((3_500..3_700).contains(&longest.as_secs()), "{longest:?}");
}
