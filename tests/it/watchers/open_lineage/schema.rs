//! Is this an event by the official schema? The files of `OpenLineage` 2-0-2 are no part of the repository.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::json_schema::Schema;

const SPEC: &str = "https://openlineage.io/spec/";

/// Where the schema files are; `None`, and a word about it, where there are none. In continuous integration there have to be.
fn folder() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/openlineage");
    let folder = env::var_os("OPENLINEAGE_SCHEMAS").map_or_else(beside, PathBuf::from);
    if folder.join("OpenLineage.json").exists() {
        return Some(folder);
    }
    let said = format!("skipped: no OpenLineage schemas in {}; OPENLINEAGE_SCHEMAS can say where they are", folder.display());
    assert!(env::var_os("CI").is_none_or(|ci| ci != "true"), "{said}");
    println!("{said}");
    None
}

/// Answers the addresses of the specification from the files, and no others.
struct Files(PathBuf);

impl Files {
    /// The file of an address, if it has the version that the address asks for.
    fn read(&self, address: &str) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let path = address.strip_prefix(SPEC).ok_or_else(|| format!("`{address}` is no part of the specification"))?;
        let name = Path::new(path).file_name().ok_or("no file name")?;
        let file = if path.starts_with("facets/") { self.0.join("facets").join(name) } else { self.0.join(name) };
        let schema: Value = serde_json::from_slice(&fs::read(file)?)?;
        if schema["$id"] == address { Ok(schema) } else { Err(format!("`{address}` is not {}", schema["$id"]).into()) }
    }
}

/// What is wrong with the value by the schema at this address.
fn faults_by(schema: &str, files: &Files, value: &Value) -> Vec<String> {
    let find = |address: &str| files.read(address).unwrap_or_else(|error| panic!("{address}: {error}"));
    Schema::at(schema, &find).faults(value)
}

/// What is wrong with the event, its facets included; nothing where there are no schemas.
pub(super) fn faults(event: &Value) -> Vec<String> {
    let Some(files) = folder().map(Files) else { return Vec::new() };
    let mut faults = faults_by(super::text(&event["schemaURL"]), &files, event);
    for (key, facet) in facets(event) {
        faults.extend(facet_faults(&files, &key, facet));
    }
    faults
}

pub(super) fn are_there() -> bool {
    folder().is_some()
}

/// Every facet of the event with its key, wherever it is.
fn facets(event: &Value) -> Vec<(String, &Value)> {
    let datasets = [&event["inputs"], &event["outputs"]].into_iter().filter_map(Value::as_array).flatten();
    let places = datasets.flat_map(|dataset| [&dataset["facets"], &dataset["inputFacets"], &dataset["outputFacets"]]);
    let places = [&event["run"]["facets"], &event["job"]["facets"]].into_iter().chain(places);
    places.filter_map(Value::as_object).flatten().map(|(key, facet)| (key.clone(), facet)).collect()
}

/// A facet keeps to the schema that it names, and stands under the key that this schema is for.
fn facet_faults(files: &Files, key: &str, facet: &Value) -> Vec<String> {
    let url = facet["_schemaURL"].as_str().unwrap_or_default();
    let Some((address, definition)) = url.split_once('#') else {
        return vec![format!("the facet `{key}` names no schema")];
    };
    let file = match files.read(address) {
        Ok(file) => file,
        Err(error) => return vec![format!("the facet `{key}`: {error}")],
    };
    let mut faults = Vec::new();
    if file["properties"][key]["$ref"] != format!("#{definition}") {
        faults.push(format!("the facet `{key}` has the schema of another one: {address}"));
    }
    faults.extend(faults_by(url, files, facet).iter().map(|fault| format!("the facet `{key}`: {fault}")));
    faults
}
