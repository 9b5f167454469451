//! A connection that breaks at the worst moment: when an UPDATE is on its way.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub struct Proxy {
    pub port: u16,
}

impl Proxy {
    /// Hands everything on, up to the first UPDATE of a connection. `arrives`: the server gets it, and its
    /// answer is lost; otherwise it is lost itself.
    pub async fn start(to: u16, arrives: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((ours, _)) = listener.accept().await {
                let theirs = TcpStream::connect(("127.0.0.1", to))
                    .await
                    .expect("the server");
                tokio::spawn(serve(ours, theirs, arrives));
            }
        });
        Self { port }
    }
}

async fn serve(mut ours: TcpStream, mut theirs: TcpStream, arrives: bool) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = ours.read(&mut asked) => {
                let Ok(count @ 1..) = read else { return };
                let is_update = asked[..count].windows(7).any(|part| part == b"UPDATE ");
                if !is_update || arrives {
                    theirs.write_all(&asked[..count]).await.expect("the server reads");
                }
                if is_update {
                    // Its answer comes when it is done; nobody hears it.
                    if arrives {
                        let _ = theirs.read(&mut answered).await;
                    }
                    return;
                }
            }
            read = theirs.read(&mut answered) => {
                let Ok(count @ 1..) = read else { return };
                if ours.write_all(&answered[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}
