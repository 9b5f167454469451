//! `usher config import-…`: a profile out of the configuration of another program.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::args_verbs::{ImportArgs, KeepIn};
use super::config::{self, Addition};
use super::ctx::Ctx;
use super::exit::{FAILED, Failure, OK};
use crate::api::System;
use crate::api::import::{Import, ImportFiles, Imported};
use crate::config::keyring_store::keyring_write;
use crate::config::{paths, private};

/// Makes the profile and stores its secret; prints the path of the configuration.
///
/// # Errors
/// A file cannot be read or written, a secret cannot be decoded or stored, or the name is taken.
pub(crate) fn run(
    ctx: &Ctx,
    system: &dyn System,
    import: &dyn Import,
    args: &ImportArgs,
) -> Result<u8, Failure> {
    if ctx.config()?.profile(&args.name).is_some() {
        return Err(Failure::usage(format!(
            "there is a profile called {} already; name the new one with --name",
            args.name
        )));
    }
    let read = import.read(&ImportFiles {
        file: args.file.as_deref(),
        key: args.key.as_deref(),
        home: ctx.paths.home.as_deref(),
    });
    let found = read.map_err(Failure::usage)?;
    let secret_file = match args.keep_in {
        KeepIn::Keyring => None,
        KeepIn::File => Some(secret_file(ctx, &args.name)?),
    };
    let source = match &secret_file {
        None => "{ keyring = true }".to_owned(),
        Some(file) => {
            let beside = file.file_name().unwrap_or_default().to_string_lossy();
            format!("{{ file = {} }}", json!(beside))
        }
    };
    let head = format!(
        "# Imported from {}.\n[profile.{}]\nsystem = {}\nurl = {}\n",
        import.spec().origin,
        json!(args.name),
        json!(system.spec().word),
        json!(found.url)
    );
    let addition = Addition::new(
        ctx,
        &format!("{head}{}", sign_in(&args.name, &found, &source)),
    )?;
    // Before the profile: one without its secret would be of no use.
    store(&args.name, secret_file, &found.secret)?;
    let written = addition.write()?;
    let mut out = ctx.out();
    out.text(&written.display().to_string());
    out.flush()?;
    let name = &args.name;
    ctx.note(&format!(
        "profile {name} is there; try it with: usher doctor {name}"
    ));
    Ok(OK)
}

/// How the profile signs in, as TOML. `source`: where its secret is, as TOML.
fn sign_in(name: &str, found: &Imported, source: &str) -> String {
    match &found.client_id {
        None => format!("token = {source}\n"),
        Some(id) => format!(
            "\n[profile.{}.login]\nmethod = \"client_credentials\"\nclient_id = {}\nclient_secret = {source}\n",
            json!(name),
            json!(id)
        ),
    }
}

/// The file of a secret, beside the configuration.
fn secret_file(ctx: &Ctx, name: &str) -> Result<PathBuf, Failure> {
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = name.chars().map(safe).collect();
    Ok(config::place(ctx)?.with_file_name(format!("{name}.secret")))
}

/// Puts the secret into its file; without one, into the keyring.
fn store(name: &str, file: Option<PathBuf>, secret: &SecretString) -> Result<(), Failure> {
    let Some(file) = file else {
        return keyring_write(name, secret).map_err(|why| {
            Failure::new(
                FAILED,
                format!(
                    "cannot put the secret into the keyring: {why}. With --keep-in file it goes into a file that only you can read"
                ),
            )
        });
    };
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        paths::make_dir(dir)?;
    }
    private::replace(&file, secret.expose_secret().as_bytes())?;
    Ok(())
}
