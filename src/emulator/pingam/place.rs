//! Which realm an address means, and whether the server lets itself be called by this name.

use super::Am;
use super::answer::Failure;
use super::ask::Ask;
use super::world::AmWorld;

/// Finds the realm and the resource of an address.
///
/// # Errors
/// A foreign host name, or a realm that does not exist.
pub(super) fn find(
    app: &Am,
    am: &AmWorld,
    segments: &[String],
    ask: &mut Ask,
) -> Result<(), Failure> {
    let is_hierarchical = segments.first().is_some_and(|s| s == "realms");
    if let Some(host) = foreign_host(app, ask) {
        let text = if is_hierarchical {
            format!("Realm \"{host}\" not found")
        } else {
            format!("FQDN \"{host}\" is not valid.")
        };
        return Err(Failure::new(400, text));
    }
    if is_hierarchical {
        (ask.realm, ask.resource) = hierarchical(am, segments)?;
        return Ok(());
    }
    let (realm, used) = legacy(am, segments);
    (ask.realm, ask.resource) = (realm, segments[used..].to_vec());
    if used == 0
        && let Some(named) = by_parameter(am, ask)?
    {
        ask.realm = named;
    }
    Ok(())
}

/// The realm that the parameter `realm` names, with or without a slash.
///
/// # Errors
/// There is no such realm.
pub(super) fn by_parameter(am: &AmWorld, ask: &Ask) -> Result<Option<usize>, Failure> {
    let Some(name) = ask.parameter("realm") else {
        return Ok(None);
    };
    let path = format!("/{}", name.trim_start_matches('/'));
    match am.realm(&path) {
        Some(realm) => Ok(Some(realm)),
        None => Err(Failure::new(400, format!("Invalid realm, {path}"))),
    }
}

/// The name in `Host`, if the server does not know itself by it.
fn foreign_host(app: &Am, ask: &Ask) -> Option<String> {
    let host = ask.header("host")?;
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let known = name == "127.0.0.1" || app.options().hosts.iter().any(|h| h == name);
    (!known).then(|| name.to_owned())
}

/// `realms/root/realms/alpha/…`.
fn hierarchical(am: &AmWorld, segments: &[String]) -> Result<(usize, Vec<String>), Failure> {
    if segments.get(1).is_none_or(|s| s != "root") {
        let text = format!("Resource '{}' not found", segments.join("/"));
        return Err(Failure::new(404, text));
    }
    let mut path = String::new();
    let mut at = 2;
    while segments.get(at).is_some_and(|s| s == "realms") && segments.len() > at + 1 {
        path.push('/');
        path.push_str(&segments[at + 1]);
        at += 2;
    }
    let path = if path.is_empty() { "/" } else { path.as_str() };
    let realm = am
        .realm(path)
        .ok_or_else(|| Failure::new(404, format!("Realm \"{path}\" not found")))?;
    Ok((realm, segments[at..].to_vec()))
}

/// `alpha/emea/…`: as many segments as name a realm.
fn legacy(am: &AmWorld, segments: &[String]) -> (usize, usize) {
    let mut path = String::new();
    let (mut realm, mut used) = (0, 0);
    for segment in segments {
        path.push('/');
        path.push_str(segment);
        let Some(found) = am.realm(&path) else { break };
        (realm, used) = (found, used + 1);
    }
    (realm, used)
}
