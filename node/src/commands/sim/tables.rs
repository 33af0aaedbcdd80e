//! `pex sim tables`.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::num::NonZero;
use std::path::Path;

use pex_sim::Outcome as Run;
use pex_sim::tables::{Table, tables, write_markdown};

use super::args::TablesArgs;
use super::job::{Job, file_name};
use super::plan::{folder, print_commands};
use super::report::gather;
use super::{children, outputs};
use crate::commands::terminal::{Output, complain};
use crate::commands::{Failure, Outcome};

pub(super) fn run(args: &TablesArgs) -> Result<Outcome, Failure> {
    if !args.many.sweep.is_empty() {
        return Err(Failure::usage(
            "--sweep: the tables have rows and sizes of their own; choose of them with --only and --sizes",
        ));
    }
    let tables = chosen(args)?;
    if let Some(from) = &args.from {
        return print(&tables, args.quick, &gather(core::slice::from_ref(from))?);
    }
    if args.many.print_commands {
        let folder = folder(&args.many);
        let jobs = jobs(&tables, args, &folder)?;
        return print_commands(&jobs, &folder);
    }
    let own = env::temp_dir().join(format!("pex-tables-{}", std::process::id()));
    let folder = args.many.out.as_ref().unwrap_or(&own);
    let runs = jobs(&tables, args, folder).and_then(|jobs| children::run(&jobs, &args.many, false));
    let all_hold = |runs: &Vec<Run>| runs.iter().all(|it| it.breach.is_none());
    if args.many.out.is_none() {
        if runs.as_ref().is_ok_and(all_hold) {
            // What is left of it does no harm.
            let _ = fs::remove_dir_all(&own);
        } else {
            complain(format_args!(
                "pex: the scenarios are left in {}, where the commands above find them",
                own.display()
            ));
        }
    }
    print(&tables, args.quick, &runs?)
}

/// The tables that are meant.
fn chosen(args: &TablesArgs) -> Result<Vec<Table>, Failure> {
    let all = tables().map_err(|error| Failure::new(&error))?;
    let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
    if let Some(wrong) = args.only.iter().find(|it| !names.contains(&it.as_str())) {
        return Err(Failure::usage(format_args!(
            "there is no table {wrong}; there are {}",
            names.join(", ")
        )));
    }
    let sizes = |it: &Table| it.sizes(args.quick).to_vec();
    let sizes: BTreeSet<u32> = all.iter().flat_map(sizes).collect();
    if let Some(wrong) = args.sizes.iter().find(|it| !sizes.contains(it)) {
        let there: Vec<String> = sizes.iter().map(ToString::to_string).collect();
        return Err(Failure::usage(format_args!(
            "no table has a network of {wrong} nodes; there are {}",
            there.join(", ")
        )));
    }
    let is_meant = |it: &Table| args.only.is_empty() || args.only.contains(&it.name);
    Ok(all.into_iter().filter(is_meant).collect())
}

/// A run for each row, size and seed. The scenarios are written into the folder, so that each can be
/// looked at, changed, and run by itself.
fn jobs(tables: &[Table], args: &TablesArgs, folder: &Path) -> Result<Vec<Job>, Failure> {
    let in_folder = |error: std::io::Error| {
        let why = crate::commands::what_to_do(&error);
        Failure::new(format_args!("folder {}: {why}", folder.display()))
    };
    fs::create_dir_all(folder).map_err(in_folder)?;
    let mut jobs = Vec::new();
    for table in tables {
        let entries = table.entries(args.quick);
        for entry in entries.map_err(|error| Failure::new(&error))? {
            if !args.sizes.is_empty() && !args.sizes.contains(&entry.size) {
                continue;
            }
            let row = table.rows.get(entry.row).map_or("", |it| it.name.as_str());
            let name = file_name(&format!("{}-{row}-{}", table.name, entry.size));
            let path = folder.join(format!("{name}.toml"));
            outputs::save_to(&path, entry.scenario.to_text().as_bytes())?;
            let own = || table.seeds(entry.size, args.quick);
            let seeds = args.many.seeds.map_or_else(own, NonZero::get);
            for n in 0..u64::from(seeds) {
                let seed = args.many.seed.saturating_add(n);
                jobs.push(Job::new(Some(&path), &[], seed)?);
            }
        }
    }
    Ok(jobs)
}

fn print(tables: &[Table], quick: bool, runs: &[Run]) -> Result<Outcome, Failure> {
    let mut out = BufWriter::new(Output::new());
    for table in tables {
        write_markdown(table, quick, runs, &mut out)?;
    }
    out.flush()?;
    match runs.iter().filter(|it| it.breach.is_some()).count() {
        0 => Ok(Outcome::Done),
        of => Err(Failure::new(format_args!(
            "in {of} runs something did not hold that must; the lines above say which"
        ))),
    }
}
