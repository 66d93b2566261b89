//! Where does a connection string say that the database is? The client's own parser reads it, and what might be a piece of a password
//! is taken for none of it: that would be shown, and looked up.

use std::net::Ipv6Addr;

use postgres::Config;
use postgres::config::Host;

/// `None` for a string that cannot be read, or that can be read in two ways.
pub(super) fn read(address: &str) -> Option<Config> {
    let config: Config = address.parse().ok()?;
    let url = ["postgres://", "postgresql://"].iter().find_map(|prefix| address.strip_prefix(prefix));
    (url.is_none_or(is_clear) && names_are_plain(&config)).then_some(config)
}

/// The parser takes everything before the first `@` for user and password, wherever that is. In a URL it ends the user and the
/// password only if it stands before the path.
fn is_clear(url: &str) -> bool {
    let (authority, rest) = url.split_at(url.find(['/', '?', '#']).unwrap_or(url.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let names_another_host = !host.is_empty() && rest.split(['?', '&']).any(|parameter| parameter.starts_with("host="));
    authority.matches('@').count() <= 1 && !rest.contains('@') && !names_another_host
}

/// What is shown of the address, and looked up, has nothing in it that separates words in one.
fn names_are_plain(config: &Config) -> bool {
    let is_plain = |name: &str, separators: &str| !name.contains(|c: char| separators.contains(c) || c.is_control());
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(host) => is_host(host),
        #[cfg(unix)]
        Host::Unix(folder) => folder.to_str().is_some_and(|folder| is_plain(folder, "=&;?@#,")),
    }) && config.get_dbname().is_none_or(|name| is_plain(name, "=&;?@#,:/"))
        && config.get_user().is_none_or(|name| is_plain(name, "=&;?#,:/"))
}

/// A name or an address, perhaps with the name of an interface.
fn is_host(host: &str) -> bool {
    let is_name = host.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    is_name || host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}
