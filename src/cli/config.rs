//! `usher config`: write, check, show and import the configuration.

use std::env;
use std::path::PathBuf;

use serde_json::json;

use super::args_verbs::{ConfigArgs, Format, ShapeArgs};
use super::ctx::Ctx;
use super::exit::{FAILED, Failure, OK};
use super::import;
use super::output::small_table;
use crate::config::{Config, paths, private};

/// The commented example that `usher config init` writes.
pub(crate) const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Does what was asked about the configuration.
///
/// # Errors
/// The configuration cannot be used, or a file cannot be written.
pub(crate) fn run(ctx: &Ctx, args: &ConfigArgs) -> Result<u8, Failure> {
    match args {
        ConfigArgs::Init => init(ctx),
        ConfigArgs::Check => check(ctx),
        ConfigArgs::Path(shape) => path(ctx, *shape),
        ConfigArgs::Import { verb, args } => match ctx.systems.import(verb) {
            Some((system, import)) => import::run(ctx, system, import, args),
            None => Err(Failure::usage(format!("there is no {verb}"))),
        },
    }
}

/// Where the configuration is, or will be.
///
/// # Errors
/// This machine has no home folder and no file was named.
pub(crate) fn place(ctx: &Ctx) -> Result<PathBuf, Failure> {
    let variable = env::var_os("USHER_CONFIG");
    Config::place(
        ctx.global.config.as_deref(),
        variable.as_deref(),
        &ctx.paths,
    )
    .ok_or_else(|| {
        Failure::usage(
            "there is no home folder (HOME) to look for a configuration in; name a file with --config",
        )
    })
}

fn init(ctx: &Ctx) -> Result<u8, Failure> {
    let file = place(ctx)?;
    if let Some(dir) = file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        paths::make_dir(dir)?;
    }
    if !private::create(&file, EXAMPLE.as_bytes())? {
        return Err(Failure::usage(format!(
            "{} is there already; nothing was written. Edit it, or name another file with --config",
            file.display()
        )));
    }
    let mut out = ctx.out();
    out.text(&file.display().to_string());
    out.flush()?;
    ctx.note("wrote the commented example; take the comment marks off one profile, then: usher config check");
    Ok(OK)
}

/// Lists every mistake of the configuration.
fn check(ctx: &Ctx) -> Result<u8, Failure> {
    let variable = std::env::var_os("USHER_CONFIG");
    let keys = |config: &Config| {
        super::screen::styles(config)?;
        crate::runtime::keymap(config).map(|_| ())
    };
    let (flag, systems) = (ctx.global.config.as_deref(), ctx.systems.specs());
    let mistakes = Config::mistakes(flag, variable.as_deref(), &ctx.paths, &systems, keys);
    for mistake in &mistakes {
        ctx.error(&mistake.to_string());
    }
    if let Some(first) = mistakes.first() {
        return Ok(first.exit_code());
    }
    let config = ctx.config()?;
    let mut out = ctx.out();
    match &config.source {
        None => out.text(
            "there is no configuration; usher opens the demo. Write one with: usher config init",
        ),
        Some(file) => out.text(&format!(
            "{}: OK, {} profile{}",
            file.display(),
            config.profiles.len(),
            if config.profiles.len() == 1 { "" } else { "s" }
        )),
    }
    out.flush()?;
    Ok(OK)
}

fn path(ctx: &Ctx, shape: ShapeArgs) -> Result<u8, Failure> {
    let shown = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
    let rows = [
        ("config", shown(place(ctx).ok())),
        ("audit", shown(ctx.paths.audit_file())),
        ("log", shown(ctx.paths.log_dir())),
        ("state", shown(ctx.paths.state_dir.clone())),
    ];
    let mut out = ctx.out();
    if shape.output == Format::Table {
        for (name, path) in &rows {
            let path = path.as_deref().unwrap_or("(none: there is no home folder)");
            out.text(&format!("{name:<8}{path}"));
        }
    } else {
        let map: serde_json::Map<_, _> = rows
            .into_iter()
            .map(|(name, path)| (name.to_owned(), json!(path)))
            .collect();
        out.json(&map.into())?;
    }
    out.flush()?;
    Ok(OK)
}

/// The configuration with the block of a new profile behind it, found right and not written yet.
pub(crate) struct Addition {
    file: PathBuf,
    text: String,
}

impl Addition {
    /// Puts the block behind the configuration, if there is one, and reads the whole.
    ///
    /// # Errors
    /// The configuration cannot be read, or it would not be right with the block. Nothing was written.
    pub(crate) fn new(ctx: &Ctx, block: &str) -> Result<Self, Failure> {
        let file = place(ctx)?;
        let mut text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(Failure::new(
                    FAILED,
                    format!("cannot read {}: {error}", file.display()),
                ));
            }
        };
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(block);
        Config::check(&file, &text, &ctx.paths, &ctx.systems.specs()).map_err(|error| {
            Failure::usage(format!(
                "nothing was written, since the configuration would not be right then: {error}"
            ))
        })?;
        Ok(Self { file, text })
    }

    /// Writes it, and says where.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was before.
    pub(crate) fn write(self) -> Result<PathBuf, Failure> {
        if let Some(dir) = self.file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            paths::make_dir(dir)?;
        }
        private::replace(&self.file, self.text.as_bytes())?;
        Ok(self.file)
    }
}

/// Prints rows of a small list in a format: titles are the keys of JSON in lower case.
pub(crate) fn print_small(
    ctx: &Ctx,
    config: &Config,
    format: Format,
    titles: &[&str],
    rows: &[Vec<String>],
    json: serde_json::Value,
) -> Result<(), Failure> {
    let mut out = ctx.out();
    match format {
        Format::Table => small_table(titles, rows, ctx.look(config), out.buffer()),
        Format::Json => out.json(&json)?,
        Format::Jsonl => {
            for one in json.as_array().into_iter().flatten() {
                out.json(one)?;
            }
        }
        Format::Csv | Format::Markdown => {
            super::output::small_text(format, titles, rows, out.buffer())?;
        }
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Systems;
    use crate::app::sorting::NEWEST_FIRST;
    use crate::config::{ConfigError, Paths};

    const MINIMAL: &str = "[profile.p]\nsystem = \"janssen\"\nurl = \"https://idp.example.org\"\ntoken = { env = \"T\" }\n";

    fn parse(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, text).unwrap();
        let systems = Systems::built_in().specs();
        Config::load(Some(&file), None, &Paths::under(dir.path()), &systems)
    }

    /// The example with every commented key made a key: a line `#key` is one, a line `# text` is not.
    fn uncommented() -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || "[\"".contains(c)) => {
                rest.to_owned()
            }
            _ => line.to_owned(),
        };
        EXAMPLE.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_is_a_configuration_as_it_stands_and_with_every_key_used() {
        let plain = parse(EXAMPLE).unwrap();
        let full = parse(&uncommented()).unwrap();

        assert_eq!(plain.profiles.len(), 2);
        assert_eq!(full.profiles.len(), 7);
        assert_eq!(full.keys["table"]["revoke"].keys.len(), 2);
        assert!(full.profiles[0].client_cert.is_some());
    }

    #[test]
    fn the_example_has_a_profile_of_every_system_with_every_key_of_its_own() {
        let (text, full) = (uncommented(), parse(&uncommented()).unwrap());

        for spec in Systems::built_in().specs() {
            let mut shown = full.profiles.iter();
            assert!(shown.any(|p| p.system.word == spec.word), "{}", spec.word);
            for key in &spec.own_keys {
                assert!(text.contains(&format!("\n{} = ", key.name)), "{}", key.name);
            }
        }
    }

    #[test]
    fn the_example_shows_every_default_truly() {
        let minimal = parse(MINIMAL).unwrap();
        let example = parse(&uncommented()).unwrap();
        let (default, shown) = (&minimal.profiles[0], &example.profiles[0]);
        // `max_rows` has no default that could be written down: it depends on the machine.
        assert_eq!(default.timeout, shown.timeout);
        assert_eq!(
            (
                default.policy.reload_every,
                default.policy.sort.clone().or(Some(NEWEST_FIRST))
            ),
            (shown.policy.reload_every, shown.policy.sort.clone())
        );
        assert_eq!(
            (default.policy.thresholds, default.policy.audit),
            (shown.policy.thresholds, shown.policy.audit)
        );
        assert_eq!(
            (default.max_body_mib, default.policy.reveal),
            (shown.max_body_mib, shown.policy.reveal)
        );
        let auto = Some(crate::config::Theme::Named("auto"));
        assert_eq!(
            (minimal.theme.or(auto), minimal.time),
            (example.theme, example.time)
        );
        assert_eq!(minimal.history, example.history);
        assert_eq!((minimal.mouse, minimal.zone), (example.mouse, example.zone));
    }
}
