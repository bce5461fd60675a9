//! Connects to the network. Refused when it is loaded, because of what it imports.

use std::net::TcpStream;

largesse_guests::guest!(|_input| {
    let connected = TcpStream::connect("127.0.0.1:80").is_ok();
    largesse_guests::one_point(if connected { "connected" } else { "alone" })
});
