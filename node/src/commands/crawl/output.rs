//! Where the result of a crawl goes.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use pex_node::crawl::{
    Report, save, write_csv, write_html, write_json, write_summary, write_table,
};

use super::args::{CrawlArgs, Format, OutputArgs};
use crate::commands::Failure;
use crate::commands::ahead::must_be_writable;
use crate::commands::terminal::Output;

/// What to print, and what to write where.
#[derive(Debug)]
pub(super) struct Outputs {
    printed: Format,
    files: Vec<(Format, PathBuf)>,
}

impl Outputs {
    /// What the arguments say. With `quiet`, nothing but the summary is printed unless it was asked
    /// for.
    pub(super) fn of(args: &OutputArgs, quiet: bool) -> Self {
        let to_screen = args.json.as_ref().is_some_and(|it| it.as_os_str() == "-");
        let json = args.json.as_ref().filter(|_| !to_screen);
        let files: Vec<(Format, PathBuf)> = [
            (Format::Table, args.table.as_ref()),
            (Format::Json, json),
            (Format::Csv, args.csv.as_ref()),
            (Format::Html, args.html.as_ref()),
        ]
        .into_iter()
        .filter_map(|(format, path)| Some((format, path?.clone())))
        .collect();
        let printed = match args.output {
            Some(format) => format,
            None if to_screen => Format::Json,
            None if quiet || !files.is_empty() => Format::Summary,
            None => Format::Table,
        };
        Self { printed, files }
    }

    /// Whether people read what is printed.
    pub(super) const fn prints_for_people(&self) -> bool {
        matches!(self.printed, Format::Table | Format::Summary)
    }

    /// Fails if it is clear already that one of the files can't be written.
    pub(super) fn must_be_writable(&self) -> Result<(), Failure> {
        self.files
            .iter()
            .try_for_each(|(_, path)| must_be_writable(path))
    }

    /// Writes all files, and prints. One that can't be written takes nothing from the others.
    pub(super) fn write(&self, report: &Report) -> Result<(), Failure> {
        let save = |(format, path): &(Format, PathBuf)| {
            let mut bytes = Vec::new();
            write(report, *format, &mut bytes)?;
            save_to(path, &bytes)
        };
        let saved: Vec<_> = self.files.iter().map(save).collect();
        let mut out = BufWriter::new(Output::new());
        write(report, self.printed, &mut out)?;
        out.flush()?;
        saved.into_iter().collect()
    }
}

/// Fails if two outputs would be one file, of which the last to be written would be left. What is no
/// file, such as a pipe, may take them all.
pub(super) fn refuse_shared(args: &CrawlArgs) -> Result<(), String> {
    let output = &args.output;
    let json = output.json.as_ref().filter(|it| it.as_os_str() != "-");
    let all = [
        ("--state", args.repeat.state.as_ref()),
        ("--table", output.table.as_ref()),
        ("--json", json),
        ("--csv", output.csv.as_ref()),
        ("--html", output.html.as_ref()),
    ];
    let mut before: Vec<(&str, PathBuf)> = Vec::new();
    for (flag, path) in all {
        let Some(path) = path.filter(|path| !is_no_file(path)) else {
            continue;
        };
        let place = place(path);
        if let Some((other, _)) = before.iter().find(|(_, it)| *it == place) {
            return Err(format!(
                "{other} and {flag} are one file, {}; give each a file of its own",
                path.display()
            ));
        }
        before.push((flag, place));
    }
    Ok(())
}

fn is_no_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// Where a path leads, as far as there is something.
fn place(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or_else(|| Path::new(".")));
        match (folder, path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}

/// Writes a file, and names it if that fails.
pub(super) fn save_to(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    save(path, bytes).map_err(|error| {
        let why = crate::commands::what_to_do(&error);
        Failure::new(format_args!("cannot write {}: {why}", path.display()))
    })
}

fn write(report: &Report, format: Format, out: &mut impl Write) -> Result<(), Failure> {
    match format {
        Format::Table => write_table(report, out)?,
        Format::Json => write_json(report, out)?,
        Format::Csv => write_csv(report, out)?,
        Format::Html => write_html(report, out)?,
        Format::Summary => write_summary(report, out)?,
    }
    Ok(())
}
