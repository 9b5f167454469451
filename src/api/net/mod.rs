//! The parts that every connection needs, whatever is spoken on it: addresses, TLS, certificates,
//! proxies, limits, the server's clock, and errors in words. Nothing here knows HTTP.

mod certificate;
mod clock;
mod connect;
mod error;
mod hold;
mod limits;
mod proxy;
mod tls;
mod waits;

pub use certificate::Certificate;
pub use clock::ServerClock;
pub use connect::{Connector, connect_limit};
pub use error::{LONGEST_WORDS, clean, host_of};
pub(crate) use error::{causes, of_io, of_tls};
pub use limits::{Limits, Purpose};
pub use proxy::{Proxy, Route, route};
pub use tls::{TlsSettings, no_tls};
pub use waits::{Countdown, Wait, Waits};
