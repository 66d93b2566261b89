use std::fs;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

fn tar_with(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

fn zip_with(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(io::Cursor::new(Vec::new()));
    for (path, content) in entries {
        archive.start_file(*path, SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn gzip_of(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

/// Opens an export with these bytes.
fn open(file_name: &str, bytes: &[u8]) -> (TempDir, Result<Export, ImportError>) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(file_name);
    fs::write(&file, bytes).unwrap();
    let export = Export::open(&file, &directory.path().join("scratch"));
    (directory, export)
}

/// The name and the JSON of each part.
fn parts(export: &Export) -> Vec<(String, String)> {
    let json = |part: &Part| {
        let mut window = part.read_from(0).unwrap();
        while window.fill().unwrap() {}
        String::from_utf8(window.bytes().to_vec()).unwrap()
    };
    export.parts.iter().map(|part| (part.name.clone(), json(part))).collect()
}

#[track_caller]
fn assert_reads(file_name: &str, bytes: &[u8], expected: &[&str]) -> Export {
    let (_directory, export) = open(file_name, bytes);
    let export = export.unwrap();
    let json: Vec<_> = parts(&export).into_iter().map(|(_, json)| json).collect();
    assert_eq!(json, expected);
    export
}

fn only(remarks: &[String]) -> &str {
    assert_eq!(remarks.len(), 1, "{remarks:?}");
    &remarks[0]
}

fn refusal(file_name: &str, bytes: &[u8]) -> String {
    open(file_name, bytes).1.unwrap_err().to_string()
}

#[test]
fn a_plain_file_is_read_whatever_its_name() {
    for name in ["messages.json", "renamed.tar", "no_extension"] {
        assert_reads(name, b"{}", &["{}"]);
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_json() {
    assert_reads("messages.json", b"\xef\xbb\xbf{}", &["{}"]);
    assert_reads("export.tar", &tar_with(&[("messages.json", "\u{FEFF}{}")]), &["{}"]);
}

#[test]
fn the_messages_are_found_at_any_depth_of_an_archive() {
    for path in ["messages.json", "8_live_ada/export/messages.json"] {
        let entries = [("media/1.jpg", "photo"), (path, "{}"), ("x", "y")];
        let tar = tar_with(&entries);
        for bytes in [tar.clone(), gzip_of(&tar), zip_with(&entries)] {
            let export = assert_reads("export.bin", &bytes, &["{}"]);
            assert!(export.parts[0].name.ends_with(&format!("export.bin, {path}")), "{}", export.parts[0].name);
            assert_eq!(export.remarks, [""; 0]);
        }
    }
    assert_reads("messages.json.gz", &gzip_of(b"{}"), &["{}"]);
}

#[test]
fn all_parts_are_read_and_that_is_said() {
    let entries = [("messages.json", "{}"), ("part2/messages.json", "{ }")];
    for bytes in [tar_with(&entries), zip_with(&entries)] {
        let export = assert_reads("export", &bytes, &["{}", "{ }"]);
        let remark = only(&export.remarks);
        assert!(remark.ends_with("has 2 parts, which are all imported: messages.json, part2/messages.json"), "{remark}");
    }
}

#[test]
fn of_files_with_the_same_path_the_last_one_is_read_and_that_is_said() {
    let export = assert_reads("export", &tar_with(&[("messages.json", "{}"), ("messages.json", "{ }")]), &["{ }"]);
    let remark = only(&export.remarks);
    assert!(remark.ends_with("has messages.json more than once; the last one is imported"), "{remark}");
}

#[test]
fn the_digest_is_that_of_the_content_wherever_it_is() {
    let json = r#"{"conversations": []}"#;
    let tar = tar_with(&[("a/messages.json", json)]);
    let zip = zip_with(&[("messages.json", json)]);
    let digests: Vec<_> = [json.as_bytes(), &tar, &gzip_of(&tar), &zip, &gzip_of(json.as_bytes())]
        .into_iter()
        .map(|bytes| assert_reads("export", bytes, &[json]).digest)
        .collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
    assert_ne!(open("messages.json", b"{}").1.unwrap().digest, digests[0]);
    // As `xxh128sum` says of an empty file.
    assert_eq!(open("messages.json", b"").1.unwrap().digest, "99aa06d3014798d86001c324468d497f");
}

#[test]
fn parts_do_not_pass_for_parts_that_are_cut_elsewhere() {
    let digest = |parts: [&str; 2]| {
        let tar = tar_with(&[("1/messages.json", parts[0]), ("2/messages.json", parts[1])]);
        assert_reads("export", &tar, &parts).digest
    };
    assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
}

#[test]
fn an_archive_without_messages_is_refused_by_name() {
    let entries = [("endpoints.json", "{}"), ("old_messages.json", "{}")];
    for bytes in [tar_with(&entries), zip_with(&entries)] {
        let error = refusal("backup.bin", &bytes);
        assert!(error.contains("backup.bin contains no messages.json; expected"), "{error}");
    }
}

#[test]
fn an_archive_that_is_cut_off_is_refused_by_name() {
    let photo = "photo".repeat(1_000);
    let entries = [("media/1.jpg", photo.as_str()), ("messages.json", "{}")];
    let (tar, zip) = (tar_with(&entries), zip_with(&entries));
    let long = tar_with(&[("messages.json", photo.as_str())]);
    for cut in [&tar[..1_000], &gzip_of(&tar)[..40], &zip[..zip.len() - 30], &long[..2_000]] {
        let error = refusal("backup.bin", cut);
        assert!(error.starts_with("cannot read the export") && error.contains("backup.bin"), "{error}");
    }
}

#[test]
fn what_cannot_be_read_is_named_as_what_it_is() {
    for (bytes, kind) in [
        (&b"\xff\xfe{\0"[..], "a text in UTF-16"),
        (b"Rar!\x1a", "a RAR archive"),
        (b"7z\xbc\xaf\x27", "a 7z archive"),
        (b"SQLite format 3\0", "an SQLite database"),
    ] {
        let error = refusal("export.bin", bytes);
        assert!(error.contains(&format!("export.bin is {kind}")), "{error}");
    }
}

#[test]
fn a_missing_file_and_a_directory_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    for export in [directory.path().join("missing.json"), directory.path().into()] {
        let error = Export::open(&export, directory.path()).unwrap_err().to_string();
        assert!(error.contains(&export.display().to_string()), "{error}");
        assert!(error.contains("expected the messages.json"), "{error}");
    }
}

#[test]
fn what_was_unpacked_goes_with_the_export() {
    let (directory, export) = open("messages.json.gz", &gzip_of(b"{}"));
    let scratch = directory.path().join("scratch");
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 1);
    drop(export);
    assert_eq!(fs::read_dir(&scratch).unwrap().count(), 0);
}

#[test]
fn any_place_of_a_part_can_be_read_in_order() {
    let json = "0123456789".repeat(100_000);
    let (_directory, export) = open("messages.json", json.as_bytes());
    let export = export.unwrap();
    let mut window = export.parts[0].read_from(7).unwrap();
    for (offset, length) in [(7, 3), (10, 0), (262_140, 20), (300_000, 600_000), (999_999, 1)] {
        let expected = &json[usize::try_from(offset).unwrap()..][..length];
        assert_eq!(window.at(offset, length).unwrap(), Some(expected.as_bytes()));
    }
    assert_eq!(window.at(999_999, 2).unwrap(), None);
}
